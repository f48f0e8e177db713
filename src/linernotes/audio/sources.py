"""Decoders behind one small interface: libsndfile for common formats, an ffmpeg process for the rest.

A source gives samples in order, into a buffer the caller owns, and says at the end whether the file held what
its header promised.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import tempfile
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from linernotes.audio.errors import (
    AudioError,
    FilePath,
    announced_format,
    open_regular_file,
    refuse_what_is_not_audio,
    undecodable,
)
from linernotes.audio.mp3 import HEAD_BYTES, bytes_at, pipe_of_frames, tells_its_length
from linernotes.audio.quiet_stderr import mpg123_hushed

PIECE_FRAMES = 1 << 14
"""Frames asked of libsndfile at once: where a file breaks off, at most so much of the usable part is lost."""

UNKNOWN_DATA_SIZES = frozenset({0, 0x7FFFFFFF, 0xFFFFFFFF})
"""What writers that stream put where the size of a WAV file's samples belongs."""


UNKNOWN_FRAMES = 1 << 62
"""libsndfile gives such a count where it can't know."""


class Source(Protocol):
    """A file being decoded. `promised_s` is the duration by its header, None where the header has none."""

    sample_rate: int
    channels: int
    promised_s: float | None

    def read_into(self, buffer: NDArray[np.float32]) -> int:
        """Fill `buffer` (frames, channels) from the start; fewer frames than fit mean the end of the file."""

    def damage(self) -> str | None:
        """After the end: what broke the decoding off, None where nothing did."""

    def close(self) -> None: ...


class ForwardFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read from start to end.

    soundfile seeks to where it stands after every read; in an MP3 that lands beside the mark and spoils thousands
    of samples (libsndfile 1.2.2). It does not where it believes that it can't.
    """

    def seekable(self) -> bool:
        return False


class SoundFileSource:
    """WAV, FLAC, OGG, Opus, MP3, AIFF and what else libsndfile knows."""

    def __init__(self, descriptor: int, *, is_mp3: bool) -> None:
        self._hush: AbstractContextManager[None] = mpg123_hushed if is_mp3 else nullcontext()
        if is_mp3 and not tells_its_length(descriptor):
            descriptor = pipe_of_frames(descriptor)
        with self._hush:
            # A descriptor, not a name: libsndfile then judges by content alone, and odd names can't trip it.
            self._file = ForwardFile(descriptor, closefd=True)
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.promised_s = _promised_s(self._file)
        self._read_frames = 0
        self._broke_off = ""
        self._ended_early = self._file.format == "OGG" and not _ogg_stream_is_closed(descriptor)

    def read_into(self, buffer: NDArray[np.float32]) -> int:
        filled = 0
        with self._hush:
            while filled < len(buffer) and not self._broke_off:
                part = buffer[filled : filled + PIECE_FRAMES]
                try:
                    count = len(self._file.read(out=part))
                except soundfile.LibsndfileError as error:
                    self._broke_off = error.error_string.removeprefix("Error : ").strip(" .")
                    break
                filled += count
                if count < len(part):
                    break
        self._read_frames += filled
        return filled

    def damage(self) -> str | None:
        if self._broke_off:
            return f"its decoder stopped ({self._broke_off})"
        missing = (self.promised_s or 0.0) - self._read_frames / self.sample_rate
        if missing > 0.1:
            return "the file is shorter than its header says"
        return "its last page is missing" if self._ended_early else None

    def close(self) -> None:
        with self._hush:
            self._file.close()


def _promised_s(file: soundfile.SoundFile) -> float | None:
    """Seconds the header promises; libsndfile's own count is cut to what a WAV or AIFF file can hold."""
    if file.frames >= UNKNOWN_FRAMES:
        return None
    duration_s = float(file.frames / max(1, file.samplerate))
    found = re.search(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if not found or int(found[1]) in UNKNOWN_DATA_SIZES or int(found[2]) == 0:
        return duration_s
    return duration_s * int(found[1]) / int(found[2])


def _ogg_stream_is_closed(descriptor: int) -> bool:
    """Whether the last page carries the end-of-stream flag (RFC 3533, section 6); True if no page is seen."""
    tail = bytes_at(descriptor, max(0, os.fstat(descriptor).st_size - 65536), 65536)
    page = tail.rfind(b"OggS\x00")
    return page < 0 or len(tail) < page + 6 or bool(tail[page + 5] & 4)


class FfmpegSource:
    """Everything ffmpeg reads; it writes an AU stream, whose header tells the rate and the channels."""

    def __init__(self, path: FilePath, ffmpeg: str) -> None:
        self._errors = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - lives as long as the process
        source = b"file:" + os.fsencode(os.path.abspath(path))
        command: list[str | bytes] = [ffmpeg, "-nostdin", "-v", "warning", "-protocol_whitelist", "file,pipe"]
        command += ["-i", source, "-map", "0:a:0", "-vn", "-c:a", "pcm_f32be", "-f", "au", "-"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors
        )
        header = self._read(24)
        if len(header) < 24 or header[:4] != b".snd" or self._is_a_guess():
            self.close()
            raise AudioError("ffmpeg can't decode it")
        offset, _, _, rate, channels = struct.unpack(">5I", header[4:])
        self.sample_rate: int = rate
        self.channels: int = channels
        self._read(offset - 24)
        self.promised_s: float | None = None
        self._ended = False

    def read_into(self, buffer: NDArray[np.float32]) -> int:
        data = self._read(buffer.nbytes)
        count = len(data) // (4 * self.channels)
        samples = np.frombuffer(data, ">f4", count * self.channels)
        buffer[:count] = samples.reshape(count, self.channels)
        self._ended = count < len(buffer)
        return count

    def damage(self) -> str | None:
        if self._ended and self._process.wait() != 0:
            return "ffmpeg stopped with an error"
        text = self._error_text()
        cut = "Invalid data found" in text or "partial file" in text or "Truncat" in text
        return "ffmpeg met damaged data" if cut else None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()

    def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(size)

    def _is_a_guess(self) -> bool:
        return "misdetection possible" in self._error_text()

    def _error_text(self) -> str:
        self._errors.seek(0)
        return self._errors.read(65536).decode("utf-8", "replace")


def open_source(path: FilePath) -> Source:
    """The decoder for a file, chosen by its content; `AudioError` where there is none."""
    descriptor = open_regular_file(path)
    head = os.read(descriptor, HEAD_BYTES)
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        refuse_what_is_not_audio(path, head)
    except AudioError:
        os.close(descriptor)
        raise
    try:
        return SoundFileSource(descriptor, is_mp3=announced_format(head) == "MP3")
    except soundfile.LibsndfileError as error:
        ffmpeg = shutil.which("ffmpeg")
        if ffmpeg:
            try:
                return FfmpegSource(path, ffmpeg)
            except AudioError as ffmpeg_error:
                raise undecodable(path, head, ffmpeg_tried=True) from ffmpeg_error
        raise undecodable(path, head, ffmpeg_tried=False) from error
