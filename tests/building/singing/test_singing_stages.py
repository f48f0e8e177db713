"""What single stages make of a clip, on truth that is made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes.building.singing import ATTRIBUTES, UNSURE, Attribute, unsure
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.diarising import GenderTurns
from linernotes.building.singing.hearing import Turn
from linernotes.building.singing.singer import contradict, gender_over
from linernotes.building.singing.stages import Diarise, Segment, _without_contradiction
from linernotes.clip import Clip
from linernotes.features.frames import Frames, Series
from linernotes.features.voice.gender import SOURCE

MAN, WOMAN = (0.02, 1.0, 46.0), (0.98, 1.0, 66.0)
"""Looks at a singer: how female, how sure of a voice, how high (MIDI)."""


def track(*looks: tuple[float, float, float]) -> Frames:
    """A look every 2 s, and nothing else."""
    series = Series(np.array(looks, np.float32), 0.5, 1.0)
    return Frames(0.0, 2.0 * len(looks), {"singer_gender": series})


def segment(gender: str, hertz: float, heard: str | None, source: str = f"{SOURCE} with f0") -> Clip:
    told = {"singer_gender": Attribute("singer_gender", gender, 0.9, source)}
    told["pitch"] = Attribute("pitch", Thresholds().pitch(hertz, gender), 0.9, "f0", hertz, "Hz")
    plain = {name: told.get(name, unsure(name)) for name in ATTRIBUTES}
    whole = heard and {"name": "singer_gender", "value": heard, "confidence": 0.9, "source": SOURCE}
    return Clip("t-000", "t.flac", extra={"attributes": plain, "singer_heard": whole})


def after(clip: Clip) -> tuple[str, str]:
    made = _without_contradiction(clip.extra["attributes"], clip)
    return made["singer_gender"].value, made["pitch"].value


def test_nobody_sings_in_silence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(8 * 16_000), 16_000)
    outcome = Diarise(tmp_path, tmp_path, GenderTurns())(Clip("s", "silent.wav"))
    assert [one.reason for one in outcome.excluded] == ["no sung part"]


def test_the_gender_of_each_singer_is_heard_in_all_their_turns() -> None:
    frames = track(*[MAN] * 5, *[WOMAN] * 5, *[MAN] * 5)
    man = gender_over(frames, [Turn(0.0, 10.0, "1"), Turn(20.0, 30.0, "1")])
    woman = gender_over(frames, [Turn(10.0, 20.0, "2")])
    assert (man.value, woman.value) == ("male", "female")
    assert man.source == SOURCE
    assert gender_over(frames, [Turn(0.0, 2.0, "1")]).value == UNSURE  # one look is too few


def test_a_segment_that_contradicts_all_turns_of_its_singer_is_unsure_and_its_pitch_with_it() -> None:
    assert after(segment("female", 240.0, "male")) == (UNSURE, UNSURE)
    assert after(segment("female", 100.0, "male")) == (UNSURE, "low")  # which both would be called
    assert after(segment("female", 240.0, "female")) == ("female", "medium")
    assert after(segment("female", 240.0, UNSURE)) == ("female", "medium")
    assert after(segment("female", 240.0, None)) == ("female", "medium")
    assert after(segment("female", 240.0, "male", "an audio model")) == ("female", "medium")


def test_only_known_genders_of_the_same_listeners_contradict() -> None:
    man, woman = (Attribute("singer_gender", value, 0.9, SOURCE) for value in ("male", "female"))
    assert contradict(man, woman)
    assert not contradict(man, man)
    assert not contradict(unsure("singer_gender", source=SOURCE), woman)


def test_a_segment_takes_what_was_heard_of_its_own_singer_along(tmp_path: Path) -> None:
    sound = np.zeros(20 * 16_000)
    (tmp_path / "tracks").mkdir()
    for path in ("t.wav", "tracks/t.vocals.flac"):
        soundfile.write(tmp_path / path, sound, 16_000)
    heard = {name: {"value": name} for name in ("male", "female")}
    turns = [[0.0, 9.0, "male"], [9.0, 20.0, "female"]]
    extra = {"turns": turns, "singers": heard, "track_vocals": "tracks/t.vocals.flac", "artist": "A"}
    made = Segment(tmp_path, tmp_path)(Clip("t", "t.wav", extra=extra)).clips
    assert [one.extra["singer_heard"]["value"] for one in made] == ["male", "female"]
    assert [one.end_s for one in made] == pytest.approx([9.0, 11.0], abs=0.01)
    assert not {"turns", "singers", "track_vocals"} & set(made[0].extra)
