"""Every bad input gets one clear, printable line; what can be used in part is used."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes import audio
from linernotes.audio import AudioError

TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(8 * 22050) / 22050)).astype(np.float32)


@pytest.fixture(autouse=True)
def no_ffmpeg(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))


def error_of(path: str | bytes | Path) -> str:
    """The one line that decoding, probing and streaming agree on (probe may be content with a header)."""
    with pytest.raises(AudioError) as streamed:
        list(audio.stream(path, [16_000, 22_050]))
    with pytest.raises(AudioError) as decoded:
        audio.decode(path)
    message = str(streamed.value)
    assert message == str(decoded.value)
    assert message.isprintable()
    assert message.startswith(repr(os.fsdecode(path)))
    return message.removeprefix(repr(os.fsdecode(path)) + " ")


def warnings_of(path: Path) -> list[str]:
    warnings: list[str] = []
    for block in audio.stream(path, [16_000], warn=warnings.append):
        assert np.isfinite(block[16_000]).all()
    assert all(warning.isprintable() and warning.startswith(repr(str(path))) for warning in warnings)
    return [warning.removeprefix(repr(str(path)) + " ") for warning in warnings]


def test_missing(tmp_path: Path) -> None:
    assert error_of(tmp_path / "a.mp3") == "does not exist; check the spelling and the folder"
    assert error_of("") == "does not exist; check the spelling and the folder"
    (tmp_path / "file").write_bytes(b"x")
    assert error_of(tmp_path / "file" / "a.mp3") == "lies in something that is not a folder; check the path"


def test_directory(tmp_path: Path) -> None:
    assert error_of(tmp_path) == "is a folder, not an audio file; name the files in it"


def test_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    assert error_of(path) == "is empty (0 bytes): a download or copy failed; get it again"


def test_broken_link_and_link_loop(tmp_path: Path) -> None:
    broken, loop = tmp_path / "broken.wav", tmp_path / "loop.wav"
    broken.symlink_to(tmp_path / "gone.wav")
    loop.symlink_to(loop)
    assert error_of(broken) == "is a link whose target is missing; mend the link or name the file itself"
    assert error_of(loop) == "is a link that leads back to itself; name the real file"


def test_a_link_to_a_recording_is_followed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", TONE, 22050)
    (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    assert audio.decode(tmp_path / "b.wav").duration_s == pytest.approx(8.0)


def test_pipes_sockets_and_devices_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.wav")
    line = "is a pipe, socket or device, not a file; save the audio to a file and name that"
    assert error_of(tmp_path / "fifo.wav") == line
    assert error_of("/dev/zero") == line
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s.wav"))
        assert "socket" in error_of(tmp_path / "s.wav") or "can't be opened" in error_of(tmp_path / "s.wav")


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """The superuser may read everything; as somebody else the system's refusal is the real one."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_unreadable(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, 22050)
    path.chmod(0)
    request.getfixturevalue("as_nobody")
    line = "may not be read by this user; change its permissions (chmod +r) or run as its owner"
    assert error_of(path) == line


def test_text_renamed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("<!DOCTYPE html>\n<html><body>404 – not found</body></html>")
    assert error_of(path) == (
        "is text, not audio (it begins '<!DOCTYPE html>\\n<html><b'): "
        "a renamed file or a saved error page; get the audio file itself"
    )
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "is a PNG file, not audio; take the audio out of it first"),
        (b"PK\x03\x04\x00\x00", "is a ZIP file, not audio; take the audio out of it first"),
        (
            b"\x07\x01\x02\x03",
            "is in no audio format that is known here: it may be",
        ),
        (
            b"fLaC\x00\x00",
            "begins like a FLAC file, but no audio in it can be decoded: it is",
        ),
    ],
)
def test_what_is_not_audio(tmp_path: Path, head: bytes, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(head + bytes(range(256)) * 8)
    assert error_of(path).startswith(said)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", ["wav", "aiff", "ogg"])
def test_header_only(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, TONE[:0], 22050)
    line = "has a header but no audio after it: its recording or export failed; make it again"
    assert error_of(path) == line


def test_header_of_a_longer_file_only(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, 22050)
    os.truncate(path, 44)
    assert error_of(path).startswith("has a header but no audio after it: ")


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_truncated_files_are_used_as_far_as_they_go(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(0).normal(0, 0.1, len(TONE)).astype(np.float32)
    soundfile.write(path, TONE / 2 + noise, 22050)
    os.truncate(path, path.stat().st_size // 2)
    (warning,) = warnings_of(path)
    assert warning.startswith("is cut off or damaged: ")
    assert warning.endswith("s that decode were used")
    assert 2.5 < audio.decode(path).duration_s < 5.0
    assert capfd.readouterr().err == "", "the MP3 decoder writes nothing to standard error itself"


def test_silence_and_dc_decode_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(22050), 22050)
    assert warnings_of(path) == ["holds only silence"]
    assert audio.is_silent(audio.decode(path).waveform)
    soundfile.write(path, np.full(22050, 0.25), 22050)
    assert warnings_of(path) == ["holds a constant offset (DC) and no sound"]


def test_nan_and_infinity_become_zero(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    spoilt = np.stack([TONE, TONE], 1)
    spoilt[100:105, 0] = np.nan
    spoilt[200, 1] = np.inf
    spoilt[300, 0] = -1e20
    soundfile.write(path, spoilt, 22050, subtype="FLOAT")
    assert warnings_of(path) == ["holds 7 samples that are NaN, infinite or absurdly large; they became 0"]
    at_own_rate = audio.decode(path, 22050).waveform
    np.testing.assert_allclose(at_own_rate[100:105], TONE[100:105] / 2, atol=1e-6)


def test_nothing_but_nan(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(22050, np.nan), 22050, subtype="FLOAT")
    assert error_of(path) == "holds no numbers, only NaN or infinity: its export failed; export it again"


@pytest.mark.parametrize("rate", [5, 3999])
def test_a_rate_too_low_for_music(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, rate)
    assert error_of(path) == (
        f"has a sample rate of {rate} Hz, where at least 4000 Hz are needed: "
        "its header is probably wrong; export it again at 44100 Hz"
    )
    with pytest.raises(AudioError, match="at least 4000 Hz"):
        audio.probe(path)


def test_an_absurd_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, 2_000_000_000)
    assert "has a sample rate of 2000000000 Hz, where at most 768000 Hz are needed" in error_of(path)


def test_too_short(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE[:1102], 22050)
    line = "holds 0.05 s of audio, where at least 0.5 s are needed: it is a mere effect; "
    assert error_of(path) == line + "give a longer recording"


@pytest.mark.parametrize(
    "name",
    [
        "two words.wav",
        'it\'s "quoted".wav',
        "new\nline.wav",
        "-v.wav",
        "$(id).wav",
        "Ünïcode 音.wav",
        "a.raw",
    ],
)
def test_odd_names_decode(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(tmp_path / "plain.wav", TONE, 22050)
    (tmp_path / "plain.wav").rename(path)
    assert audio.decode(path).duration_s == pytest.approx(8.0)
    assert audio.decode(os.fsencode(path)).duration_s == pytest.approx(8.0)
    os.truncate(path, 0)
    assert error_of(path).startswith("is empty")


def test_a_name_that_is_not_utf8_decodes_and_errs_in_one_printable_line(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "plain.wav", TONE, 22050)
    odd = os.fsencode(tmp_path) + b"/caf\xe9\n.wav"
    os.rename(tmp_path / "plain.wav", odd)
    assert audio.decode(odd).duration_s == pytest.approx(8.0)
    assert audio.probe(os.fsdecode(odd)).duration_s == pytest.approx(8.0)
    os.truncate(odd, 0)
    assert error_of(odd).startswith("is empty")


def test_a_name_that_can_be_no_name(tmp_path: Path) -> None:
    assert error_of("a\0b.wav").startswith("is no file name: ")
    assert error_of(str(tmp_path / ("x" * 300))).startswith("can't be opened (file name too long)")


def test_an_mp3_without_a_length_in_its_header_is_not_called_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    noise = np.random.default_rng(0).normal(0, 0.1, len(TONE)).astype(np.float32)
    noise[: len(noise) // 4] = 0  # at a variable bit rate the first frames then mislead the guess
    soundfile.write(path, noise, 22050, bitrate_mode="VARIABLE", compression_level=0.5)
    data = path.read_bytes()
    header = max(data.find(b"Xing"), data.find(b"Info"))
    path.write_bytes(data[:header] + b"\0\0\0\0" + data[header + 4 :])
    assert warnings_of(path) == []
    assert audio.decode(path).duration_s == pytest.approx(8.0, abs=0.2)


def test_a_wav_of_unknown_length_is_no_truncated_one(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, TONE, 22050)
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    assert warnings_of(path) == []
    assert audio.decode(path).duration_s == pytest.approx(8.0, abs=0.01)
