"""Sound: right pitch and tuning, right length, deterministic, whole files."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes.datasets.rendered import (
    RenderError,
    find_soundfont,
    midi_bytes,
    plan_piece,
    play_midi,
    render_piece,
    render_set,
    write_piece,
)
from linernotes.datasets.rendered.degrade import degrade, tilt
from linernotes.datasets.rendered.midi import write_midi
from linernotes.datasets.rendered.notes import PlayedNote
from linernotes.datasets.rendered.performance import Performance

pytest.importorskip("midirenderer", reason="rendering needs the [render] extra")


def _peak_hz(cents: float) -> float:
    """Frequency of a flute's A4 that is tuned `cents` away."""
    note = Performance((PlayedNote(0, 69, 0.1, 2.0, 100),), {0: 73}, {0: 100})
    mono = play_midi(write_midi(note, cents, 2.5)).waveform.mean(axis=1)[22_050:66_150] * np.hanning(44_100)
    spectrum, freqs = np.abs(np.fft.rfft(mono, 2**19)), np.fft.rfftfreq(2**19, 1 / 44_100)
    near = (freqs > 415) & (freqs < 466)
    return float(freqs[near][np.argmax(spectrum[near])])


@pytest.mark.parametrize("cents", [-30.0, 30.0])
def test_a_note_sounds_at_its_pitch_and_tuning(cents: float) -> None:
    # The soundfont's own samples may be a sixth of a semitone off, so tuning is measured against them.
    assert 1200 * np.log2(_peak_hz(0.0) / 440.0) == pytest.approx(0.0, abs=17.0)
    assert 1200 * np.log2(_peak_hz(cents) / _peak_hz(0.0)) == pytest.approx(cents, abs=1.0)


def test_rendering_is_deterministic_and_as_long_as_planned() -> None:
    piece = plan_piece(500_001, duration_s=6.0)
    first, second = render_piece(piece), render_piece(piece)
    np.testing.assert_array_equal(first.waveform, second.waveform)
    assert len(first.waveform) / first.sample_rate == pytest.approx(piece.duration_s, abs=0.001)
    assert 0.2 < np.abs(first.waveform).max() <= 1.0


def test_midi_starts_notes_where_the_plan_says() -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    piece = plan_piece(500_002)
    read = pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(piece)))
    onsets = np.array([note.start for part in read.instruments for note in part.notes])
    assert np.abs(onsets - piece.beats_s[0]).min() < 0.05
    nearest = [np.abs(onsets - beat).min() for beat in piece.downbeats_s]
    assert np.median(nearest) < 0.02


def test_a_set_is_resumed_and_its_manifest_holds_the_truth(tmp_path: Path) -> None:
    seeds = [500_001, 500_004]
    made = render_set(seeds[:1], tmp_path, duration_s=4.0)
    stamp = made[0].audio_path.stat().st_mtime_ns
    made = render_set(seeds, tmp_path, duration_s=4.0)
    assert made[0].audio_path.stat().st_mtime_ns == stamp
    rows = [
        json.loads(line) for line in (made[0].audio_path.parent / "manifest.jsonl").read_text().splitlines()
    ]
    assert [row["piece"]["seed"] for row in rows] == seeds
    assert rows[1]["piece"]["key"] == made[1].piece.key
    assert not list(made[0].audio_path.parent.glob(".*"))


def test_mp3_coding_keeps_the_clock(tmp_path: Path) -> None:
    piece = plan_piece(500_005, duration_s=6.0)
    clean = render_piece(piece).waveform[:, 0]
    coded, _ = soundfile.read(write_piece(piece, tmp_path / "piece.mp3"), dtype="float32")
    spectrum = np.fft.rfft(coded[: len(clean), 0], 2**20) * np.conj(np.fft.rfft(clean, 2**20))
    lag = int(np.argmax(np.fft.irfft(spectrum)))
    assert min(lag, 2**20 - lag) <= 44


def test_degrading_sets_level_and_noise() -> None:
    sound = replace(plan_piece(0).sound, gain_db=-6.0, noise_db=-40.0, room_share=0.0, tilt_db=0.0, drive=0.0)
    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100).astype(np.float32)[:, None].repeat(2, axis=1)
    half = np.where(np.arange(44_100)[:, None] < 22_050, tone, 0).astype(np.float32)
    heard = degrade(half, 44_100, sound, seed=1)
    assert 20 * np.log10(heard[23_000:].std()) == pytest.approx(-40.0, abs=0.5)
    quiet = degrade(half, 44_100, replace(sound, noise_db=-120.0), seed=1)
    assert 20 * np.log10(np.abs(quiet).max()) == pytest.approx(-6.0, abs=0.01)


@pytest.mark.parametrize(("hz", "gain_db"), [(30.0, 0.0), (15_000.0, 6.0)])
def test_tilt_lifts_the_treble_against_the_bass(hz: float, gain_db: float) -> None:
    tone = np.sin(2 * np.pi * hz * np.arange(44_100) / 44_100).astype(np.float32)[:, None]
    change = 20 * np.log10(tilt(tone, 44_100, 6.0)[22_050:].std() / tone[22_050:].std())
    assert change == pytest.approx(gain_db, abs=0.2)


def test_a_missing_soundfont_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"nowhere\.sf2' is not a file"):
        find_soundfont(tmp_path / "nowhere.sf2")
