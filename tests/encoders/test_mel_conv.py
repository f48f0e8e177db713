"""The spectrogram of LP-MusicCaps against what is known of tones and silence, and its convolutions' shapes."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from linernotes.encoders.decibel_mel import SILENCE_DB, decibel_mel, frames_of, mel_tables  # noqa: E402
from linernotes.encoders.mel_conv import MelConvEncoder, MelSpectrogram, sinusoids  # noqa: E402

pytestmark = pytest.mark.torch

RATE = 16_000


def tone(hz: float, seconds: float, amplitude: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def test_a_tone_stands_in_its_band_at_its_level() -> None:
    bins = np.linspace(0, RATE / 2, 513)
    hz = bins[64]  # 1,000 Hz, in the middle of a bin: no leakage but the window's own
    mel = decibel_mel(tone(hz, 1.0), window_s=1.0)
    middle = mel[50]
    assert abs(bins[mel_tables().filters[:, int(middle.argmax())].argmax()] - hz) < 40
    # The window spreads (amplitude * 512 / 2)^2 over the bin and a quarter of it over each neighbour.
    peak = (0.5 * 512 / 2) ** 2
    powers = np.zeros(513)
    powers[63:66] = peak / 4, peak, peak / 4
    expected = 10 * np.log10(max(powers @ mel_tables().filters))
    assert middle.max() == pytest.approx(expected, abs=0.01)
    louder = decibel_mel(tone(hz, 1.0, amplitude=1.0), window_s=1.0)[50]
    assert louder.max() - middle.max() == pytest.approx(20 * np.log10(2), abs=0.01)


def test_the_release_leaves_out_the_imaginary_part() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    power, real = (decibel_mel(noise, convention, 1.0) for convention in ("power", "released"))
    assert (power >= real - 1e-4).all()
    # Real and imaginary part of noise have the same power: half of it is missing.
    ratio = (10 ** (real / 10)).sum() / (10 ** (power / 10)).sum()
    assert ratio == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match="one of power, released"):
        decibel_mel(noise, "magnitude")


def test_a_short_clip_is_the_beginning_of_a_window_of_silence() -> None:
    clip = tone(440, 0.5)
    short = decibel_mel(clip, window_s=1.0)
    whole = decibel_mel(np.pad(clip, (0, RATE // 2)), window_s=1.0)
    assert len(whole) == frames_of(RATE) == 101
    assert len(short) == 54  # 50, and those that reach back over its end
    np.testing.assert_array_equal(short, whole[: len(short)])
    np.testing.assert_allclose(whole[len(short) :], SILENCE_DB, atol=1e-4)
    with pytest.raises(ValueError, match="no samples"):
        decibel_mel(np.zeros(0, np.float32))


@torch.no_grad()
def test_ten_seconds_make_32_vectors_and_fewer_are_marked() -> None:
    torch.manual_seed(0)
    encoder = MelConvEncoder(8, "power", 10.0).eval()
    clips = [tone(440, 10.0), tone(440, 3.0)]
    waveforms = torch.zeros(2, 10 * RATE)
    for row, clip in zip(waveforms, clips, strict=True):
        row[: len(clip)] = torch.from_numpy(clip)
    lengths = torch.tensor([len(clip) for clip in clips])
    heard = encoder(waveforms, lengths)
    assert heard.states.shape == (2, 32, 8)
    assert heard.mask.sum(1).tolist() == [32, 10]
    alone = encoder(waveforms[1:, : 3 * RATE], lengths[1:])
    torch.testing.assert_close(alone.states, heard.states[1:], atol=1e-4, rtol=1e-5)
    loudness = (heard.states - encoder.positional_embedding).square().mean().sqrt()
    assert 5 < loudness < 200  # decibels went in, and the positions are of the size of one
    spectrograms = encoder.spectrogram(waveforms, lengths)
    assert spectrograms.states.shape == (2, 1001, 128)
    assert MelSpectrogram("released", 10.0).identity != encoder.spectrogram.identity


def test_positions_are_sines_then_cosines() -> None:
    table = sinusoids(5, 6)
    assert table[0].tolist() == [0, 0, 0, 1, 1, 1]
    assert table[3, 0] == pytest.approx(np.sin(3), abs=1e-6)
    assert table[3, 5] == pytest.approx(np.cos(3e-4), abs=1e-6)
