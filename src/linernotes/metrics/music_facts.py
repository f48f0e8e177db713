"""Music facts of a candidate text against those of its references: precision, recall and F1 per attribute.

Both texts are read by `linernotes.words.text_facts`; no language model takes part. A candidate's statement is
right where a reference says the same or more (a violin is among the strings); a reference's statement is found
where the candidate says the same or more. Tempi agree within 4 % or as words of one tempo class, keys by their
pitch. F1 is the harmonic mean of the two shares, over all statements of all clips (micro). Where neither side
states anything there is no score (NaN): nobody was wrong about it, and nobody right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linernotes.metrics.score import Captions, References, Score, Statistics, paired
from linernotes.words.agreement import says
from linernotes.words.text_facts import ATTRIBUTES, TextFact, read_facts


@dataclass(frozen=True, slots=True)
class FactScore:
    """Scores of one attribute (or "all"); they hold four counts a clip, so that any resample is scored at once.

    `references_stating` and `candidates_stating` count the clips whose references, or candidate, say anything
    about the attribute: where that is few, the scores mean little.
    """

    attribute: str
    f1: Score
    precision: Score
    recall: Score
    references_stating: int
    candidates_stating: int


def music_facts(candidates: Captions, references: References) -> dict[str, FactScore]:
    """Scores of every attribute that a text states, and of "all" of them together; several references unite.

    Raises:
        ValueError: there are no clips, or an id stands on one side only.
    """
    pairs = paired(candidates, references)
    clip_ids = tuple(clip_id for clip_id, _, _ in pairs)
    counts = np.stack([_clip_counts(text, given) for _, text, given in pairs])  # (clips, attributes, 4)
    scores = {"all": _scores("all", clip_ids, counts.sum(axis=1))}
    for number, attribute in enumerate(ATTRIBUTES):
        if counts[:, number].any():
            scores[attribute] = _scores(attribute, clip_ids, counts[:, number])
    return scores


def facts_metrics(candidates: Captions, references: References) -> dict[str, Score]:
    """The same as metrics of a report: `facts_f1`, `facts_precision`, `facts_recall`, `facts_f1_key` and so on."""
    scores = music_facts(candidates, references)
    whole = scores.pop("all")
    named = {"facts_f1": whole.f1, "facts_precision": whole.precision, "facts_recall": whole.recall}
    return named | {f"facts_f1_{attribute}": score.f1 for attribute, score in scores.items()}


def _clip_counts(candidate: str, references: Sequence[str]) -> Statistics:
    """(attributes, 4): statements of the candidate that are right, all of them; of the references found, all."""
    claimed = read_facts(candidate).facts
    true = _united(references)
    counts = np.zeros((len(ATTRIBUTES), 4))
    for number, attribute in enumerate(ATTRIBUTES):
        ours = [fact for fact in claimed if fact.attribute == attribute]
        theirs = [fact for fact in true if fact.attribute == attribute]
        right = sum(any(says(fact, other) for other in theirs) for fact in ours)
        found = sum(any(says(fact, other) for other in ours) for fact in theirs)
        counts[number] = right, len(ours), found, len(theirs)
    return counts


def _united(texts: Sequence[str]) -> list[TextFact]:
    """What several texts say, each statement once."""
    united: Mapping[tuple[str, str, bool], TextFact] = {
        (fact.attribute, fact.value, fact.is_denied): fact
        for text in texts
        for fact in read_facts(text).facts
    }
    return list(united.values())


def _scores(attribute: str, clip_ids: tuple[str, ...], counts: Statistics) -> FactScore:
    return FactScore(
        attribute,
        Score(clip_ids, counts, _f1),
        Score(clip_ids, counts, _precision),
        Score(clip_ids, counts, _recall),
        int((counts[:, 3] > 0).sum()),
        int((counts[:, 1] > 0).sum()),
    )


def _share(part: Statistics, whole: Statistics) -> Statistics:
    """`part` of `whole`; 0 where there is nothing, since nothing said is nothing right."""
    share: Statistics = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return share


def _where_stated(sums: Statistics, value: Statistics) -> Statistics:
    """`value`, NaN where neither side states anything."""
    stated: Statistics = np.where(sums[..., 1] + sums[..., 3] > 0, value, np.nan)
    return stated


def _precision(sums: Statistics) -> Statistics:
    return _where_stated(sums, _share(sums[..., 0], sums[..., 1]))


def _recall(sums: Statistics) -> Statistics:
    return _where_stated(sums, _share(sums[..., 2], sums[..., 3]))


def _f1(sums: Statistics) -> Statistics:
    precision, recall = np.asarray(_precision(sums)), np.asarray(_recall(sums))
    return _where_stated(sums, _share(2 * precision * recall, precision + recall))
