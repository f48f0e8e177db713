"""What a trained model's captions of a test set are worth, beside what no model at all would reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linernotes.datasets.rendered.clips import families_in_text, families_of_tags
from linernotes.metrics.cider import cider_d
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.profiles import PROFILES
from linernotes.metrics.score import derange
from linernotes.metrics.score_sheet import Resources, ScoreSheet
from linernotes.models.vocabulary import UNK, words_of
from linernotes.training.examples import Example

TABLE_METRICS = ("bleu1", "bleu2", "bleu3", "bleu4", "meteor", "rougeL", "cider", "spice", "spider")
"""The columns of Tables I and II, as profile `coco` computes them."""
STYLE_METRICS = ("bleu4", "meteor", "rougeL", "cider", "spice", "spider", "sbert")
"""The columns of S2Cap's tables: the same of profile `coco`, and Sentence-BERT's similarity."""
CONSTANT_CANDIDATES = 60
REPEATED_NGRAMS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores of captions written for test clips; metrics that this machine can't compute are absent."""

    clips: int
    scores: Mapping[str, float]
    shuffled_cider: float
    families_f1: float | None
    """Micro-F1 of instrument families against the clips' tags; None where clips have none."""
    unknown_words: int
    repetitions: int
    """Words, pairs or triples that follow themselves at once, as in "drums and drums and"."""
    distinct_captions: int


@dataclass(frozen=True, slots=True)
class Constant:
    """The most that saying the same of every clip can reach on these very clips."""

    caption: str
    cider: float
    families: tuple[str, ...]
    families_f1: float | None


def measure_captions(
    captions: Mapping[str, str],
    examples: Sequence[Example],
    metrics: Sequence[str] = TABLE_METRICS,
    advance: Callable[[float], None] = lambda done: None,
    sentence_model: str | None = None,
) -> Measured:
    """Score captions by clip id against all captions and the family tags of their clips.

    `sentence_model` is a folder or name, without which `sbert` is not computed.
    """
    references = {example.clip_id: example.captions for example in examples}
    said = {clip_id: families_in_text(text) for clip_id, text in captions.items()}
    sheet = ScoreSheet(captions, references, Resources(sentence_model=sentence_model))
    scores: dict[str, float] = {}
    for number, name in enumerate(metrics, 1):
        try:
            if name == "sbert" and not sentence_model:
                continue
            value = PROFILES["dcase" if name == "sbert" else "coco"].metric(name).of(sheet)
        except MissingMetricError:
            continue
        finally:
            advance(number)
        scores[name] = value if isinstance(value, float) else value.corpus
    return Measured(
        clips=len(captions),
        scores=scores,
        shuffled_cider=cider_d(derange(captions), references).corpus,
        families_f1=_families_f1(said, examples),
        unknown_words=sum(words_of(text).count(UNK) for text in captions.values()),
        repetitions=sum(count_repetitions(words_of(text)) for text in captions.values()),
        distinct_captions=len(set(captions.values())),
    )


def best_constant(train: Sequence[Example], test: Sequence[Example], seed: int = 0) -> Constant:
    """The best of some training captions said of every test clip, and the best set of families.

    Both are chosen on the test clips themselves, which is more than a real constant could know.
    """
    pool = sorted({caption for example in train for caption in example.captions})
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(pool), size=min(CONSTANT_CANDIDATES, len(pool)), replace=False)
    references = {example.clip_id: example.captions for example in test}
    scores = {
        pool[int(at)]: cider_d(dict.fromkeys(references, pool[int(at)]), references).corpus for at in chosen
    }
    caption = max(scores, key=lambda text: scores[text])
    families, f1 = _best_families(test)
    return Constant(caption, scores[caption], families, f1)


def count_repetitions(words: Sequence[str]) -> int:
    """How often a run of one, two or three words is followed by itself; marks do not count as words."""
    spoken = [word for word in words if any(letter.isalnum() for letter in word)]
    return sum(
        spoken[at : at + n] == spoken[at + n : at + 2 * n]
        for n in REPEATED_NGRAMS
        for at in range(len(spoken) - 2 * n + 1)
    )


def _families_f1(said: Mapping[str, frozenset[str]], examples: Sequence[Example]) -> float | None:
    true = {example.clip_id: families_of_tags(example.tags) for example in examples}
    if not any(true.values()):
        return None
    hits = sum(len(said[clip_id] & families) for clip_id, families in true.items())
    counted = sum(len(said[clip_id]) + len(families) for clip_id, families in true.items())
    return 2 * hits / counted if counted else 0.0


def _best_families(examples: Sequence[Example]) -> tuple[tuple[str, ...], float | None]:
    """Families added in the order of their frequency as long as the F1 of saying them everywhere grows."""
    true = [families_of_tags(example.tags) for example in examples]
    names = sorted({name for families in true for name in families})
    names.sort(key=lambda name: -sum(name in families for families in true))
    best: tuple[tuple[str, ...], float | None] = ((), None)
    for count in range(1, len(names) + 1):
        said = dict.fromkeys((example.clip_id for example in examples), frozenset(names[:count]))
        f1 = _families_f1(said, examples)
        if f1 is not None and (best[1] is None or f1 > best[1]):
            best = (tuple(names[:count]), f1)
    return best
