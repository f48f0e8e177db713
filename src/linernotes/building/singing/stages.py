"""The stages of the data set pipeline that work item by item: filter, demix, diarise, segment, attributes, prompt,
postprocess. (The last one, split, needs all items at once: `splitting`.)

A stage is a function of one clip with a name and an identity: who does the work, with which settings. Every clip
that leaves it says so in `extra.made_by`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

import soundfile

from linernotes import audio
from linernotes.audio import Audio, probe
from linernotes.building.annotate.hearing import Group, Span, excerpts
from linernotes.building.pseudo_captions.names import ArtistIndex, Names, leaked_name, names_of
from linernotes.building.singing import Attribute, missing_of, unsure
from linernotes.building.singing.asking import Listener, Told
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.demixing import VOICE_RATE, Demixer
from linernotes.building.singing.diarising import Diariser
from linernotes.building.singing.hearing import Turn, facts_of, frames_of, sung_parts, voice_frames
from linernotes.building.singing.measuring import (
    MEASURED_BY,
    from_metadata,
    measure,
    mood_by_convention,
    reclassified,
)
from linernotes.building.singing.polishing import Polish
from linernotes.building.singing.records import Excluded, Outcome
from linernotes.building.singing.segments import segments_of
from linernotes.building.singing.singer import contradict, gender_over, hear_singer
from linernotes.building.singing.wording import CaptionWriter, faults_of
from linernotes.clip import Clip
from linernotes.features.frames import Frames
from linernotes.features.voice.voice import estimate_voice
from linernotes.manifest import audio_file, whole_file

ITEM_STAGES = ("filter", "demix", "diarise", "segment", "attributes", "prompt", "postprocess")
STAGES = (*ITEM_STAGES, "split")
DURATION_TOLERANCE = 0.1
"""Share by which a file may differ from the duration in its metadata; more is another recording."""
BORN_FROM = 1970
NO_PART = "no sung part"


class Stage(Protocol):
    """One step of the pipeline."""

    @property
    def name(self) -> str:
        """One of `ITEM_STAGES`."""
        ...

    @property
    def identity(self) -> str:
        """Who does the work, with which settings; another identity does it anew."""
        ...

    def __call__(self, clip: Clip) -> Outcome:
        """What becomes of one item.

        Raises:
            ValueError or OSError: the item can't be worked on; it is excluded as failed.
        """
        ...


def made_by(clip: Clip, stage: Stage, **more: Any) -> Clip:
    """The clip with more in `extra`, and the stage's identity in `extra.made_by`."""
    told = {**clip.extra.get("made_by", {}), stage.name: stage.identity}
    return replace(clip, extra={**clip.extra, **more, "made_by": told})


def out(clip: Clip, stage: str, reason: str, detail: str = "") -> Outcome:
    """The clip goes no further."""
    return Outcome(excluded=(Excluded(clip.clip_id, stage, reason, detail),))


@dataclass(frozen=True, slots=True)
class Filter:
    """Tracks with audio and the metadata that is asked for, by singers born late enough or at an unknown time."""

    root: Path
    need: tuple[str, ...] = ()
    born_from: int = BORN_FROM
    name: str = "filter"

    @property
    def identity(self) -> str:
        return f"filter 1 need={','.join(self.need)} born_from={self.born_from}"

    def __call__(self, clip: Clip) -> Outcome:
        lacking = [field for field in self.need if not (clip.extra.get(field) or getattr(clip, field, ""))]
        if lacking:
            return out(clip, self.name, "metadata missing", ", ".join(lacking))
        born = str(clip.extra.get("birth_year") or "")[:4]
        if born.isdigit() and int(born) < self.born_from:
            return out(clip, self.name, f"singer born before {self.born_from}", born)
        path = audio_file(clip.audio_path, self.root)
        if not path.is_file():
            return out(clip, self.name, "audio missing", clip.audio_path)
        try:
            duration_s = probe(path).duration_s
        except ValueError as error:
            return out(clip, self.name, "audio unusable", " ".join(str(error).split()))
        told = clip.extra.get("duration_s")
        if isinstance(told, int | float) and abs(duration_s - told) > DURATION_TOLERANCE * max(told, 1e-3):
            return out(clip, self.name, "metadata mismatched", f"{duration_s:.1f} s, not {told:g} s")
        return Outcome((made_by(clip, self, track_id=clip.clip_id),))


def _heard(clip: Clip, root: Path) -> Audio:
    """The whole track of a clip."""
    spans = (Span(clip.clip_id, "", clip.start_s, clip.end_s, ()),)
    return next(iter(excerpts(Group(audio_file(clip.audio_path, root), spans)))).audio


@dataclass(frozen=True, slots=True)
class Demix:
    """The voice of a whole track, into `vocals/` of the folder."""

    root: Path
    folder: Path
    demixer: Demixer
    name: str = "demix"

    @property
    def identity(self) -> str:
        return self.demixer.name

    def __call__(self, clip: Clip) -> Outcome:
        vocals = self.demixer(_heard(clip, self.root))
        path = f"tracks/{file_name(clip.clip_id)}.vocals.flac"
        write_flac(self.folder / path, vocals)
        return Outcome((made_by(clip, self, track_vocals=path),))


@dataclass(frozen=True, slots=True)
class Diarise:
    """Who sings when; tracks in which nobody is heard to sing go no further."""

    root: Path
    folder: Path
    diariser: Diariser
    name: str = "diarise"

    @property
    def identity(self) -> str:
        return f"{self.diariser.name}, gender of each 1"

    def __call__(self, clip: Clip) -> Outcome:
        frames = voice_frames(_heard(clip, self.root))
        voice = next(iter(estimate_voice(frames)), None)
        value = str(voice.value) if voice else "unsure"
        if value == "unsure":
            return out(clip, self.name, "not certain that it is sung" if sung_parts(frames) else NO_PART)
        if value != "sung":
            return out(clip, self.name, f"nobody sings ({value})")
        turns = self.diariser(frames, audio.decode(self.folder / clip.extra["track_vocals"], 16_000))
        if not turns:
            return out(clip, self.name, NO_PART)
        plain = [[turn.start_s, turn.end_s, turn.singer] for turn in turns]
        return Outcome((made_by(clip, self, turns=plain, singers=self._singers(frames, turns)),))

    def _singers(self, frames: Frames, turns: Sequence[Turn]) -> dict[str, Any]:
        """What is heard of every singer in all turns together, which is more than one segment tells."""
        names = dict.fromkeys(turn.singer for turn in turns)
        return plain_of(
            {name: gender_over(frames, [one for one in turns if one.singer == name]) for name in names}
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """Pieces of 5 to 30 s, one singer each, cut out of mix and voice alike, into `audio/` and `vocals/`."""

    root: Path
    folder: Path
    name: str = "segment"
    identity: str = "segments of 5 to 30 s"

    def __call__(self, clip: Clip) -> Outcome:
        turns = [Turn(float(a), float(b), str(who)) for a, b, who in clip.extra["turns"]]
        pieces = segments_of(turns)
        if not pieces:
            return out(clip, self.name, "no sung part of 5 s by one singer")
        vocals = audio.decode(self.folder / clip.extra["track_vocals"], 16_000)
        spans = tuple(
            Span(f"{index:03d}", "", clip.start_s + piece.start_s, clip.start_s + piece.end_s, ())
            for index, piece in enumerate(pieces)
        )
        made = [
            self._cut(clip, excerpt.span.clip_id, pieces[int(excerpt.span.clip_id)], excerpt.audio, vocals)
            for excerpt in excerpts(Group(audio_file(clip.audio_path, self.root), spans))
        ]
        return Outcome(tuple(sorted(made, key=lambda one: one.clip_id)))

    def _cut(self, clip: Clip, number: str, piece: Turn, mix: Audio, vocals: Audio) -> Clip:
        first, last = round(piece.start_s * vocals.sample_rate), round(piece.end_s * vocals.sample_rate)
        name = f"{clip.clip_id}-{number}"
        paths = {kind: f"{kind}/{file_name(name)}.flac" for kind in ("audio", "vocals")}
        write_flac(self.folder / paths["audio"], mix)
        write_flac(self.folder / paths["vocals"], Audio(vocals.waveform[first:last], vocals.sample_rate))
        spent = ("turns", "singers", "track_vocals")
        extra = {key: value for key, value in clip.extra.items() if key not in spent}
        cut = replace(
            clip,
            clip_id=name,
            audio_path=paths["audio"],
            start_s=0.0,
            end_s=round(mix.duration_s, 3),
            captions=(),
            facts=(),
            extra=extra,
        )
        return made_by(
            cut,
            self,
            vocals_path=paths["vocals"],
            singer=piece.singer,
            singer_heard=clip.extra.get("singers", {}).get(piece.singer),
            track_start_s=round(clip.start_s + piece.start_s, 3),
            track_end_s=round(clip.start_s + piece.end_s, 3),
        )


@dataclass(frozen=True, slots=True)
class Attributes:
    """The ten attributes of a segment, in stated classes."""

    folder: Path
    pitch_method: str = "dio"
    guess_mood: bool = False
    listener: Listener | None = None
    name: str = "attributes"

    @property
    def identity(self) -> str:
        guess = " + mood guessed" if self.guess_mood else ""
        asked = f" + {self.listener.name}" if self.listener else ""
        return MEASURED_BY.format(method=self.pitch_method) + guess + asked

    def __call__(self, clip: Clip) -> Outcome:
        mix = audio.decode(self.folder / clip.audio_path, 44_100)
        vocals = audio.decode(self.folder / clip.extra["vocals_path"], VOICE_RATE)
        frames, demixer = frames_of(mix), clip.extra["made_by"]["demix"]
        facts = facts_of(frames)
        singer = hear_singer(frames, mix, vocals, method=self.pitch_method)
        told = self.listener(mix, vocals) if self.listener else Told({})
        attributes = measure(
            facts,
            vocals,
            singer,
            made_by=demixer,
            thresholds=Thresholds(),
            known=from_metadata(clip),
            told=told.attributes,
        )
        attributes = _without_contradiction(attributes, clip)
        if self.guess_mood and not attributes["mood"].is_known:
            attributes["mood"] = mood_by_convention(facts, Thresholds())
        kept = replace(clip, facts=tuple(facts))
        more = _more_of(told, clip) if self.listener else {}
        return Outcome((made_by(kept, self, attributes=plain_of(attributes), **more),))


def _without_contradiction(attributes: dict[str, Attribute], clip: Clip) -> dict[str, Attribute]:
    """The gender is unsure where all turns of the singer together are heard as the other one; pitch follows."""
    heard, gender = clip.extra.get("singer_heard"), attributes["singer_gender"]
    if not heard or not contradict(gender, Attribute(**heard)):
        return attributes
    return reclassified(
        attributes | {"singer_gender": unsure("singer_gender", source=gender.source)}, Thresholds()
    )


def _more_of(told: Told, clip: Clip) -> dict[str, Any]:
    """The sentence on the style, unless it names somebody of the metadata, and answers that were of no use."""
    named = told.style and leaked_name(told.style, [], names_of(clip))
    faults = [*told.faults, *(["the style names somebody"] if named else [])]
    return {"style": "" if named else told.style, "listening_faults": faults}


@dataclass(frozen=True, slots=True)
class Prompt:
    """The sentence; segments of which a required attribute is unknown go no further unless `allow_partial`."""

    writer: CaptionWriter
    thresholds: Thresholds
    allow_partial: bool = False
    name: str = "prompt"

    @property
    def identity(self) -> str:
        partial = "of what is known, " if self.allow_partial else ""
        return f"{self.writer.name}, {partial}classes: {self.thresholds}"

    def __call__(self, clip: Clip) -> Outcome:
        attributes = reclassified(attributes_in(clip), self.thresholds)
        missing = missing_of(attributes)
        if missing and not self.allow_partial:
            return out(clip, self.name, f"unknown: {', '.join(missing)}")
        written = self.writer(attributes, clip.clip_id, str(clip.extra.get("style") or ""))
        captioned = replace(clip, captions=(written.text,))
        return Outcome(
            (made_by(captioned, self, attributes=plain_of(attributes), written_by=written.made_by),)
        )


@dataclass(frozen=True, slots=True)
class Postprocess:
    """Numbers to words, grammar, and the check: every known required attribute said, nobody named."""

    polish: Polish
    artists: ArtistIndex
    name: str = "postprocess"

    @property
    def identity(self) -> str:
        return f"{self.polish.name}; {len(self.artists)} artists"

    def __call__(self, clip: Clip) -> Outcome:
        attributes = attributes_in(clip)
        text = self.polish(clip.captions[0]).text
        names: Names = names_of(clip)
        faults = list(faults_of(text, attributes, names))
        values = [one.value for one in attributes.values() if one.name not in ("name",)]
        if other := self.artists.find(text, values):
            faults.append(f"names {other!r}")
        if faults:
            kinds = " and ".join(dict.fromkeys(" ".join(fault.split()[:3]) for fault in faults))
            return out(clip, self.name, f"caption {kinds}", text)
        return Outcome((made_by(replace(clip, captions=(text,)), self),))


def plain_of(attributes: Mapping[str, Attribute]) -> dict[str, dict[str, Any]]:
    """Attributes as JSON."""
    return {
        name: {field.name: getattr(one, field.name) for field in fields(one)}
        for name, one in attributes.items()
    }


def attributes_in(clip: Clip) -> dict[str, Attribute]:
    """The attributes that a clip carries in `extra`."""
    return {name: Attribute(**one) for name, one in clip.extra["attributes"].items()}


def file_name(clip_id: str) -> str:
    """A clip's id as a file's name: what is no letter, digit, - or . gives way, and a hash keeps names apart."""
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-.") else "_" for letter in clip_id
    )
    if plain == clip_id and not plain.startswith("."):
        return plain
    return f"{plain.lstrip('.')[:80]}-{hashlib.sha256(clip_id.encode('utf-8', 'replace')).hexdigest()[:8]}"


def write_flac(path: Path, sound: Audio) -> None:
    """Write samples whole or not at all."""
    with whole_file(path) as file:
        soundfile.write(file, sound.waveform, sound.sample_rate, format="FLAC", subtype="PCM_16")
