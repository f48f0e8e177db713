"""Profiles: which published implementation each number equals. A report never mixes them.

Music facts, diversity and retrieval are linernotes' own and the same in every profile; only vocabulary, novelty
and average tokens are LP-MusicCaps' (Doh et al., 2023).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from linernotes.metrics import bert_score, measures, sentence_similarity
from linernotes.metrics.bert_score import Part
from linernotes.metrics.measures import Measure
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import Score
from linernotes.metrics.score_sheet import Resources, ScoreSheet
from linernotes.words.text_facts import ATTRIBUTES

EVALUATE = "Hugging Face evaluate"
PYCOCO = "pycocoevalcap 1.2"
AAC = "aac-metrics"
SONICVERSE = "SonicVerse's release"
OWN = "linernotes"
_MODEL = ("of the model", "of the model")  # tokens and case


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of a report: what it is and how it is taken."""

    key: str
    label: str
    measure: Measure
    implementation: str
    tokenizer: str
    casing: str
    top: float | None = 1.0
    """The end of its scale, which starts at 0; None: it counts and has none."""
    needs: str | None = None
    """The resource (an option of the command) without which it is not computed."""
    published_model: tuple[str, str] | None = None
    """A resource that is a model, and the one that published numbers were made with."""
    packages: tuple[str, ...] = ()
    """Distributions whose versions matter."""
    reads_references: bool = True
    higher_is_better: bool = True

    def title(self, resources: Resources) -> str:
        """The label, with the model without which the number means nothing."""
        if self.needs is None or not self.needs.endswith("_model"):
            return self.label
        layer = (
            f", layer {resources.bert_layer}" if self.needs == "bert_model" and resources.bert_layer else ""
        )
        return f"{self.label} ({Path(str(getattr(resources, self.needs))).name}{layer})"

    @property
    def models(self) -> frozenset[str]:
        """The resources that are models, and their settings, which it reads."""
        named = {self.needs, self.published_model[0] if self.published_model else None}
        found = {name for name in named if name is not None and name.endswith("_model")}
        return frozenset(found | ({"bert_layer"} if "bert_model" in found else set()))

    def made_by(self, resources: Resources) -> str:
        """The implementation, and whether the model is the one that published numbers were made with."""
        if self.published_model is None:
            return self.implementation
        resource, published = self.published_model
        given = Path(str(getattr(resources, resource)).partition("@")[0]).name
        other_layer = resource == "bert_model" and resources.bert_layer not in (
            None,
            bert_score.LAYERS[published],
        )
        if given != Path(published).name or other_layer:
            return f"{self.implementation}; published numbers are of {published}"
        return f"{self.implementation}; of the published model"

    def of(self, sheet: ScoreSheet) -> Score | float:
        """Its score.

        Raises:
            MissingMetricError: this machine or this call can't compute it; the message says why.
        """
        if self.needs and not getattr(sheet.resources, self.needs):
            raise MissingMetricError(f"it needs --{self.needs.replace('_', '-')}{self._advice()}")
        return sheet.once(f"metric {self.key}", partial(self.measure, sheet))

    def _advice(self) -> str:
        if self.published_model is None or self.published_model[0] != self.needs:
            return ""
        return f"; published numbers are of {self.published_model[1]}"


@dataclass(frozen=True, slots=True)
class Profile:
    """A published way to score captions."""

    name: str
    about: str
    metrics: tuple[Metric, ...]
    comparable: bool = True

    def metric(self, key: str) -> Metric:
        """The metric called `key`.

        Raises:
            ValueError: the profile has none of this name.
        """
        for metric in self.metrics:
            if metric.key == key:
                return metric
        keys = [metric.key for metric in self.metrics]
        others = [
            profile.name for profile in PROFILES.values() if key in {metric.key for metric in profile.metrics}
        ]
        where = f" ({' and '.join(others)} {'has' if len(others) == 1 else 'have'})" if others else ""
        raise ValueError(f"profile {self.name} has no metric {key!r}{where}; {_nearest(key, keys, 'it has')}")


def _nearest(name: str, known: Sequence[str], all_of: str) -> str:
    """The one that may have been meant, else all there are."""
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return f"did you mean {lower[near[0]]!r}?" if near else f"{all_of} {', '.join(known)}"


def _bleus(
    measure: Callable[[int], Measure], implementation: str, tokenizer: str, casing: str
) -> tuple[Metric, ...]:
    return tuple(
        Metric(f"bleu{order}", f"BLEU-{order}", measure(order), implementation, tokenizer, casing)
        for order in range(1, 5)
    )


def _bert(part: Part, label: str) -> Metric:
    return Metric(
        "bertscore",
        label,
        measures.bert_of(part),
        "bert_score: no idf, no rescaling",
        "of the model",
        "of the model",
        needs="bert_model",
        published_model=("bert_model", bert_score.PUBLISHED_MODEL),
        packages=("torch", "transformers"),
    )


_RETRIEVAL: tuple[tuple[str, str, Measure, float | None], ...] = (
    *((f"r{k}", f"R@{k}, text to text", measures.recall_at(k), 1.0) for k in (1, 5, 10)),
    ("median_rank", "median rank, text to text", measures.median_rank, None),
    ("map", "mAP, text to text", measures.mean_average_precision, 1.0),
)


def _own(*, as_released: bool) -> tuple[Metric, ...]:
    """Music facts, diversity and retrieval; `as_released` as LP-MusicCaps counted vocabulary."""
    implementation = "music facts by lexicon and grammar"
    read = [("facts_f1", "music facts F1"), ("facts_precision", "music facts precision")]
    read += [("facts_recall", "music facts recall")]
    read += [(f"facts_f1_{name}", f"{name.replace('_', ' ')} F1") for name in ATTRIBUTES]
    counted = [
        ("vocabulary", "vocabulary", "vocabulary", None),
        ("novel_v", "new words", "novel_v", 1.0),
        ("novel_c", "new captions", "novel_c", 1.0),
        ("distinct1", "distinct-1", "distinct_1", 1.0),
        ("distinct2", "distinct-2", "distinct_2", 1.0),
        ("self_bleu4", "self-BLEU-4 of a sample", "self_bleu", 1.0),
        ("average_tokens", "mean tokens", "tokens_mean", None),
        ("average_tokens_sd", "sd of tokens", "tokens_sd", None),
    ]
    lp = "LP-MusicCaps' release" if as_released else "LP-MusicCaps' definition"
    return (
        *(
            Metric(key, label, measures.facts(key), implementation, "linernotes", "lower")
            for key, label in read
        ),
        *(
            Metric(
                key,
                label,
                measures.figure(name, as_released=as_released),
                lp if key in _OF_LP else OWN,
                "white space",
                "kept" if key in ("novel_c", "self_bleu4") else "lower",
                top=top,
                reads_references=False,
            )
            for key, label, name, top in counted
        ),
        *(
            Metric(
                key,
                label,
                measure,
                f"{OWN}: own references among all, by cosine",
                *_MODEL,
                top=top,
                needs="sentence_model",
                packages=("torch", "sentence-transformers"),
                higher_is_better=key != "median_rank",
            )
            for key, label, measure, top in _RETRIEVAL
        ),
    )


_OF_LP = ("vocabulary", "novel_v", "novel_c", "average_tokens", "average_tokens_sd")

_LP = (
    *_bleus(measures.lp_bleu, f"{EVALUATE}: of the corpus, shortest reference", "mteval-13a", "kept"),
    Metric(
        "meteor",
        "METEOR",
        measures.words_meteor,
        f"{EVALUATE}: NLTK, alpha 0.9, beta 3, gamma 0.5",
        "word_tokenize",
        "lower",
        packages=("nltk",),
    ),
    Metric(
        "rougeL", "ROUGE-L", measures.lp_rouge, f"{EVALUATE}: rouge_score, F, no stemmer", "a-z 0-9", "lower"
    ),
    _bert("f1", "BERTScore F1"),
)

_COCO = (
    *_bleus(measures.coco_bleu, f"{PYCOCO}: of the corpus, closest reference", "PTB", "lower"),
    Metric("meteor", "METEOR 1.5", measures.jar_meteor, PYCOCO, "PTB", "lower", packages=("pycocoevalcap",)),
    Metric("rougeL", "ROUGE-L", measures.coco_rouge, f"{PYCOCO}: beta 1.2", "PTB", "lower"),
    Metric("cider", "CIDEr-D", measures.cider_of, PYCOCO, "PTB", "lower", top=10.0),
    Metric("spice", "SPICE", measures.spice_of, PYCOCO, "PTB", "lower", packages=("pycocoevalcap",)),
    Metric(
        "spider",
        "SPIDEr",
        measures.spider_of,
        "mean of CIDEr-D and SPICE",
        "PTB",
        "lower",
        top=5.5,
        packages=("pycocoevalcap",),
    ),
)

_SENTENCE_MODEL = ("sentence_model", sentence_similarity.PUBLISHED_MODEL)

_DCASE = (
    Metric(
        "sbert",
        "sentence similarity",
        measures.similarity,
        f"{AAC}: cosine, mean over references",
        *_MODEL,
        needs="sentence_model",
        published_model=_SENTENCE_MODEL,
        packages=("torch", "sentence-transformers"),
    ),
    Metric(
        "fer",
        "fluency error rate",
        measures.fluency_errors,
        "FENSE's detector",
        *_MODEL,
        needs="fluency_model",
        packages=("torch", "transformers"),
        reads_references=False,
        higher_is_better=False,
    ),
    Metric(
        "fense",
        "FENSE",
        measures.fense,
        f"{AAC}: sentence similarity, penalized for errors",
        *_MODEL,
        needs="fluency_model",
        published_model=_SENTENCE_MODEL,
        packages=("torch", "transformers", "sentence-transformers"),
    ),
    Metric(
        "spider_fl",
        "SPIDEr-FL",
        measures.spider_fl,
        "SPIDEr, penalized for errors",
        *_MODEL,
        top=5.5,
        needs="fluency_model",
        packages=("torch", "transformers", "pycocoevalcap"),
    ),
)

_SONICVERSE = (
    Metric(
        "bleu", "BLEU of characters", measures.character_bleu, f"{SONICVERSE}: mean of pairs", "none", "kept"
    ),
    Metric(
        "bleu4",
        "BLEU-4 of characters",
        measures.character_bleu4,
        f"{SONICVERSE}: 4-grams only, mean of pairs",
        "none",
        "kept",
    ),
    Metric(
        "meteor",
        "METEOR",
        measures.wordpunct_meteor,
        f"{SONICVERSE}: NLTK",
        "wordpunct",
        "lower",
        packages=("nltk",),
    ),
    Metric(
        "rougeL",
        "ROUGE-L recall",
        measures.recall_rouge,
        f"{SONICVERSE}: rouge_score, stemmer",
        "a-z 0-9",
        "lower",
        packages=("nltk",),
    ),
    _bert("recall", "BERTScore recall"),
)

PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "lp2023", "Hugging Face evaluate as LP-MusicCaps (2023) used it", (*_LP, *_own(as_released=True))
        ),
        Profile("coco", "pycocoevalcap 1.2, as image captioning counts", (*_COCO, *_own(as_released=False))),
        Profile(
            "dcase",
            "pycocoevalcap 1.2 and what aac-metrics adds, as audio captioning counts",
            (*_COCO, *_DCASE, *_own(as_released=False)),
        ),
        Profile(
            "sonicverse2025",
            "The evaluation released with SonicVerse (2025), bugs included: not comparable with any other profile",
            (*_SONICVERSE, *_own(as_released=False)),
            comparable=False,
        ),
    )
}


def load_profile(name: str) -> Profile:
    """The profile called `name`.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in PROFILES:
        raise ValueError(f"no profile called {name!r}; {_nearest(name, list(PROFILES), 'choose from')}")
    return PROFILES[name]
