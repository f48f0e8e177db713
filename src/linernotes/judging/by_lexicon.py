"""The same six questions without a language model: both texts read by `linernotes.words.text_facts`.

The rules are those of the prompt, as far as a lexicon can follow them: it knows names and synonyms, not what is
merely implied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from linernotes.caption_files import CaptionPairs
from linernotes.judging import Judged, Judgement, Verdict
from linernotes.words.agreement import says
from linernotes.words.text_facts import TextFact, read_facts

ENOUGH_INSTRUMENTS = 0.5
"""Share of the reference's instruments that the prediction must name."""

Facts = Sequence[TextFact]


def judge_by_lexicon(pairs: CaptionPairs, heard: Callable[[int], None] = lambda done: None) -> Judged:
    """Answer all questions on every pair; once, since it would answer the same again.

    `heard` is told how many pairs are done.
    """
    judgements: list[Judgement] = []
    for clip_id, candidate in pairs.candidates.items():
        judgements.append(Judgement(clip_id, 0, lexicon_verdicts(candidate, pairs.references[clip_id])))
        heard(len(judgements))
    return Judged(tuple(pairs.candidates), 1, tuple(judgements))


def lexicon_verdicts(candidate: str, references: Sequence[str]) -> dict[str, Verdict]:
    """The six answers on one clip."""
    said = read_facts(candidate).facts
    true = tuple(fact for text in references for fact in read_facts(text).facts)
    return {question: rule(said, true) for question, rule in _RULES.items()}


def _share_found(attribute: str, said: Facts, true: Facts) -> float | None:
    """Share of what the references state that the candidate says, or more; None where they state nothing."""
    wanted = {fact.value: fact for fact in _stated(attribute, true)}
    if not wanted:
        return None
    ours = _stated(attribute, said)
    found = sum(any(says(fact, other) for other in ours) for fact in wanted.values())
    return found / len(wanted)


def _stated(attribute: str, facts: Facts) -> list[TextFact]:
    return [fact for fact in facts if fact.attribute == attribute and not fact.is_denied]


def _needs(attribute: str, share: float) -> Callable[[Facts, Facts], Verdict]:
    def rule(said: Facts, true: Facts) -> Verdict:
        found = _share_found(attribute, said, true)
        if found is None:
            return "n/a"
        return "yes" if found > 0 and found >= share else "no"

    return rule


def _vocal_presence(said: Facts, true: Facts) -> Verdict:
    return "yes" if _has_voice(said) == _has_voice(true) else "no"


def _has_voice(facts: Facts) -> bool:
    """A text that mentions no voice counts as one of music without."""
    return bool(_stated("voice", facts) or _stated("singer_gender", facts))


def _vocal_gender(said: Facts, true: Facts) -> Verdict:
    """Same genders, all of them: "male and female" is neither of the two alone."""
    wanted = {fact.value for fact in _stated("singer_gender", true)}
    if not wanted:
        return "n/a"
    return "yes" if {fact.value for fact in _stated("singer_gender", said)} == wanted else "no"


_RULES: Mapping[str, Callable[[Facts, Facts], Verdict]] = {
    "key": _needs("key", 0.0),
    "instrument": _needs("instrument", ENOUGH_INSTRUMENTS),
    "genre": _needs("genre", 0.0),
    "mood": _needs("mood", 0.0),
    "vocal_presence": _vocal_presence,
    "vocal_gender": _vocal_gender,
}
