"""Keys of progressions that leave no doubt, and silence about what has no key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.harmony.chroma import SAMPLE_RATE, ChromaListener
from linernotes.features.harmony.key import PLANES, estimate_key, key_scores, load_profiles
from linernotes.features.harmony.pitch_names import key_name, pitch_name

MAJOR_CADENCE = ((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7))
MINOR_CADENCE = ((0, 3, 7), (5, 8, 0), (7, 11, 2), (0, 3, 7))


def play(
    chords: Sequence[Sequence[int]], tonic: int, chord_s: float = 2.0, cents: float = 0.0
) -> NDArray[np.float32]:
    """Triads as pitch classes above `tonic`, the first of each in the bass, struck and dying away."""
    time = np.arange(int(chord_s * SAMPLE_RATE)) / SAMPLE_RATE
    waves = []
    for chord in chords:
        pitches = [36 + (chord[0] + tonic) % 12] + [60 + (note + tonic) % 12 for note in chord]
        hz = [440 * 2 ** ((pitch - 69 + cents / 100) / 12) for pitch in pitches]
        tones = sum(np.sin(2 * np.pi * f * k * time + f) / k**1.5 for f in hz for k in range(1, 8))
        waves.append(0.08 * tones * np.exp(-time / 1.5) * np.minimum(1, time / 0.01))
    return np.concatenate(waves).astype(np.float32)


def frames_of(waveform: NDArray[np.float32]) -> Frames:
    """The recording as the everyday path hears it."""
    listener = ChromaListener()
    listener.push(waveform)
    return Frames(0.0, len(waveform) / SAMPLE_RATE, listener.finish())


def named(facts: Sequence[Fact], fact_id: str) -> Fact | None:
    """The fact with an id, or None."""
    return next((fact for fact in facts if fact.id == fact_id), None)


@pytest.mark.parametrize("tonic", range(0, 12, 2))
def test_a_cadence_names_its_key_in_major_and_minor(tonic: int) -> None:
    for mode, cadence in ((0, MAJOR_CADENCE), (12, MINOR_CADENCE)):
        fact = named(estimate_key(frames_of(play(cadence * 2, tonic))), "key")
        assert fact is not None
        assert fact.value == key_name(mode + tonic)
        assert fact.confidence > 0.5


def test_a_section_is_judged_by_what_lies_in_it() -> None:
    frames = frames_of(np.concatenate([play(MAJOR_CADENCE * 2, 0), play(MINOR_CADENCE * 2, 6)]))
    first, second = (named(estimate_key(frames.between(*span)), "key") for span in ((0, 16), (16, 32)))
    assert first is not None
    assert second is not None
    assert (first.value, second.value) == ("C major", "F# minor")
    assert (second.start_s, second.end_s) == (16, 32)


def test_a_change_of_key_is_found_where_it_happens() -> None:
    frames = frames_of(
        np.concatenate([np.tile(play(MAJOR_CADENCE, 0), 6), np.tile(play(MAJOR_CADENCE, 3), 6)])
    )
    first, second = (named(estimate_key(frames), f"key:{number}") for number in (1, 2))
    assert first is not None
    assert second is not None
    assert (first.value, second.value) == ("C major", "Eb major")
    assert first.end_s == second.start_s == pytest.approx(48, abs=6)


def test_a_piece_in_one_key_has_no_change() -> None:
    facts = estimate_key(frames_of(np.tile(play(MINOR_CADENCE, 2), 8)))
    assert [fact.id for fact in facts if fact.name == "key"] == ["key"]


def test_tuning_is_stated_in_cents() -> None:
    fact = named(estimate_key(frames_of(play(MAJOR_CADENCE, 0, cents=22))), "tuning")
    assert fact is not None
    assert fact.unit == "cents"
    assert float(fact.value) == pytest.approx(22, abs=4)


def test_noise_and_silence_have_no_key_and_no_tuning() -> None:
    noise = np.random.default_rng(1).standard_normal(20 * SAMPLE_RATE).astype(np.float32) * 0.1
    assert estimate_key(frames_of(noise)) == []
    assert estimate_key(frames_of(np.zeros(20 * SAMPLE_RATE, np.float32))) == []
    assert estimate_key(frames_of(np.zeros(0, np.float32))) == []


def test_a_key_score_turns_with_its_evidence() -> None:
    evidence = np.random.default_rng(1).random((len(PLANES), 12))
    scores = key_scores(evidence, load_profiles()).reshape(2, 12)
    turned = key_scores(np.roll(evidence, 5, axis=1), load_profiles()).reshape(2, 12)
    np.testing.assert_allclose(np.roll(scores, 5, axis=1), turned)


def test_names_follow_key_signatures() -> None:
    assert [key_name(key) for key in (1, 6, 10, 13, 15, 18, 22)] == [
        *("Db major", "F# major", "Bb major", "C# minor", "Eb minor", "F# minor", "Bb minor"),
    ]
    assert (pitch_name(10, 5), pitch_name(10, 23), pitch_name(6, 7)) == ("Bb", "A#", "F#")


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("Sugar_Plum", "E minor"),
        (
            "Hungarian_Dance",
            "G minor",
        ),  # composed in F# minor, but this orchestra sounds in G: its bass G is 98.2 Hz
        ("5703-47212-0000.ogg", None),
        ("humpback", None),
    ],
)
def test_recordings_whose_key_is_known(recordings: Path, part: str, key: str | None) -> None:
    path = next(path for path in recordings.rglob("*.ogg") if part in path.name)
    waveform, rate = soundfile.read(path, dtype="float32", always_2d=True)
    facts = estimate_key(
        frames_of(soxr.resample(waveform.mean(axis=1), rate, SAMPLE_RATE).astype(np.float32))
    )
    fact = named(facts, "key")
    assert (fact.value if fact else None) == key
