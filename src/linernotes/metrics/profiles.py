"""Profiles: which published implementation each number equals. A report never mixes them.

Music facts and diversity are linernotes' own and the same in every profile; only vocabulary, novelty and average
tokens are LP-MusicCaps' (Doh et al., 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from linernotes.metrics import measures
from linernotes.metrics.measures import Measure
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import Score
from linernotes.metrics.score_sheet import ScoreSheet

EVALUATE = "Hugging Face evaluate"
PYCOCO = "pycocoevalcap 1.2"
SONICVERSE = "SonicVerse's release"
OWN = "linernotes"


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
    packages: tuple[str, ...] = ()
    """Distributions whose versions matter."""
    reads_references: bool = True
    higher_is_better: bool = True

    def of(self, sheet: ScoreSheet) -> Score | float:
        """Its score.

        Raises:
            MissingMetricError: this machine or this call can't compute it; the message says why.
        """
        if self.needs and not getattr(sheet.resources, self.needs):
            raise MissingMetricError(f"it needs --{self.needs.replace('_', '-')}")
        return sheet.once(f"metric {self.key}", partial(self.measure, sheet))


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
        keys = ", ".join(metric.key for metric in self.metrics)
        raise ValueError(f"profile {self.name} has no metric {key!r}; it has {keys}")


def _bleus(
    measure: Callable[[int], Measure], implementation: str, tokenizer: str, casing: str
) -> tuple[Metric, ...]:
    return tuple(
        Metric(f"bleu{order}", f"BLEU-{order}", measure(order), implementation, tokenizer, casing)
        for order in range(1, 5)
    )


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
)

_COCO = (
    *_bleus(measures.coco_bleu, f"{PYCOCO}: of the corpus, closest reference", "PTB", "lower"),
    Metric("meteor", "METEOR 1.5", measures.jar_meteor, PYCOCO, "PTB", "lower", packages=("pycocoevalcap",)),
    Metric("rougeL", "ROUGE-L", measures.coco_rouge, f"{PYCOCO}: beta 1.2", "PTB", "lower"),
    Metric("cider", "CIDEr-D", measures.cider_of, PYCOCO, "PTB", "lower", top=10.0),
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
)

PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("lp2023", "Hugging Face evaluate as LP-MusicCaps (2023) used it", _LP),
        Profile("coco", "pycocoevalcap 1.2, as image captioning counts", _COCO),
        Profile("dcase", "pycocoevalcap 1.2 and what aac-metrics adds, as audio captioning counts", _COCO),
        Profile(
            "sonicverse2025",
            "The evaluation released with SonicVerse (2025), bugs included: not comparable with any other profile",
            _SONICVERSE,
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
        raise ValueError(f"no profile called {name!r}; choose from {', '.join(PROFILES)}")
    return PROFILES[name]
