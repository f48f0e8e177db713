"""What measured facts say to one statement of a text: a verdict, its reason and the fact behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from linernotes.clip import Fact
from linernotes.words.agreement import key_is
from linernotes.words.grammar import load_reading_lexicon
from linernotes.words.licence import SUPPORT_FROM, make_licence
from linernotes.words.text_chords import Chord, loops_agree, parse_chord, parse_loop
from linernotes.words.text_facts import TextFact
from linernotes.words.text_keys import Key, parse_key
from linernotes.words.text_tempo import Tempo, parse_tempo

VERDICTS = ("supported", "contradicted", "unverifiable")
CONTRADICT_FROM = 0.7
"""A fact must be this probable before it is held against a text; `SUPPORT_FROM` is enough to support one."""
_OCTAVES: Mapping[float, str] = {2.0: "twice", 0.5: "half", 3.0: "three times", 1 / 3: "a third of"}
_SAME_BARS = ({"2/4", "4/4", "2/2"}, {"6/8", "12/8", "3/8"})
"""Metres whose bars are told apart on paper rather than by ear."""
_TELLING: Mapping[str, tuple[str, ...]] = {"mood": ("brightness",)}
"""Measures that license words of an attribute: a spectral centroid lets a sound be called dark or bright."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is one of `VERDICTS`; `fact_id` is "" where no fact speaks to the statement."""

    kind: str
    reason: str
    fact_id: str = ""


def judge(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    """What `facts` say to a statement."""
    usable = [fact for fact in facts if fact.confidence >= SUPPORT_FROM]
    verdict = _JUDGES[claim.attribute](claim, usable)
    return _turned(verdict) if claim.is_denied and claim.attribute in _TURNED else verdict


def _turned(verdict: Verdict) -> Verdict:
    """The verdict on a denial, from that on what it denies."""
    kinds = {"supported": "contradicted", "contradicted": "supported"}
    return Verdict(kinds.get(verdict.kind, verdict.kind), verdict.reason, verdict.fact_id)


def _by_value(
    name: str, facts: Iterable[Fact], holds: Callable[[Fact], bool], note: Callable[[Fact], str]
) -> Verdict:
    """Supported by a fact called `name` that `holds`, contradicted by a sure one that does not; with its note."""
    found = sorted((fact for fact in facts if fact.name == name), key=lambda fact: -fact.confidence)
    for fact in found:
        if holds(fact):
            return Verdict("supported", f"{_shown(fact)} was measured", fact.id)
    if not found:
        return Verdict("unverifiable", f"no {name.replace('_', ' ')} was measured")
    remark = note(found[0])
    reason = f"{_shown(found[0])} was measured{f' ({remark})' if remark else ''}"
    if found[0].confidence < CONTRADICT_FROM or found[0].value == "unsure":
        return Verdict("unverifiable", f"{reason}, but not surely", found[0].id)
    return Verdict("contradicted", reason, found[0].id)


def _shown(fact: Fact) -> str:
    value = f"{fact.value:g}" if isinstance(fact.value, float) else str(fact.value)
    return f"{fact.name.replace('_', ' ')} {value}{f' {fact.unit}' if fact.unit else ''}"


def _tempo(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    said = parse_tempo(claim.value)
    varying = next((fact for fact in facts if (fact.name, fact.value) == ("tempo_change", "varying")), None)
    verdict = _by_value(
        "tempo",
        facts,
        lambda fact: said.may_be(float(fact.value)),
        lambda fact: _octave(said, float(fact.value)),
    )
    if verdict.kind == "contradicted" and varying is not None:
        return Verdict("unverifiable", f"{verdict.reason}, but the tempo varies", varying.id)
    return verdict


def _octave(said: Tempo, bpm: float) -> str:
    """That the text counts every other beat, or twice as many, where it does."""
    for factor, name in _OCTAVES.items():
        if said.may_be(bpm * factor):
            if said.low_bpm is None:
                return f"counted at {name} that tempo, {bpm * factor:g} BPM, it would be {said.classes[0]}"
            return f"the text gives {name} that tempo: the same pulse, counted otherwise"
    return ""


def _key(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    said = parse_key(claim.value)
    if said.mode not in ("", "major", "minor"):
        return Verdict("unverifiable", f"keys are measured as major or minor, not {said.mode}")
    return _by_value(
        "key",
        facts,
        lambda fact: key_is(parse_key(str(fact.value)), said),
        lambda fact: _key_relation(said, parse_key(str(fact.value))),
    )


def _key_relation(said: Key, measured: Key) -> str:
    """How a wrong key is related to the right one, by the classes of MIREX's key score."""
    if said.tonic is None or measured.tonic is None or not said.mode:
        return ""
    up = (said.tonic - measured.tonic) % 12
    if said.mode == measured.mode and up in (5, 7):
        return "a fifth away from the text's"
    if said.mode != measured.mode and up == 0:
        return "parallel to the text's"
    if (measured.mode, said.mode, up) in (("major", "minor", 9), ("minor", "major", 3)):
        return "relative to the text's: the same notes"
    return ""


def _metre(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    verdict = _by_value("metre", facts, lambda fact: fact.value == claim.value, lambda fact: "")
    measured = {str(fact.value) for fact in facts if fact.name == "metre"}
    if verdict.kind == "contradicted" and any(measured | {claim.value} <= family for family in _SAME_BARS):
        return Verdict(
            "unverifiable", f"{verdict.reason}, which sounds as {claim.value} does", verdict.fact_id
        )
    return verdict


def _term(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    """Instruments, genres, moods: what was measured supports; what was not found may be there all the same."""
    lexicon = load_reading_lexicon()
    word = claim.attribute
    for fact in facts:
        if (
            fact.name in (word, *_TELLING.get(word, ()))
            and claim.value in make_licence([fact], lexicon).stated
        ):
            if claim.is_denied and fact.confidence < CONTRADICT_FROM:
                return Verdict("unverifiable", f"{_shown(fact)} was measured, but not surely", fact.id)
            kind = "contradicted" if claim.is_denied else "supported"
            return Verdict(kind, f"{_shown(fact)} was measured", fact.id)
    wider = lexicon.licensed(claim.value)
    near = next((fact for fact in facts if fact.name == word and str(fact.value) in wider), None)
    if near is not None and not claim.is_denied:
        return Verdict("unverifiable", f"{_shown(near)} was measured, which may be this {word}", near.id)
    return Verdict("unverifiable", f"no such {word} was measured, which does not prove that there is none")


def _voice(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    if claim.value == "spoken":
        talk = next((fact for fact in facts if (fact.name, fact.value) == ("content", "speech")), None)
        if talk is not None:
            return Verdict("supported", f"{_shown(talk)} was measured", talk.id)
    choir = next((fact for fact in facts if (fact.name, fact.value) == ("instrument", "choir")), None)
    if claim.value == "sung" and choir is not None:
        return Verdict("supported", f"{_shown(choir)} was measured", choir.id)
    sung = next((fact for fact in facts if (fact.name, fact.value) == ("voice", "sung")), None)
    if claim.value == "spoken" and sung is not None:
        return Verdict("unverifiable", f"{_shown(sung)} was measured; it may speak elsewhere", sung.id)
    return _by_value("voice", facts, lambda fact: fact.value == claim.value, lambda fact: "")


def _gender(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    silent = next((fact for fact in facts if (fact.name, fact.value) == ("voice", "instrumental")), None)
    if silent is not None and silent.confidence >= CONTRADICT_FROM:
        return Verdict("contradicted", f"{_shown(silent)} was measured: nobody sings", silent.id)
    return _by_value(
        "singer_gender", facts, lambda fact: fact.value in (claim.value, "mixed"), lambda fact: ""
    )


def _measured_chords(facts: Iterable[Fact]) -> list[tuple[Fact, Chord]]:
    return [
        (fact, parse_chord(str(fact.value))) for fact in facts if fact.name == "chord" and fact.value != "N"
    ]


def _chord(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    said, measured = parse_chord(claim.value), _measured_chords(facts)
    for fact, chord in measured:
        if said.agrees(chord):
            return Verdict("supported", f"{_shown(fact)} was measured at {fact.start_s:.1f} s", fact.id)
    if not measured:
        return Verdict("unverifiable", "no chords were measured")
    return Verdict("unverifiable", f"{claim.value} is not among the chords measured, which miss passing ones")


def _chord_loop(claim: TextFact, facts: Sequence[Fact]) -> Verdict:
    said, measured = parse_loop(claim.value), _measured_chords(facts)
    verdict = _by_value(
        "chord_loop", facts, lambda fact: loops_agree(str(fact.value), claim.value), lambda fact: ""
    )
    if verdict.kind == "supported":
        return verdict
    for start in range(len(measured) - len(said) + 1):
        stretch = measured[start : start + len(said)]
        if all(ours.agrees(theirs) for ours, (_, theirs) in zip(said, stretch, strict=True)):
            return Verdict(
                "supported",
                f"these chords were measured from {stretch[0][0].start_s:.1f} s",
                stretch[0][0].id,
            )
    return verdict


_JUDGES: Mapping[str, Callable[[TextFact, Sequence[Fact]], Verdict]] = {
    "key": _key,
    "tempo": _tempo,
    "metre": _metre,
    "instrument": _term,
    "genre": _term,
    "mood": _term,
    "voice": _voice,
    "singer_gender": _gender,
    "chord": _chord,
    "chord_loop": _chord_loop,
}
_TURNED = frozenset(_JUDGES) - {"instrument", "genre", "mood"}
"""Attributes whose judge looks at the value alone: a denial turns its verdict over."""
