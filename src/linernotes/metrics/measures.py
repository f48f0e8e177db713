"""How each metric of a profile is taken from a score sheet; what two of them share is made once."""

from __future__ import annotations

from collections.abc import Callable

from linernotes.metrics.bleu import ONLY_4, UNIFORM, bleu_characters, bleu_coco_orders, bleu_orders
from linernotes.metrics.cider import cider_d, load_document_frequencies
from linernotes.metrics.meteor import meteor
from linernotes.metrics.meteor_jar import meteor_jar
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.rouge_l import rouge_l, rouge_l_coco, rouge_l_recall
from linernotes.metrics.score import Score
from linernotes.metrics.score_sheet import ScoreSheet
from linernotes.metrics.wordnet import load_wordnet

Measure = Callable[[ScoreSheet], Score | float]


def lp_bleu(order: int) -> Measure:
    """BLEU-`order` of `lp2023`."""
    return lambda sheet: sheet.once("bleu", lambda: bleu_orders(sheet.candidates, sheet.references))[
        order - 1
    ]


def coco_bleu(order: int) -> Measure:
    """BLEU-`order` of `coco`."""
    return lambda sheet: sheet.once("bleu", lambda: bleu_coco_orders(sheet.candidates, sheet.references))[
        order - 1
    ]


def character_bleu(sheet: ScoreSheet) -> Score:
    """What SonicVerse calls BLEU."""
    return bleu_characters(sheet.candidates, sheet.references, weights=UNIFORM)


def character_bleu4(sheet: ScoreSheet) -> Score:
    """What SonicVerse calls BLEU-4."""
    return bleu_characters(sheet.candidates, sheet.references, weights=ONLY_4)


def words_meteor(sheet: ScoreSheet) -> Score:
    """NLTK's METEOR on word_tokenize."""
    _need_wordnet()
    return meteor(sheet.candidates, sheet.references)


def wordpunct_meteor(sheet: ScoreSheet) -> Score:
    """NLTK's METEOR on wordpunct_tokenize."""
    _need_wordnet()
    return meteor(sheet.candidates, sheet.references, tokenizer="wordpunct")


def _need_wordnet() -> None:
    try:
        load_wordnet()
    except ValueError as error:
        raise MissingMetricError(str(error)) from error


def jar_meteor(sheet: ScoreSheet) -> Score:
    """METEOR 1.5 on PTB tokens."""
    return meteor_jar(*sheet.ptb())


def lp_rouge(sheet: ScoreSheet) -> Score:
    """ROUGE-L's F measure."""
    return rouge_l(sheet.candidates, sheet.references)


def coco_rouge(sheet: ScoreSheet) -> Score:
    """ROUGE-L with beta 1.2."""
    return rouge_l_coco(sheet.candidates, sheet.references)


def recall_rouge(sheet: ScoreSheet) -> Score:
    """ROUGE-L's recall of stems."""
    return rouge_l_recall(sheet.candidates, sheet.references)


def cider_of(sheet: ScoreSheet) -> Score:
    """CIDEr-D, with the document frequencies of these references or of a saved corpus."""
    path = sheet.resources.document_frequencies
    saved = load_document_frequencies(path) if path else None
    return sheet.once(
        "cider", lambda: cider_d(sheet.candidates, sheet.references, document_frequencies=saved)
    )
