"""Sung and spoken recordings: the pitch is the melody's, the stems are the mix's, the lists are balanced."""

import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from linernotes.datasets.rendered import RenderError, SungNote, plan_piece, plan_voice, sing, speak
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.singing import melody_hz, stretched, syllables
from linernotes.datasets.rendered.voices import (
    TEST_SINGERS,
    TUNING_SINGERS,
    balanced,
    render_voices,
    vocal_line,
)

needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the program espeak-ng")


@needs_espeak
def test_a_sung_note_has_the_melodys_pitch() -> None:
    pytest.importorskip("midirenderer")
    voice = sing([SungNote(57.0, 0.1, 1.3), SungNote(60.0, 1.4, 2.6)], "home alone", "en-us+m3", seed=1)
    for start_s, hz in ((0.4, 220.0), (1.7, 261.63)):
        cut = voice[round(start_s * 44_100) :][: 44_100 // 2] * np.hanning(44_100 // 2)
        spectrum = np.abs(np.fft.rfft(cut, 2**18))
        autocorrelation = np.fft.irfft(spectrum**2)
        lags = np.arange(44_100 // 400, 44_100 // 100)
        found_hz = 44_100 / lags[np.argmax(autocorrelation[lags])]
        assert abs(1200 * np.log2(found_hz / hz)) < 60


@needs_espeak
def test_singing_is_deterministic() -> None:
    melody = [SungNote(64.0, 0.0, 0.5), SungNote(62.0, 0.5, 1.0)]
    np.testing.assert_array_equal(
        sing(melody, "river", "en-us+f2", seed=3), sing(melody, "river", "en-us+f2", seed=3)
    )


def test_singing_needs_words_and_notes() -> None:
    with pytest.raises(ValueError, match="at least one note and one word"):
        sing([], "home", "en-us+m3", seed=1)


def test_a_missing_espeak_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RenderError, match="apt install espeak-ng"):
        speak("hello", "en-us")


@pytest.mark.parametrize(
    ("word", "count"), [("golden", 2), ("home", 1), ("nobody", 3), ("fire", 1), ("sky", 1)]
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_stretching_lengthens_the_vowel_and_not_the_consonant() -> None:
    voiced = np.array([False] * 10 + [True] * 20 + [False] * 10)
    source = stretched(voiced, 120)
    assert len(source) == 120
    assert list(source) == sorted(source)
    assert 95 <= int(voiced[source].sum()) <= 105


def test_vibrato_stays_around_the_note() -> None:
    times_s = np.arange(0, 2.0, 0.005)
    cents = 1200 * np.log2(melody_hz([SungNote(69.0, 0.0, 2.0)], times_s, Dice(1)) / 440.0)
    assert abs(float(np.mean(cents))) < 8
    assert 10 < np.abs(cents[200:]).max() < 60


def test_vocals_are_as_much_louder_as_asked() -> None:
    rng = np.random.default_rng(0)
    band = rng.standard_normal((44_100, 2)).astype(np.float32) * 0.1
    vocals, level = balanced(rng.standard_normal(44_100).astype(np.float32), band, 6.0)
    sounding = np.abs(vocals) > 0.01 * np.abs(vocals).max()
    assert 20 * np.log10(vocals[sounding].std() / level[sounding].std()) == pytest.approx(6.0, abs=0.3)


def test_kinds_are_balanced_and_no_singer_is_both_tuned_on_and_tested() -> None:
    plans = [plan_voice(seed) for seed in range(40)]
    assert Counter((plan.kind, plan.gender if plan.kind == "sung" else "") for plan in plans) == {
        ("sung", "male"): 10,
        ("sung", "female"): 10,
        ("instrumental", ""): 10,
        ("spoken", ""): 10,
    }
    assert not {singer.voice for singer in TEST_SINGERS} & {singer.voice for singer in TUNING_SINGERS}
    assert plan_voice(100_000).voice in {singer.voice for singer in TUNING_SINGERS}


def test_the_vocal_line_lies_in_the_singers_range_and_does_not_overlap() -> None:
    line = vocal_line(plan_piece(500_001, genre="pop"), 53)
    assert abs(np.mean([note.pitch for note in line]) - 53) <= 6.5
    assert all(left.end_s <= right.start_s for left, right in pairwise(line))


@needs_espeak
def test_a_voice_set_is_resumed_with_the_same_truth(tmp_path: Path) -> None:
    pytest.importorskip("midirenderer")
    first = render_voices([500_000, 500_003], tmp_path, stems=True, duration_s=3.0)
    assert first[0].vocals_path is not None
    assert first[0].plan.sung_spans_s
    assert first == render_voices([500_000, 500_003], tmp_path, stems=True, duration_s=3.0)


@needs_espeak
def test_every_singer_sounds_different() -> None:
    # espeak-ng ignores a variant that it does not know for a language, without a word.
    said = {speak("hello", singer.voice)[0].tobytes() for singer in (*TEST_SINGERS, *TUNING_SINGERS)}
    assert len(said) == len(TEST_SINGERS) + len(TUNING_SINGERS)
