"""Chords, their spans and the progression that comes back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.harmony.chord_loop import ChordSpan, find_loop
from linernotes.features.harmony.chord_net import (
    CHORDS,
    LOWEST_NOTE,
    NO_CHORD,
    NOTES,
    QUALITIES,
    first_of_view,
    load_chord_net,
)
from linernotes.features.harmony.chord_segments import decode
from linernotes.features.harmony.chords import estimate_chords
from linernotes.features.harmony.chroma import SAMPLE_RATE, ChromaListener

TONES = {"maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10)}
ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def play(labels: str, chord_s: float = 2.0, bass: int = 0) -> NDArray[np.float32]:
    """Chords such as "A:min F:maj", with the tone number `bass` of each in the bass."""
    time = np.arange(int(chord_s * SAMPLE_RATE)) / SAMPLE_RATE
    waves = []
    for label in labels.split():
        root, quality = label.split(":")
        tones = [(ROOTS.index(root) + tone) % 12 for tone in TONES[quality]]
        hz = [440 * 2 ** ((pitch - 69) / 12) for pitch in (36 + tones[bass], *(60 + tone for tone in tones))]
        wave = sum(np.sin(2 * np.pi * f * k * time + f) / k**1.5 for f in hz for k in range(1, 8))
        waves.append(0.08 * wave * np.exp(-time / 1.5) * np.minimum(1, time / 0.01))
    return np.concatenate(waves).astype(np.float32)


def frames_of(waveform: NDArray[np.float32]) -> Frames:
    """The recording as the everyday path hears it."""
    listener = ChromaListener()
    listener.push(waveform)
    return Frames(0.0, len(waveform) / SAMPLE_RATE, listener.finish())


def chords_of(waveform: NDArray[np.float32]) -> list[Fact]:
    """The chord facts of a waveform."""
    return [fact for fact in estimate_chords(frames_of(waveform)) if fact.name == "chord"]


def triads(facts: list[Fact]) -> list[str]:
    """Root and triad of each chord that lasts."""
    shorter = {"7": "maj", "maj7": "maj", "min7": "min"}
    halves = [
        str(fact.value).split(":") for fact in facts if fact.end_s - fact.start_s > 0.5 and fact.value != "N"
    ]
    return [f"{root}:{shorter.get(quality, quality)}" for root, quality in halves]


def test_a_progression_is_named_chord_by_chord() -> None:
    facts = chords_of(play("A:min F:maj C:maj G:maj A:min F:maj"))
    assert triads(facts) == ["A:min", "F:maj", "C:maj", "G:maj", "A:min", "F:maj"]
    starts = [fact.start_s for fact in facts if fact.end_s - fact.start_s > 0.5]
    assert starts == pytest.approx([0, 2, 4, 6, 8, 10], abs=0.3)


def test_chords_lie_end_to_end_over_the_whole_recording() -> None:
    facts = chords_of(play("D:min G:maj C:maj"))
    assert [fact.id for fact in facts] == [f"chord:{number}" for number in range(1, len(facts) + 1)]
    assert facts[0].start_s == 0
    assert facts[-1].end_s == pytest.approx(6)
    assert all(before.end_s == after.start_s for before, after in pairwise(facts))


def test_an_inversion_keeps_its_root() -> None:
    assert triads(chords_of(play("C:maj F:maj C:maj G:maj", bass=1))) == ["C:maj", "F:maj", "C:maj", "G:maj"]


def test_a_clear_dominant_seventh_is_named() -> None:
    values = [fact.value for fact in chords_of(play("C:maj G:7 C:maj F:maj G:7 C:maj"))]
    assert "G:7" in values
    assert "C:7" not in values


def test_a_section_has_its_own_chords_and_times() -> None:
    frames = frames_of(play("A:min F:maj C:maj G:maj")).between(4, 8)
    facts = [fact for fact in estimate_chords(frames) if fact.name == "chord"]
    assert triads(facts) == ["C:maj", "G:maj"]
    assert (facts[0].start_s, facts[-1].end_s) == (4, 8)


def test_a_progression_that_comes_back_is_a_loop() -> None:
    facts = estimate_chords(frames_of(play("A:min F:maj C:maj G:maj " * 4)))
    loop = next(fact for fact in facts if fact.id == "chord_loop")
    assert loop.value == "Am-F-C-G"
    assert loop.confidence > 0.7


def test_noise_and_silence_have_no_chords() -> None:
    noise = np.random.default_rng(1).standard_normal(10 * SAMPLE_RATE).astype(np.float32) * 0.1
    for waveform in (noise, np.zeros(10 * SAMPLE_RATE, np.float32), np.zeros(0, np.float32)):
        assert estimate_chords(frames_of(waveform)) == []


def spans(chords: str) -> list[ChordSpan[str]]:
    """One chord a second."""
    return [ChordSpan(chord, float(i), i + 1.0) for i, chord in enumerate(chords.split())]


def test_a_loop_starts_where_it_is_first_heard() -> None:
    loop = find_loop(spans("Dm C G Am F C G Am F C G Am F"), 20.0)
    assert loop is not None
    assert loop.chords == ("C", "G", "Am", "F")
    assert (loop.start_s, loop.end_s) == (1, 13)


def test_the_shortest_form_of_a_loop_is_taken() -> None:
    loop = find_loop(spans("C F " * 6), 20.0)
    assert loop is not None
    assert loop.chords == ("C", "F")


@pytest.mark.parametrize(
    "chords", ["", "C", "C G C", "C G Am F", "C G Am F Dm E Bb Eb C# F# B A", "C C C C C C"]
)
def test_what_does_not_come_back_is_no_loop(chords: str) -> None:
    assert find_loop(spans(chords), 20.0) is None


def test_one_wrong_chord_does_not_break_a_loop() -> None:
    loop = find_loop(spans("C G Am F C G Am F C E Am F C G Am F C G Am F"), 20.0)
    assert loop is not None
    assert loop.chords == ("C", "G", "Am", "F")


def test_all_roots_see_the_same_shape_when_the_notes_move() -> None:
    semitones = np.zeros((40, NOTES), np.float32)
    semitones[:, [pitch - LOWEST_NOTE for pitch in (48, 60, 64, 67, 72)]] = 3.0
    moved = np.roll(semitones, 5, axis=1)
    chord = load_chord_net()(semitones)[20].argmax()
    assert chord == QUALITIES.index("maj")
    assert load_chord_net()(moved)[20].argmax() == chord + 5 * len(QUALITIES)


def test_a_view_starts_at_its_root() -> None:
    assert all((LOWEST_NOTE - 12 + first_of_view(root)) % 12 == root for root in range(12))


def test_log_probabilities_add_up_however_long_the_recording() -> None:
    semitones = np.random.default_rng(1).random((2100, NOTES)).astype(np.float16)
    logs = load_chord_net()(semitones).astype(np.float64)
    assert logs.shape == (2100, CHORDS)
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1, atol=2e-2)
    part = load_chord_net()(semitones[:1500]).astype(np.float64)
    np.testing.assert_allclose(part[:1300], logs[:1300], atol=2e-2)


def test_decoding_needs_more_than_one_odd_frame_to_change() -> None:
    logs = np.log(np.full((30, CHORDS), 1e-3, np.float32))
    logs[:, 3] = -0.1
    logs[10] = np.log(1e-3)
    logs[10, 7] = -0.1
    assert set(decode(logs, change_cost=6.0)) == {3}
    logs[15:, 3], logs[15:, NO_CHORD] = -7.0, -0.1
    assert decode(logs, change_cost=6.0).tolist() == [3] * 15 + [NO_CHORD] * 15
