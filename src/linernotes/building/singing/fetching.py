"""Audio by a list of addresses: what is there is kept, a dead link stops nothing, coverage is reported.

Addresses of audio files are fetched as they are; everything else (videos) by yt-dlp, an optional extra. What may
be fetched and kept is for whoever runs this to know.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from linernotes.audio import AudioError, probe
from linernotes.audio.errors import NOT_AUDIO, announced_format
from linernotes.building.folder_lock import alone
from linernotes.building.singing.stages import file_name
from linernotes.clip import Clip
from linernotes.manifest import whole_file
from linernotes.registry import need_extra

AUDIO_SUFFIXES = (".mp3", ".flac", ".wav", ".ogg", ".opus", ".m4a", ".aac", ".aiff")
LOG, REPORT, LOCK = "fetched.jsonl", "coverage.json", ".fetch.lock"
TIMEOUT_S = 60.0
LARGEST_FILE = 2 * 2**30
HEAD = 64
"""Bytes by which formats are told."""
VIDEO = "https://www.youtube.com/watch?v={}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A recording to fetch."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: a path under the folder, or in `error` why there is none."""

    name: str
    url: str
    path: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a list is there; failures by what they say before the first colon."""

    wanted: int
    there: int
    fetched_now: int
    failed: int
    reasons: Mapping[str, int]

    @property
    def share(self) -> float:
        return self.there / self.wanted if self.wanted else 0.0


def read_list(path: Path) -> list[Wanted]:
    """A text file: one address a line, or a name, a tab and an address; empty lines and those with # are skipped.

    Raises:
        ValueError: a line holds no http(s) address.
    """
    wanted: list[Wanted] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, _, url = text.rpartition("\t")
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{path} line {number}: {url!r} is no http address")
        wanted.append(Wanted(name.strip() or _name_of(url), url))
    return _told_apart(wanted)


def wanted_of(clips: Iterable[Clip]) -> list[Wanted]:
    """What a manifest's clips need, each recording once: by `extra.url`, or the video of `extra.youtube_id`."""
    found: list[Wanted] = []
    for clip in clips:
        video, url = str(clip.extra.get("youtube_id") or ""), str(clip.extra.get("url") or "")
        if video or url:
            found.append(Wanted(video or _name_of(url), url or VIDEO.format(video)))
    return _told_apart(found)


def _told_apart(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Each address once; where several would have one name, a hash of the address keeps their files apart."""
    by_url: dict[str, Wanted] = {}
    for one in wanted:
        by_url.setdefault(one.url, one)
    count = Counter(one.name for one in by_url.values())
    return [
        one if count[one.name] == 1 else replace(one, name=f"{one.name}-{_hash_of(one.url)}")
        for one in by_url.values()
    ]


def _hash_of(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:8]


def _name_of(url: str) -> str:
    parts = urlsplit(url)
    stem = Path(parts.path).stem if parts.path.lower().endswith(AUDIO_SUFFIXES) else Path(parts.path).name
    return "_".join(part for part in (stem, parts.query.replace("=", "_")) if part) or parts.netloc


def fetch(
    wanted: Sequence[Wanted], folder: Path, done: Callable[[int], None] = lambda number: None
) -> Coverage:
    """Fetch what is missing into `folder/audio`; the same call later tries only what is not there.

    Raises:
        ValueError: another run is at work in the folder.
    """
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    results: list[Fetched] = []
    fresh = 0
    with alone(folder, LOCK):
        for number, one in enumerate(wanted, 1):
            there = next(_files_of(one, folder), None)
            result = Fetched(one.name, one.url, f"audio/{there.name}") if there else _try(one, folder)
            fresh += not there and not result.error
            results.append(result)
            done(number)
        _write(folder / LOG, "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in results))
        reasons = Counter(one.error.split(":")[0] for one in results if one.error)
        failed = sum(bool(one.error) for one in results)
        coverage = Coverage(len(results), len(results) - failed, fresh, failed, dict(reasons.most_common()))
        _write(
            folder / REPORT,
            json.dumps({**asdict(coverage), "share": round(coverage.share, 4)}, indent=2) + "\n",
        )
    return coverage


def _files_of(one: Wanted, folder: Path) -> Iterator[Path]:
    stem = file_name(one.name)
    return (
        folder / "audio" / f"{stem}{suffix}" for suffix in AUDIO_SUFFIXES if _is_file(folder, stem, suffix)
    )


def _is_file(folder: Path, stem: str, suffix: str) -> bool:
    return (folder / "audio" / f"{stem}{suffix}").is_file()


def _try(one: Wanted, folder: Path) -> Fetched:
    """Whatever goes wrong with one address is noted as its own failure."""
    try:
        parts = urlsplit(one.url)
        suffix = Path(parts.path).suffix.lower()
        if parts.scheme not in ("http", "https"):
            raise ValueError(f"no http address: {one.url}")
        if suffix in AUDIO_SUFFIXES:
            path = folder / "audio" / f"{file_name(one.name)}{suffix}"
            _download(one.url, path)
            _refuse_unless_sound(path)
        else:
            path = _by_yt_dlp(one, folder)
        return Fetched(one.name, one.url, f"audio/{path.name}")
    except MemoryError:
        raise
    except urllib.error.HTTPError as error:
        return Fetched(one.name, one.url, error=f"HTTP {error.code}: {error.reason}")
    except urllib.error.URLError as error:
        return Fetched(one.name, one.url, error=f"no connection: {error.reason}")
    except Exception as error:  # yt-dlp's extractors raise anything; the next address may well be alive
        text = " ".join(str(error).split()) or type(error).__name__
        kind = type(error).__name__
        speaks = kind in ("DownloadError", "ValueError", "OSError")  # for themselves; others need their names
        return Fetched(one.name, one.url, error=_plain(text) if speaks else f"{kind}: {text}")


def _plain(said: str) -> str:
    """What yt-dlp says, less its own word for errors and the site and video that it names first."""
    return re.sub(r"^(?:ERROR: )?(?:\[[^\]]*\] (?:\S+: )?)?", "", said)


def _download(url: str, path: Path) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "linernotes"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer, whole_file(path) as file:
        kind = answer.headers.get_content_type()
        if kind.startswith("text/"):
            raise ValueError(f"no audio but {kind}: most likely a page that says it is gone")
        size = int(answer.headers.get("Content-Length") or 0)
        if size > LARGEST_FILE:
            raise ValueError(f"too large: {size / 1e9:.1f} GB")
        shutil.copyfileobj(answer, file)
        if size and file.tell() != size:
            raise OSError(f"broken off: {file.tell()} of {size} bytes came")


def _refuse_unless_sound(path: Path) -> None:
    """Delete what neither decodes nor begins like audio; a format that no decoder here knows is kept.

    Raises:
        ValueError: that is what came.
    """
    try:
        probe(path)
    except AudioError as error:
        with path.open("rb") as file:
            head = file.read(HEAD)
        if announced_format(head) not in {None, *NOT_AUDIO}:
            return
        path.unlink()
        raise ValueError(f"no audio: {error}") from error


class _Silent:
    """Where yt-dlp says what goes wrong; it is raised as well, and counted."""

    def debug(self, said: str) -> None:
        """Nothing."""

    warning = error = debug


def _by_yt_dlp(one: Wanted, folder: Path) -> Path:
    """The sound of a video, in the best format that its site has."""
    yt_dlp: Any = need_extra("yt_dlp", "youtube")
    stem = file_name(one.name)
    options = {
        "format": "bestaudio/best",
        "outtmpl": str(folder / "audio" / f"{stem.replace('%', '%%')}.%(ext)s"),
        "postprocessors": [{"key": "FFmpegExtractAudio", "preferredcodec": "flac"}],
        "quiet": True,
        "no_warnings": True,
        "noplaylist": True,
        "noprogress": True,
        "logger": _Silent(),
        "socket_timeout": TIMEOUT_S,
        "max_filesize": LARGEST_FILE,
    }
    with yt_dlp.YoutubeDL(options) as loader:
        loader.download([one.url])
    found = next(_files_of(one, folder), None)
    if found is None:
        raise OSError("nothing came: yt-dlp left no audio file")
    return found


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode("utf-8", "replace"))
