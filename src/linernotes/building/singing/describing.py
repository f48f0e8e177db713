"""How somebody sings in one file: a caption, the ten attributes with confidence, and where singing was heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from linernotes import audio
from linernotes.building.annotate.hearing import Group, Span, excerpts
from linernotes.building.singing import ATTRIBUTES, UNSURE, Attribute, unsure
from linernotes.building.singing.asking import Listener, Told
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.demixing import Demixer, voice_of
from linernotes.building.singing.hearing import Turn, facts_of, frames_of, sung_parts, turns_by_gender
from linernotes.building.singing.measuring import heard_of, measure, reclassified
from linernotes.building.singing.polishing import Polish
from linernotes.building.singing.segments import SHORTEST_S, segments_of
from linernotes.building.singing.singer import contradict, hear_singer
from linernotes.building.singing.wording import CaptionWriter
from linernotes.clip import Fact
from linernotes.features.estimate import make_listeners
from linernotes.features.listen import listen
from linernotes.features.voice.voice import estimate_voice

MOST_SEGMENTS = 4
"""Of a long song this many segments, the longest, are taken apart; more would tell hardly more."""
NOT_SUNG = "No singing was heard."
NOT_SURE = "It is not certain that anybody sings."
TOO_SHORT = (
    f"Somebody sings, but no part of {SHORTEST_S:.0f} s by one singer was heard: too little to describe."
)


@dataclass(frozen=True, slots=True)
class SungSegment:
    """A measured segment; times in seconds of the file. `style` is a listener's sentence, if one was asked."""

    start_s: float
    end_s: float
    singer: str
    attributes: Mapping[str, Attribute]
    style: str = ""


@dataclass(frozen=True, slots=True)
class SingingNotes:
    """What is said of the singing in a file; `voice` is sung, spoken, instrumental or unsure."""

    audio_path: str
    duration_s: float
    voice: str
    voice_confidence: float
    caption: str
    attributes: Mapping[str, Attribute]
    segments: tuple[SungSegment, ...]
    sung_s: float
    singers: int
    made_by: Mapping[str, str]
    warnings: tuple[str, ...]


def describe(
    path: Path,
    *,
    demixer: Demixer,
    writer: CaptionWriter,
    polish: Polish,
    listener: Listener | None = None,
    thresholds: Thresholds | None = None,
    known: Mapping[str, Attribute] | None = None,
    heard: Callable[[float], None] = lambda seconds: None,
) -> SingingNotes:
    """Listen to a file once, take its longest sung segments apart, and say what they have in common.

    `heard` is told how many seconds have been listened to.

    Raises:
        AudioError: the file can't be used.
        LanguageModelError: the listener or the writer is a model that can't be asked.
        RenderError: pyworld is not installed.
    """
    borders = thresholds or Thresholds()
    warnings: list[str] = []
    rates = sorted({listener.sample_rate for listener in make_listeners()})
    frames = listen(audio.stream(path, rates, warn=warnings.append), make_listeners(), heard=heard)
    voice = next(iter(estimate_voice(frames)), None)
    value, sure = (str(voice.value), voice.confidence) if voice else (UNSURE, 1.0)
    turns = turns_by_gender(frames, sung_parts(frames)) if value in ("sung", UNSURE) else []
    segments = segments_of(turns)
    chosen = sorted(
        sorted(segments, key=lambda one: -one.duration_s)[:MOST_SEGMENTS], key=lambda one: one.start_s
    )
    measured = tuple(_measured(path, chosen, demixer, borders, known, listener, warnings))
    attributes = together(measured, facts_of(frames), borders, known)
    sentence = ""
    if measured:
        longest = max(measured, key=lambda one: one.end_s - one.start_s)
        sentence = polish(writer(attributes, path.name, longest.style).text).text
    return SingingNotes(
        audio_path=str(path),
        duration_s=round(frames.duration_s, 3),
        voice=value,
        voice_confidence=round(sure, 3),
        caption=caption_of(value, sentence, is_sung=bool(turns)),
        attributes=attributes,
        segments=measured,
        sung_s=round(sum(turn.duration_s for turn in turns), 2),
        singers=len({turn.singer for turn in turns if turn.duration_s >= SHORTEST_S}),
        made_by={
            "vocals": demixer.name,
            **({"listener": listener.name} if listener else {}),
            "caption": writer.name,
            "polish": polish.name,
            "classes": borders.made_by,
        },
        warnings=tuple(warnings),
    )


def caption_of(voice: str, sentence: str, *, is_sung: bool) -> str:
    """What is said of a file that is sung, spoken, instrumental or unsure.

    `sentence` tells of segments, `is_sung` whether any part was heard as sung: in silence none is.
    """
    if sentence:
        return f"{NOT_SURE} If so: {sentence}" if voice == UNSURE else sentence
    if voice == UNSURE and not is_sung:
        return NOT_SUNG
    return {"sung": TOO_SHORT, UNSURE: NOT_SURE}.get(voice, NOT_SUNG)


def _measured(
    path: Path,
    chosen: list[Turn],
    demixer: Demixer,
    thresholds: Thresholds,
    known: Mapping[str, Attribute] | None,
    listener: Listener | None,
    warnings: list[str],
) -> list[SungSegment]:
    if not chosen:
        return []
    spans = tuple(Span(str(index), "", turn.start_s, turn.end_s, ()) for index, turn in enumerate(chosen))
    found: list[SungSegment] = []
    for excerpt in excerpts(Group(path, spans)):
        turn = chosen[int(excerpt.span.clip_id)]
        mix, vocals = excerpt.audio, voice_of(demixer, excerpt.audio)
        told = listener(mix, vocals) if listener else Told({})
        frames = frames_of(mix)
        attributes = measure(
            facts_of(frames),
            vocals,
            hear_singer(frames, mix, vocals),
            made_by=demixer.name,
            thresholds=thresholds,
            known=known,
            told=told.attributes,
        )
        warnings += [f"no answer of use on {turn.start_s:.0f} s: {fault}" for fault in told.faults]
        found.append(SungSegment(turn.start_s, turn.end_s, turn.singer, attributes, told.style))
    return sorted(found, key=lambda one: one.start_s)


def together(
    segments: tuple[SungSegment, ...],
    whole: Sequence[Fact],
    thresholds: Thresholds,
    known: Mapping[str, Attribute] | None = None,
) -> dict[str, Attribute]:
    """What most of the sung time says, attribute by attribute; less sure the more the segments differ.

    Gender, mood and tempo that a segment leaves open are taken from the facts of the whole recording, which hear
    more of it; the class of a pitch follows the gender. Where the same listeners hear a man in the whole recording
    and a woman in its segments, or the other way round, the gender is unsure.
    """
    if not segments:
        return {name: (known or {}).get(name) or unsure(name) for name in ATTRIBUTES}
    heard = heard_of(whole, thresholds)
    filled = []
    for one in segments:
        attributes = dict(one.attributes)
        attributes |= {name: each for name, each in heard.items() if not attributes[name].is_known}
        filled.append(replace(one, attributes=reclassified(attributes, thresholds)))
    found = {name: _majority(name, filled) for name in ATTRIBUTES}
    gender = found["singer_gender"].value
    # Of the segments of that gender, else a man's medium and a woman's would be averaged.
    theirs = [one for one in filled if one.attributes["singer_gender"].value == gender]
    found["pitch"] = _majority("pitch", theirs or filled)
    if contradict(found["singer_gender"], heard["singer_gender"]):
        found["singer_gender"] = unsure("singer_gender", source=found["singer_gender"].source)
        found = reclassified(found, thresholds)
    return found | {name: each for name, each in (known or {}).items() if each.is_known}


def _majority(name: str, segments: Sequence[SungSegment]) -> Attribute:
    told = [(one.attributes[name], one.end_s - one.start_s) for one in segments]
    spoken = [(attribute, weight) for attribute, weight in told if attribute.is_known]
    if not spoken:
        return told[0][0] if told else unsure(name)
    votes: dict[str, float] = {}
    for attribute, weight in spoken:
        votes[attribute.value] = votes.get(attribute.value, 0.0) + weight * attribute.confidence
    value = max(votes, key=votes.__getitem__)
    total_s = sum(weight for _, weight in told)
    chosen = [(attribute, weight) for attribute, weight in spoken if attribute.value == value]
    sure = sum(attribute.confidence * weight for attribute, weight in chosen) / total_s
    numbers = [(each.number, weight) for each, weight in chosen if each.number is not None]
    number = sum(each * weight for each, weight in numbers) / sum(w for _, w in numbers) if numbers else None
    first = chosen[0][0]
    if sure < 1 / 3:
        return unsure(name, round(1 - sure, 3), first.source)
    return Attribute(
        name, value, round(sure, 3), first.source, None if number is None else round(number, 2), first.unit
    )
