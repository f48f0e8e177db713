"""Pitch, volume and classes, on sounds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from linernotes.audio import Audio
from linernotes.building.singing import UNSURE, Attribute, missing_of
from linernotes.building.singing.classes import Bounds, Thresholds, fitted, level_db
from linernotes.building.singing.demixing import load_demixer
from linernotes.building.singing.hearing import Turn
from linernotes.building.singing.measuring import measure, reclassified
from linernotes.building.singing.pitch_votes import voted
from linernotes.building.singing.segments import segments_of
from linernotes.building.singing.singer import Singer, gender_of, with_voice
from linernotes.building.singing.timbre import alpha_ratio_db
from linernotes.building.singing.vocal_pitch import MeanPitch, mean_pitch, voiced_pitch
from linernotes.building.singing.vocal_tract import log_odds_of_tract, third_formant_hz
from linernotes.clip import Fact
from linernotes.features.voice.gender import GenderEvidence

RATE = 16_000


def voice(pitch_hz: float, seconds: float = 3.0, slope: float = 1.0) -> NDArray[np.float32]:
    """A vowel-like tone: twenty harmonics that fall off as 1 / harmonic ** slope, with vibrato."""
    times_s = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * pitch_hz * (times_s + 0.0004 * np.sin(2 * np.pi * 5.5 * times_s))
    tones = [np.sin(h * phase) / h**slope for h in range(1, 21) if h * pitch_hz < 6000]
    return (0.1 * np.sum(tones, axis=0)).astype(np.float32)


def pitch_of(voice: Audio, mix: Audio) -> MeanPitch | None:
    return mean_pitch(voiced_pitch(voice, mix))


@pytest.mark.parametrize("pitch_hz", [110.0, 220.0, 440.0])
def test_mean_pitch_is_that_of_the_voice(pitch_hz: float) -> None:
    pytest.importorskip("swift_f0")
    sung = Audio(voice(pitch_hz), RATE)
    found = pitch_of(sung, sung)
    assert found is not None
    assert found.mean_hz == pytest.approx(pitch_hz, rel=0.02)


def test_the_pitch_is_what_most_trackers_hear() -> None:
    def track(*pitches_hz: float) -> NDArray[np.float64]:
        return np.repeat(np.array(pitches_hz), 50)

    found = voted([track(220, 220, 0, 0), track(221, 330, 330, 0), track(440, 330, 110, 110)])
    assert found[25] == pytest.approx(220.5, rel=1e-3)  # an octave is outvoted, what agrees is averaged
    assert found[75] == pytest.approx(330.0)
    assert found[125] == 0.0  # each hears something else
    assert found[175] == 0.0  # only one hears anything


def test_a_single_jump_is_not_followed() -> None:
    one, other = (np.full(101, 220.0) for _ in range(2))
    one[50] = 440.0
    assert voted([one, other, np.where(one == 440.0, 440.0, 220.0)])[50] == 0.0  # it is not kept at 440
    assert (voted([one, other])[:50] > 0).all()


def test_what_a_demixer_lost_is_heard_in_the_mix() -> None:
    pytest.importorskip("swift_f0")
    mix = np.concatenate([voice(220.0, 1.5), voice(330.0, 1.5)])
    noise = 0.03 * np.random.default_rng(3).standard_normal(len(mix)).astype(np.float32)
    torn = np.where(np.arange(len(mix)) < len(mix) // 2, mix, noise).astype(np.float32)
    with_mix = pitch_of(Audio(torn, RATE), Audio(mix, RATE))
    alone = pitch_of(Audio(torn, RATE), Audio(torn, RATE))
    assert with_mix is not None
    assert alone is not None
    assert with_mix.mean_hz == pytest.approx(275.0, rel=0.04)
    assert alone.mean_hz == pytest.approx(220.0, rel=0.04)


def test_the_measured_height_is_weighed_with_what_is_heard_of_the_gender() -> None:
    def told(evidence: GenderEvidence, mean_hz: float) -> str:
        return gender_of(evidence, MeanPitch(mean_hz, 5.0, 0.5, "truth")).value

    undecided = GenderEvidence(6, 0.0, -8.0, 0.0)
    assert gender_of(undecided, None).value == "male"  # by the height that was guessed
    assert told(undecided, 440.0) == "female"
    assert told(undecided, 110.0) == "male"
    assert told(GenderEvidence(6, -1.9, 0.0, -1.5), 300.0) == "male"  # a tenor who sounds like a man
    assert told(GenderEvidence(1, 1.9, 0.0, 1.5), 440.0) == UNSURE  # a single look


def vowels(third_hz: float, noise: float = 0.0, pitch_hz: float = 200.0) -> NDArray[np.float32]:
    """Three seconds of a buzz through five resonators, the third at `third_hz`, the others of an open vowel."""
    buzz = np.zeros(3 * RATE)
    buzz[np.arange(0, 3 * RATE, RATE / pitch_hz).astype(int)] = 1.0
    for place_hz in (550.0, 1500.0, third_hz, third_hz + 1000.0, third_hz + 2000.0):
        radius = np.exp(-np.pi * 100.0 / RATE)
        buzz = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * place_hz / RATE), radius**2], buzz)
    hiss = np.diff(np.random.default_rng(4).standard_normal(3 * RATE + 1))
    return (0.1 * buzz / np.abs(buzz).max() + noise * hiss).astype(np.float32)


@pytest.mark.parametrize(("third_hz", "woman"), [(2450.0, False), (2950.0, True)])
def test_the_third_formant_tells_long_from_short_vocal_tracts(third_hz: float, woman: bool) -> None:
    pitch_hz = np.full(301, 200.0)
    found = third_formant_hz(vowels(third_hz), pitch_hz)
    assert found == pytest.approx(third_hz, rel=0.04)
    assert (log_odds_of_tract(vowels(third_hz), pitch_hz) > 0) is woman


def test_formants_in_noise_and_of_nobody_are_not_told() -> None:
    assert third_formant_hz(vowels(2450.0, noise=0.05), np.full(301, 200.0)) is None
    assert log_odds_of_tract(vowels(2450.0), np.zeros(301)) == 0.0
    assert log_odds_of_tract(vowels(2450.0), np.zeros(0)) == 0.0


def test_the_network_hears_voice_and_mix() -> None:
    heard = GenderEvidence(4, -1.0, 0.0, 0.0)
    women = np.ones(20, np.float32)
    assert with_voice(heard, women).network > 0.0
    assert with_voice(heard, women).network < with_voice(GenderEvidence(0, 0.0, 0.0, 0.0), women).network
    assert with_voice(heard, women[:1]) == heard  # one look is not enough


def test_the_vocal_tract_is_weighed_with_the_other_evidence() -> None:
    undecided = GenderEvidence(6, 0.0, -1.0, 0.0)
    told = {odds: gender_of(undecided, None, tract=odds).value for odds in (-2.0, 2.0)}
    assert told == {-2.0: "male", 2.0: "female"}
    assert gender_of(GenderEvidence(6, -3.0, -8.0, -1.5), None, tract=2.0).value == "male"  # the rest is sure


@pytest.mark.parametrize("kind", ["silence", "white", "pink", "hum", "nothing"])
def test_silence_and_noise_have_no_pitch(kind: str) -> None:
    pytest.importorskip("swift_f0")
    noise = np.random.default_rng(0).standard_normal(2 * RATE)
    samples = {
        "silence": np.zeros(2 * RATE),
        "white": noise,
        "pink": 0.01 * np.cumsum(noise),
        "hum": np.sin(2 * np.pi * 50 * np.arange(2 * RATE) / RATE),
        "nothing": np.zeros(0),
    }[kind]
    heard = Audio(0.1 * samples.astype(np.float32), RATE)
    assert pitch_of(heard, heard) is None


def test_level_of_a_sine() -> None:
    sine = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32)
    assert level_db(sine) == pytest.approx(-3.01, abs=0.01)
    assert level_db(0.1 * sine) == pytest.approx(-23.01, abs=0.01)


def test_the_same_pitch_is_high_for_a_man_and_low_for_a_woman() -> None:
    thresholds = Thresholds()
    assert thresholds.pitch(220.0, "male") == "high"
    assert thresholds.pitch(220.0, "female") == "low"
    assert thresholds.pitch(220.0, UNSURE) == UNSURE
    assert thresholds.pitch(100.0, UNSURE) == "low"  # for whoever sings


def test_terciles_put_a_third_in_each_class() -> None:
    volumes = [-40.0 + index for index in range(30)]
    found = fitted(volumes, {"male": [100.0 + index for index in range(30)]})
    classes = [found.volume(value) for value in volumes]
    assert [classes.count(name) for name in ("low", "medium", "high")] == [10, 10, 10]
    assert found.pitch_hz["female"] == Thresholds().pitch_hz["female"]  # nothing to fit on
    with pytest.raises(ValueError, match="must lie below"):
        Bounds(2.0, 1.0)


def test_darker_voices_have_a_lower_alpha_ratio() -> None:
    dark, bright = (alpha_ratio_db(voice(200.0, slope=slope), RATE) for slope in (2.0, 0.5))
    assert dark is not None
    assert bright is not None
    assert dark < bright - 6.0
    assert alpha_ratio_db(np.zeros(RATE, np.float32), RATE) is None


def test_segments_have_5_to_30_s_and_one_singer() -> None:
    turns = [Turn(0.0, 64.0, "a"), Turn(64.0, 67.0, "b"), Turn(70.0, 76.0, "a")]
    assert segments_of(turns) == [Turn(0.0, 30.0, "a"), Turn(30.0, 60.0, "a"), Turn(70.0, 76.0, "a")]


def test_what_is_not_heard_is_unsure() -> None:
    facts = [
        Fact("t", "tempo", 140.0, "BPM", 0.8, "beats", 0.0, 3.0),
    ]
    vocals = Audio(voice(440.0), RATE)
    singer = Singer(Attribute("singer_gender", "female", 0.9, "net"), MeanPitch(440.0, 3.0, 1.0, "truth"))
    told = measure(facts, vocals, singer, made_by="clean stem", thresholds=Thresholds())
    assert [told[name].value for name in ("singer_gender", "pitch", "tempo")] == ["female", "high", "fast"]
    assert missing_of(told) == ("mood",)
    assert told["name"].value == UNSURE
    as_man = {**told, "singer_gender": Attribute("singer_gender", UNSURE, 1.0, "")}
    assert reclassified(as_man, Thresholds())["pitch"].value == "high"  # a man would be called so too


def test_no_such_demixer() -> None:
    with pytest.raises(ValueError, match="'karaoke' is no demixer"):
        load_demixer("karaoke")
