"""What `audio` promises of good files: every format and rate, bounded memory, nothing lost at the ends."""

from __future__ import annotations

import shutil
import stat
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes import audio
from linernotes.audio import AudioError

FORMATS = {"wav": "PCM_16", "flac": "PCM_16", "aiff": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}


def tone(hz: float, seconds: float, rate: int, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def strongest_hz(waveform: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
    return float(spectrum.argmax() * rate / len(waveform))


def streamed(path: Path, rates: list[int], block_s: float = 30.0) -> dict[int, np.ndarray]:
    blocks = list(audio.stream(path, rates, block_s))
    return {rate: np.concatenate([block[rate] for block in blocks]) for rate in rates}


@pytest.mark.parametrize(("suffix", "subtype"), FORMATS.items())
def test_each_format_keeps_pitch_level_and_length(tmp_path: Path, suffix: str, subtype: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.stack([tone(1000, 3, 44100)] * 2, 1), 44100, subtype=subtype)
    heard: list[str] = []
    decoded = audio.decode(path, 16_000, warn=heard.append)
    assert heard == []
    assert decoded.waveform.dtype == np.float32
    assert decoded.duration_s == pytest.approx(3.0, abs=0.001)
    assert strongest_hz(decoded.waveform, 16_000) == pytest.approx(1000, abs=0.5)
    assert np.sqrt(np.mean(decoded.waveform**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    probe = audio.probe(path)
    assert (probe.path, probe.sample_rate, probe.channels) == (str(path), 44100, 2)
    assert probe.duration_s == pytest.approx(3.0, abs=0.001)


@pytest.mark.parametrize(("suffix", "subtype"), FORMATS.items())
def test_reading_in_pieces_gives_what_reading_at_once_gives(
    tmp_path: Path, suffix: str, subtype: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 3 * 44100)
    soundfile.write(path, noise, 44100, subtype=subtype)
    at_once, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(streamed(path, [44_100], block_s=0.3)[44_100], at_once)


def test_opus_decodes(tmp_path: Path) -> None:
    path = tmp_path / "a.opus"
    soundfile.write(path, tone(1000, 2, 48000), 48000, format="OGG", subtype="OPUS")
    decoded = audio.decode(path)
    assert decoded.duration_s == pytest.approx(2.0, abs=0.03)
    assert strongest_hz(decoded.waveform, 16_000) == pytest.approx(1000, abs=1)


def test_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "really_flac.mp3"
    soundfile.write(path, tone(440, 1, 22050), 22050, format="FLAC")
    assert audio.decode(path).duration_s == pytest.approx(1.0)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000, 192000])
def test_every_rate_comes_out_at_the_rate_asked_for(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1000, 2, rate), rate)
    blocks = streamed(path, [16_000, 22_050])
    for wanted, waveform in blocks.items():
        assert abs(len(waveform) - 2 * wanted) <= 1
        assert strongest_hz(waveform, wanted) == pytest.approx(1000, abs=1)


def test_the_blocks_of_a_stream_join_to_the_whole_whatever_their_size(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * 44100).astype(np.float32)
    soundfile.write(path, noise, 44100, subtype="FLOAT")
    whole = streamed(path, [16_000, 44_100])
    pieces = streamed(path, [16_000, 44_100], block_s=0.37)
    np.testing.assert_array_equal(pieces[44_100], noise)
    np.testing.assert_allclose(pieces[16_000], whole[16_000], atol=1e-6)


def test_rates_stay_in_step_from_block_to_block(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(300, 20, 44100), 44100)
    heard_s = {16_000: 0.0, 22_050: 0.0}
    for block in audio.stream(path, list(heard_s), block_s=2.0):
        for rate in heard_s:
            heard_s[rate] += len(block[rate]) / rate
        assert abs(heard_s[16_000] - heard_s[22_050]) < 0.05


def test_resampling_lets_no_alias_through(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(12_000, 2, 44100), 44100, subtype="FLOAT")
    middle = audio.decode(path, 16_000).waveform[4000:-4000]
    assert np.sqrt(np.mean(middle**2)) < 1e-4


def write_silent_wav(path: Path, seconds: int, rate: int = 8000) -> None:
    """An 8-bit WAV whose samples are a hole in the file, so that hours cost no disk."""
    size = seconds * rate
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate, rate, 1, 8,
                         b"data", size)  # fmt: skip
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + size)


def peak_bytes(path: Path) -> int:
    tracemalloc.start()
    for block in audio.stream(path, [16_000], block_s=10.0):
        assert len(block[16_000]) <= 10.2 * 16_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    short, long = tmp_path / "short.wav", tmp_path / "long.wav"
    write_silent_wav(short, 60)
    write_silent_wav(long, 3600)
    peak_bytes(short)
    assert peak_bytes(long) < 1.1 * peak_bytes(short) < 8e6


def test_many_channels_at_a_high_rate_come_in_shorter_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(tone(440, 4, 192_000)[:, None], (1, 8)), 192_000)
    blocks = [len(block[16_000]) for block in audio.stream(path, [16_000])]
    assert max(blocks) <= audio.MAX_BUFFER / 8 / 12 + 200
    assert sum(blocks) == pytest.approx(64_000, abs=1)


def test_eight_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    channels = np.zeros((16_000, 8), np.float32)
    channels[:, 3] = tone(500, 1, 16_000, level=0.8)
    soundfile.write(path, channels, 16_000, subtype="FLOAT")
    np.testing.assert_allclose(audio.decode(path).waveform, channels[:, 3] / 8, atol=1e-6)


def test_stereo_in_opposite_phase_is_heard_through_one_channel(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    heard: list[str] = []
    left = tone(500, 1, 16_000)
    soundfile.write(path, np.stack([left, -left], 1), 16_000, subtype="FLOAT")
    np.testing.assert_allclose(np.abs(audio.decode(path, warn=heard.append).waveform), np.abs(left))
    (warning,) = heard
    assert warning.startswith(
        f"{str(path)!r} has channels in opposite phase, which cancel in a mix; only its"
    )


def test_windows_keep_the_tail() -> None:
    waveform = np.arange(10, dtype=np.float32)
    found = list(audio.windows(audio.Audio(waveform, 1), 4, 3))
    assert [(window.start_s, window.waveform.tolist()) for window in found] == [
        (0, [0, 1, 2, 3]),
        (3, [3, 4, 5, 6]),
        (6, [6, 7, 8, 9]),
    ]
    tail = list(audio.windows(audio.Audio(waveform, 1), 4, 4))[-1]
    assert (tail.start_s, tail.waveform.tolist()) == (8, [8, 9])
    assert [len(window.waveform) for window in audio.windows(audio.Audio(waveform, 1), 30, 30)] == [10]


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    assert audio.sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_what_is_silent() -> None:
    assert audio.is_silent(np.zeros(100, np.float32))
    assert audio.is_silent(np.full(100, 0.7, np.float32))
    assert audio.is_silent(np.zeros(0, np.float32))
    assert not audio.is_silent(tone(440, 1, 8000, level=0.001))


@pytest.mark.parametrize(("rates", "block_s"), [([], 1.0), ([0], 1.0), ([16_000], 0.0)])
def test_senseless_requests_are_refused(tmp_path: Path, rates: list[int], block_s: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        list(audio.stream(tmp_path / "a.wav", rates, block_s))
    with pytest.raises(ValueError, match="above 0"):
        list(audio.windows(audio.Audio(np.zeros(4, np.float32), 4), 0, 1))


FAKE_FFMPEG = """#!{python}
import struct, sys
import numpy as np
assert sys.argv[1:6] == ["-nostdin", "-v", "warning", "-protocol_whitelist", "file,pipe"], sys.argv
assert sys.argv[sys.argv.index("-i") + 1].startswith("file:/"), sys.argv
samples = np.sin(2 * np.pi * 440 * np.arange(2 * {rate}) / {rate}) * 0.5
sys.stdout.buffer.write(b".snd" + struct.pack(">6I", 28, 0xFFFFFFFF, 6, {rate}, 2, 0))
sys.stdout.buffer.write(np.repeat(samples, 2).astype(">f4").tobytes())
sys.exit({status})
"""

UNKNOWN = b"\x00\x00\x00\x18ftypM4A " + bytes(range(256)) * 8


def install_fake_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> None:
    program = folder / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(FAKE_FFMPEG.format(python=sys.executable, rate=32_000, status=status))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))


def test_what_libsndfile_does_not_know_goes_through_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_fake_ffmpeg(tmp_path, monkeypatch)
    path = tmp_path / "-i; rm 'x'.m4a"
    heard: list[str] = []
    path.write_bytes(UNKNOWN)
    decoded = audio.decode(path, warn=heard.append)
    assert decoded.duration_s == pytest.approx(2.0, abs=1e-3)
    assert strongest_hz(decoded.waveform, 16_000) == pytest.approx(440, abs=1)
    assert heard == []
    assert audio.probe(path) == audio.Probe(str(path), 2.0, 32_000, 2)


def test_what_ffmpeg_gave_before_it_failed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_fake_ffmpeg(tmp_path, monkeypatch, status=1)
    path = tmp_path / "a.m4a"
    heard: list[str] = []
    path.write_bytes(UNKNOWN)
    assert audio.decode(path, warn=heard.append).duration_s == pytest.approx(2.0, abs=1e-3)
    assert heard == [
        f"{str(path)!r} is cut off or damaged: ffmpeg stopped with an error; the 2.0 s that decode were used"
    ]


def test_without_ffmpeg_the_error_says_that_it_would_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "a.m4a"
    path.write_bytes(UNKNOWN)
    with pytest.raises(AudioError, match=r"begins like an MP4 file.*installing ffmpeg would help"):
        audio.decode(path)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("suffix", ["m4a", "wma", "webm", "mka"])
def test_real_ffmpeg_formats(tmp_path: Path, suffix: str) -> None:
    source, path = tmp_path / "a.wav", tmp_path / f"a b.{suffix}"
    soundfile.write(source, np.stack([tone(1000, 3, 48000)] * 2, 1), 48000)
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", source, path], check=True)
    decoded = audio.decode(path)
    assert decoded.duration_s == pytest.approx(3.0, abs=0.1)
    assert strongest_hz(decoded.waveform, 16_000) == pytest.approx(1000, abs=1)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_a_stream_that_is_left_early_leaves_no_process(tmp_path: Path) -> None:
    source, path = tmp_path / "a.wav", tmp_path / "a.mka"
    soundfile.write(source, tone(1000, 60, 8000), 8000)
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-c:a", "aac", path], check=True)
    blocks = audio.stream(path, [16_000], block_s=1.0)
    next(iter(blocks))
    blocks.close()  # type: ignore[attr-defined]
    assert audio.decode(path).duration_s == pytest.approx(60, abs=0.2)
