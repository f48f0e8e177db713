"""How each metric of a profile is taken from a score sheet; what two of them share is made once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from linernotes.metrics.bert_score import Part, bert_score
from linernotes.metrics.bleu import ONLY_4, UNIFORM, bleu_characters, bleu_coco_orders, bleu_orders
from linernotes.metrics.cider import cider_d, load_document_frequencies
from linernotes.metrics.diversity import Diversity, diversity
from linernotes.metrics.fense import fluency_error_rate, penalized
from linernotes.metrics.meteor import meteor
from linernotes.metrics.meteor_jar import meteor_jar_of
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.music_facts import facts_metrics
from linernotes.metrics.retrieval import Retrieval, retrieval_in
from linernotes.metrics.rouge_l import rouge_l, rouge_l_coco, rouge_l_recall
from linernotes.metrics.score import Score, mean_score
from linernotes.metrics.score_sheet import ScoreSheet
from linernotes.metrics.sentence_similarity import Embeddings, embed_captions, similarity_in
from linernotes.metrics.spice import spice
from linernotes.metrics.spider import spider
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
    """METEOR 1.5 on PTB tokens; one process for all sheets side by side."""
    return sheet.together(
        "meteor 1.5",
        lambda sheets: meteor_jar_of([one.ptb_candidates() for one in sheets], sheet.ptb_references()),
    )


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


def spice_of(sheet: ScoreSheet) -> Score:
    """SPICE on PTB tokens."""
    return sheet.once("spice", lambda: spice(sheet.ptb_candidates(), sheet.ptb_references()))


def spider_of(sheet: ScoreSheet) -> Score:
    """The mean of CIDEr-D and SPICE."""
    return sheet.once("spider", lambda: spider(cider_of(sheet), spice_of(sheet)))


def bert_of(part: Part) -> Measure:
    """BERTScore's `part` in the space of the model that was given."""

    def measure(sheet: ScoreSheet) -> Score:
        given = sheet.resources
        assert given.bert_model is not None
        return bert_score(
            sheet.candidates, sheet.references, model=given.bert_model, num_layers=given.bert_layer, part=part
        )

    return measure


def similarity(sheet: ScoreSheet) -> Score:
    """Cosine of sentence embeddings of the model that was given."""
    embeddings = _embeddings(sheet)
    return sheet.once("sbert", lambda: similarity_in(embeddings, sheet.candidates, sheet.references))


def _embeddings(sheet: ScoreSheet) -> Embeddings:
    """Of all texts of all sheets side by side: a shuffled caption need not be embedded again."""
    model = sheet.resources.sentence_model
    assert model is not None

    def embed(sheets: Sequence[ScoreSheet]) -> list[Embeddings]:
        found = embed_captions([one.candidates for one in sheets], sheet.references, model=model)
        return [found] * len(sheets)

    return sheet.together("embeddings", embed)


def recall_at(k: int) -> Measure:
    """Share of captions that find a reference of their own clip among the `k` most similar of all."""
    return lambda sheet: mean_score(
        tuple(sheet.candidates), [float(rank <= k) for rank in _retrieval(sheet).ranks]
    )


def median_rank(sheet: ScoreSheet) -> float:
    """Rank at which a caption finds the first reference of its own clip, median over clips."""
    return _retrieval(sheet).median_rank


def mean_average_precision(sheet: ScoreSheet) -> Score:
    """Mean average precision of finding the references of the caption's own clip."""
    return mean_score(tuple(sheet.candidates), _retrieval(sheet).average_precisions)


def _retrieval(sheet: ScoreSheet) -> Retrieval:
    embeddings = _embeddings(sheet)
    return sheet.once("retrieval", lambda: retrieval_in(embeddings, sheet.candidates, sheet.references))


def fluency_errors(sheet: ScoreSheet) -> Score:
    """Share of captions with an error, by the detector that was given."""
    folder = sheet.resources.fluency_model
    return sheet.once("fer", lambda: fluency_error_rate(sheet.candidates, folder=folder))


def fense(sheet: ScoreSheet) -> Score:
    """Sentence similarity, penalized for errors."""
    if not sheet.resources.sentence_model:
        raise MissingMetricError("it needs --sentence-model")
    return penalized(similarity(sheet), fluency_errors(sheet))


def spider_fl(sheet: ScoreSheet) -> Score:
    """SPIDEr, penalized for errors."""
    return penalized(spider_of(sheet), fluency_errors(sheet))


def facts(name: str) -> Measure:
    """Agreement of what candidate and references state about the music."""

    def measure(sheet: ScoreSheet) -> Score:
        scores = sheet.once("facts", lambda: facts_metrics(sheet.candidates, sheet.references))
        if name not in scores or not math.isfinite(scores[name].corpus):
            raise MissingMetricError("no prediction and no reference states it")
        return scores[name]

    return measure


def figure(name: str, *, as_released: bool = False) -> Measure:
    """One figure of the captions' diversity; `as_released` as LP-MusicCaps' release walks through them."""

    def measure(sheet: ScoreSheet) -> float:
        found: float | None = getattr(_diversity(sheet, as_released), name)
        if found is None:
            raise MissingMetricError(
                "one caption has no others to be like" if name == "self_bleu" else "it needs --train-captions"
            )
        return found

    return measure


def _diversity(sheet: ScoreSheet, as_released: bool) -> Diversity:
    known = sheet.resources.train_captions
    captions = list(sheet.candidates.values())
    return sheet.once(
        "diversity",
        lambda: diversity(captions, train_captions=known, as_released=as_released and known is not None),
    )
