"""Content, voice and singer gender from series with known truth, from sounds, and on real recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from voices import RATE, chords, noise, sung_vowels

from linernotes.encoders.musicnn_onnx import MusicnnListener
from linernotes.encoders.musicnn_vocabulary import MTT_TAGS
from linernotes.features.frames import Frames, Series
from linernotes.features.voice.content import content_chances, estimate_content
from linernotes.features.voice.gender import estimate_singer_gender, female_chance, gender_evidence
from linernotes.features.voice.singer_gender import SingerGenderListener
from linernotes.features.voice.voice import estimate_voice, voice_chances


def events(
    *spans: tuple[float, tuple[float, float, float]], gender: float = 0.5, pitch: float = 59
) -> Frames:
    """Frames whose voice events hold each value for so many seconds; all looks at the singer say the same."""
    values = np.concatenate(
        [np.tile(np.float32(value), (round(10 * seconds), 1)) for seconds, value in spans]
    )
    duration_s = len(values) / 10
    looks = np.tile(np.float32([gender, 1.0, pitch]), (int(duration_s / 2), 1))
    series = {"voice_events": Series(values, 10.0, 0.05), "singer_gender": Series(looks, 0.5, 1.0)}
    return Frames(0.0, duration_s, series)


def heard(waveform: np.ndarray, *, tagged: bool = False) -> Frames:
    series: dict[str, Series] = {}
    for listener in (SingerGenderListener(), *([MusicnnListener(["mtt"])] if tagged else [])):
        listener.push(waveform.astype(np.float32))
        series |= listener.finish()
    return Frames(0.0, len(waveform) / RATE, series)


def values_of(frames: Frames) -> Mapping[str, object]:
    return {fact.name: fact.value for fact in estimate_content(frames) + estimate_voice(frames)}


BAND, SONG, TALK, NOTHING = (0.01, 0.01, 0.98), (0.02, 0.9, 0.98), (0.95, 0.01, 0.02), (0.0, 0.0, 0.0)


def test_clear_cases() -> None:
    assert values_of(events((30, BAND))) == {"content": "music", "voice": "instrumental"}
    sung = {"content": "music", "voice": "sung", "singer_gender": "female"}
    assert values_of(events((30, SONG), gender=0.95, pitch=63)) == sung
    assert values_of(events((30, TALK))) == {"content": "speech", "voice": "spoken"}
    assert values_of(events((30, NOTHING)))["content"] == "other"
    assert values_of(events((30, NOTHING)))["voice"] == "unsure"


def test_a_song_with_an_instrumental_half_is_sung_and_its_sections_differ() -> None:
    frames = events((20, BAND), (20, SONG))
    assert values_of(frames)["voice"] == "sung"
    assert values_of(frames.between(0.0, 20.0))["voice"] == "instrumental"
    assert values_of(frames.between(20.0, 40.0))["voice"] == "sung"
    assert {fact.start_s for fact in estimate_voice(frames.between(20.0, 40.0))} == {20.0}


def test_singing_alone_is_music() -> None:
    assert values_of(events((30, (0.03, 0.85, 0.08))))["content"] == "music"


@pytest.mark.parametrize(("pitch", "value"), [(52, "male"), (57.7, "unsure"), (66, "female")])
def test_a_high_voice_is_female_a_low_one_male(pitch: float, value: str) -> None:
    (fact,) = estimate_singer_gender(events((60, SONG), pitch=pitch))
    assert fact.value == value


def test_between_0_4_and_0_6_the_singer_is_unsure() -> None:
    heard_sure = 0
    for pitch in np.arange(50.0, 68.0, 0.1):
        frames = events((60, SONG), pitch=pitch)
        female = female_chance(gender_evidence(frames))
        (fact,) = estimate_singer_gender(frames)
        assert (fact.value == "unsure") == (0.4 <= female <= 0.6)
        heard_sure += fact.value != "unsure"
    assert heard_sure > 100


def test_one_look_is_not_enough_for_a_gender() -> None:
    (fact,) = estimate_singer_gender(events((3, SONG), gender=0.99, pitch=66))
    assert fact.value == "unsure"


def test_tags_for_voices_decide_between_a_choir_pad_and_a_singer() -> None:
    frames = events((30, (0.02, 0.3, 0.97)))
    silent_tags, vocal_tags = np.full((30, 50), 0.01, np.float32), np.full((30, 50), 0.01, np.float32)
    vocal_tags[:, [MTT_TAGS.index("vocal"), MTT_TAGS.index("singing"), MTT_TAGS.index("female")]] = 0.5
    tagged = {"no": silent_tags, "yes": vocal_tags}
    chances = {
        name: voice_chances(Frames(0.0, 30.0, {**frames.series, "tags_mtt": Series(tags, 1.0, 0.5)}))["sung"]
        for name, tags in tagged.items()
    }
    assert chances["yes"] > 0.6 > 0.4 > chances["no"]


def test_confidences_are_probabilities_and_silence_needs_loudness() -> None:
    frames = events((10, NOTHING))
    quiet = Series(np.full(90, -95.0, np.float32), 10.0, 0.2)
    silent = Frames(0.0, 10.0, {**frames.series, "loudness": quiet})
    (fact,) = estimate_content(silent)
    assert (fact.value, fact.id, fact.start_s, fact.end_s) == ("silence", "content", 0.0, 10.0)
    assert sum(content_chances(silent).values()) == pytest.approx(1.0)
    assert estimate_content(frames)[0].value == "other"


def test_where_nothing_was_heard_nothing_is_said() -> None:
    assert estimate_content(Frames(0.0, 0.02, {})) == []
    assert estimate_voice(events((10, SONG)).between(20.0, 30.0)) == []


def test_sounds_made_of_sines() -> None:
    song = values_of(heard(sung_vowels(50, 12) + chords(12)))
    assert (song["content"], song["voice"]) == ("music", "sung")
    assert values_of(heard(chords(12))) == {"content": "music", "voice": "instrumental"}
    assert values_of(heard(noise(12)))["content"] == "other"


def recording(folder: Path, name: str) -> Frames:
    found = sorted(folder.glob(f"*/*{name}*.[om][gp][g3]"))
    if not found:
        pytest.skip(f"{folder} has no recording of {name}")
    samples, rate = soundfile.read(found[0], dtype="float32", always_2d=True)
    return heard(soxr.resample(samples.mean(axis=1), rate, RATE)[: 60 * RATE], tagged=True)


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("name", "content", "voice", "gender"),
    [
        ("5703-47212", "speech", "spoken", None),
        ("humpback", "other", "unsure", None),
        ("solo-trumpet", "music", "instrumental", None),
        ("Drum-bass", "music", "instrumental", None),
        ("Hungarian_Dance", "music", "instrumental", None),
        ("Sugar_Plum", "music", "instrumental", None),
        ("sweet-waltz", "music", "instrumental", None),
        ("Karissa_Hobbs", "music", "sung", "female"),
        ("sorin urzica", "music", "sung", "male"),
    ],
)
def test_real_recordings(recordings: Path, name: str, content: str, voice: str, gender: str | None) -> None:
    values = values_of(recording(recordings, name))
    assert (values["content"], values["voice"], values.get("singer_gender")) == (content, voice, gender)
