"""Measures of key, tempo, chords and beats: what MIREX gives right answers and known mistakes."""

from __future__ import annotations

import pytest

pytest.importorskip("mir_eval", reason="measures need the [mir] extra")

from linernotes.metrics.mir import OCTAVES, beat_f, chord_overlap, key_weighted_score, tempo_correct


@pytest.mark.parametrize(
    ("said", "score"),
    [("C major", 1.0), ("G major", 0.5), ("A minor", 0.3), ("C minor", 0.2), ("F# major", 0.0), (None, 0.0)],
)
def test_key(said: str | None, score: float) -> None:
    assert key_weighted_score("C major", said) == score


@pytest.mark.parametrize(
    ("bpm", "first", "second"),
    [(104.0, 1, 1), (104.1, 0, 0), (200.0, 0, 1), (33.0, 0, 1), (150.0, 0, 0), (None, 0, 0)],
)
def test_tempo(bpm: float | None, first: int, second: int) -> None:
    assert tempo_correct(100.0, bpm) == first
    assert tempo_correct(100.0, bpm, factors=OCTAVES) == second


def test_chords_by_time_with_enharmonics_and_silence_as_no_chord() -> None:
    truth = [(0.0, 2.0, "C:maj"), (2.0, 4.0, "A:min"), (4.0, 8.0, "N")]
    assert chord_overlap(truth, truth) == 1.0
    assert chord_overlap(truth, []) == 0.5
    assert chord_overlap(truth, [(0.0, 1.0, "B#:maj"), (1.0, 8.0, "A:min")]) == pytest.approx(3 / 8)
    assert chord_overlap([(0.0, 1.0, "C:maj")], [(0.0, 1.0, "C:maj7")]) == 1.0
    assert chord_overlap([(0.0, 1.0, "C:maj")], [(0.0, 1.0, "C:maj7")], comparison="sevenths") == 0.0
    with pytest.raises(ValueError, match="no chords by 'colour'"):
        chord_overlap(truth, truth, comparison="colour")
    with pytest.raises(ValueError, match="has none"):
        chord_overlap([], truth)


def test_beats_within_70_ms_after_five_seconds() -> None:
    truth = [float(second) for second in range(20)]
    assert beat_f(truth, truth) == 1.0
    assert beat_f(truth, [time + 0.06 for time in truth]) == 1.0
    assert beat_f(truth, [time + 0.2 for time in truth]) == 0.0
    assert beat_f(truth, truth[::2]) == pytest.approx(2 * 1 * 7 / 15 / (1 + 7 / 15))
    assert beat_f(truth, []) == 0.0
