"""The measures of benchmarks/facts.py: right answers score 1, known mistakes what the literature gives them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("mir_eval", reason="measures need the [mir] extra")
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The benchmark's own modules, which are no part of the package."""
    sys.path.insert(0, str(BENCHMARKS))
    from listening import measures, recordings, systems

    yield SimpleNamespace(measures=measures, recordings=recordings, systems=systems)
    sys.path.remove(str(BENCHMARKS))


def test_tempo_within_four_percent_counts_and_the_octave_only_for_accuracy_2(bench: Any) -> None:
    truth = bench.recordings.Truth(tempo_bpm=120.0)
    heard = [bench.systems.Heard(tempo_bpm=bpm) for bpm in (124.0, 126.0, 60.0, 40.0)]
    assert [bench.measures.tempo_right(truth, answer) for answer in heard] == [1.0, 0.0, 0.0, 0.0]
    assert [bench.measures.tempo_or_octave_right(truth, answer) for answer in heard] == [1.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("said", "score"), [("G major", 1.0), ("D major", 0.5), ("E minor", 0.3), (None, 0.0)]
)
def test_key_scores(bench: Any, said: str | None, score: float) -> None:
    assert (
        bench.measures.key_score(bench.recordings.Truth(key="G major"), bench.systems.Heard(key=said))
        == score
    )


def test_chords_are_compared_over_time_and_silence_is_no_chord(bench: Any) -> None:
    span = bench.recordings.Span
    truth = bench.recordings.Truth(chords=(span("C:maj7/3", 0.0, 2.0), span("A:min", 2.0, 4.0)))
    heard = bench.systems.Heard(chords=(span("C:maj", 0.0, 2.0), span("F:maj", 2.0, 4.0)))
    assert bench.measures.chord_overlap(truth, heard) == pytest.approx(0.5)
    assert bench.measures.chord_overlap(truth, bench.systems.Heard()) == 0.0


def test_boundaries_within_three_seconds_are_hits(bench: Any) -> None:
    span = bench.recordings.Span
    truth = bench.recordings.Truth(
        sections=(span("A", 0.0, 10.0), span("B", 10.0, 20.0), span("A", 20.0, 30.0))
    )
    heard = bench.systems.Heard(sections=(span("", 0.0, 12.5), span("", 12.5, 30.0)))
    assert bench.measures.boundary_f(truth, heard) == pytest.approx(2 / 3)
    assert bench.measures.boundary_f(truth, bench.systems.Heard()) == 0.0


def test_f1_interval_and_floor(bench: Any) -> None:
    measure = next(one for one in bench.measures.MEASURES if one.name == "voice, F1 of sung")
    kinds = ["sung", "spoken"] * 10
    recordings = [
        bench.recordings.Recording(str(i), "voices", Path("x"), bench.recordings.Truth(voice=kind))
        for i, kind in enumerate(kinds)
    ]
    heard = [bench.systems.Heard(voice=kind) for kind in kinds]
    number = bench.measures.number_of(measure, recordings, heard)
    assert (number.value, number.low, number.high, number.n) == (1.0, 1.0, 1.0, 20)
    assert 0.3 < number.floor < 0.7


def test_a_system_that_never_answers_has_no_number(bench: Any) -> None:
    recording = bench.recordings.Recording("1", "rendered", Path("x"), bench.recordings.Truth(key="C major"))
    measure = next(one for one in bench.measures.MEASURES if one.name == "key right")
    assert bench.measures.number_of(measure, [recording], [bench.systems.Heard()]) is None


def test_the_main_tempo_is_the_one_that_lasts(bench: Any, tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    import mido

    file = mido.MidiFile(ticks_per_beat=480)
    changes = ((150, 0), (95, 480 * 10), (150, 480 * 100))
    tempi = [mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm), time=ticks) for bpm, ticks in changes]
    file.tracks.append(mido.MidiTrack(tempi))
    file.save(tmp_path / "notes.mid")
    assert pretty_midi
    assert bench.recordings.main_tempo_bpm(tmp_path / "notes.mid", 90.0) == pytest.approx(95.0, abs=0.01)
