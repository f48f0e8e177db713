"""A rendered singing corpus on disk: mixes, clean stems, a manifest with the truth; resumable.

A clip is done when its record lies in `records/`, which is written after its two audio files; so a run may be
killed at any moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import soundfile

from linernotes.building.folder_lock import alone
from linernotes.building.singing import Attribute
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.corpus import (
    CORPUS_VERSION,
    SAMPLE_RATE,
    SungClip,
    SungOrder,
    make_sung,
    plan_clips,
)
from linernotes.building.singing.wording import Templates
from linernotes.clip import Clip, Fact, FactValue
from linernotes.manifest import clip_from_record, clip_to_record, whole_file, write_manifest

MANIFEST, SETTINGS, LOCK, RECORDS = "manifest.jsonl", "settings.json", ".lock", "records"
SECONDS_RANGE = (5.0, 30.0)
SOURCE = "rendered singing"
LICENCE = "music: Apache-2.0 (music by linernotes); voices: espeak-ng (GPL-3.0); soundfont: as its file says"


@dataclass(frozen=True, slots=True)
class CorpusSettings:
    """Everything that decides a corpus; `degraded` is the share of mixes with room, noise and saturation."""

    clips: int
    seed: int = 0
    seconds: float = 12.0
    degraded: float = 0.5
    soundfont_sha256: str = ""
    version: str = CORPUS_VERSION

    def __post_init__(self) -> None:
        if self.clips < 1:
            raise ValueError(f"a corpus needs at least one clip, {self.clips} were asked for")
        if not SECONDS_RANGE[0] <= self.seconds <= SECONDS_RANGE[1]:
            raise ValueError(f"a sung clip lasts 5 to 30 s, not {self.seconds:g} s")
        if not 0.0 <= self.degraded <= 1.0:
            raise ValueError(f"--degrade is a share from 0 to 1, not {self.degraded:g}")


Runner = Callable[[Callable[[SungOrder], None], Sequence[SungOrder]], Iterator[str | None]]
"""Does a work to every order, in any number of processes; says for each in turn why it failed, if it did."""


def one_by_one(work: Callable[[SungOrder], None], orders: Sequence[SungOrder]) -> Iterator[str | None]:
    """In this process; what goes wrong is raised."""
    for order in orders:
        work(order)
        yield None


def render_corpus(
    settings: CorpusSettings,
    folder: Path,
    *,
    soundfont: Path,
    progress: Callable[[int], None] = lambda clips: None,
    run: Runner = one_by_one,
) -> Path:
    """Make what is missing of a corpus in `folder`; returns its manifest.

    Raises:
        ValueError: the folder holds a corpus of other settings, another run is at work in it, or a clip failed.
        RenderError: something that rendering needs is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, LOCK):
        _claim(folder, settings)
        orders = plan_clips(settings.clips, settings.seed, degraded=settings.degraded)
        missing = [order for order in orders if not _is_done(folder, order)]
        progress(done := len(orders) - len(missing))
        for error in run(partial(_make, folder=folder, settings=settings, soundfont=soundfont), missing):
            if error is not None:
                raise ValueError(f"clip {done} can't be rendered: {error}")
            progress(done := done + 1)
        manifest = folder / MANIFEST
        write_manifest(
            manifest,
            (clip_from_record(_record(folder, number)["clip"]) for number in range(settings.clips)),
        )
    return manifest


def _claim(folder: Path, settings: CorpusSettings) -> None:
    """Write the settings of a corpus down; those of a run that made no clip, as for want of an extra, give way."""
    path = folder / SETTINGS
    wanted = asdict(settings)
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        if {**found, "clips": 0} != {**wanted, "clips": 0} and (folder / RECORDS).is_dir():
            raise ValueError(f"{folder} holds a corpus of other settings: give another --out")
    elif any(child.name != LOCK for child in folder.iterdir()):
        raise ValueError(f"{folder} is not empty and holds no rendered corpus: give a new folder to --out")
    for leftover in folder.rglob(".*.part"):
        leftover.unlink(missing_ok=True)
    _write(path, json.dumps(wanted, indent=2) + "\n")


def _record_path(folder: Path, number: int) -> Path:
    return folder / RECORDS / f"{number:06d}.json"


def _record(folder: Path, number: int) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(_record_path(folder, number).read_text("utf-8"))
    return found


def _is_done(folder: Path, order: SungOrder) -> bool:
    try:
        sizes = _record(folder, order.number)["bytes"]
        return all((folder / path).stat().st_size == size for path, size in sizes.items())
    except (OSError, ValueError, KeyError):
        return False


def _make(order: SungOrder, folder: Path, settings: CorpusSettings, soundfont: Path) -> None:
    made = make_sung(order, settings.seconds, str(soundfont))
    clip = clip_of(made, settings)
    sizes: dict[str, int] = {}
    for path, waveform in ((clip.audio_path, made.mix), (str(clip.extra["vocals_path"]), made.vocals)):
        with whole_file(folder / path) as file:
            soundfile.write(file, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_24")
        sizes[path] = (folder / path).stat().st_size
    record = {"bytes": sizes, "clip": clip_to_record(clip)}
    _write(_record_path(folder, order.number), json.dumps(record, ensure_ascii=False) + "\n")


def clip_of(made: SungClip, settings: CorpusSettings) -> Clip:
    """The manifest's line of a clip; `extra.truth` has numbers and classes, `extra.vocals_path` the clean stem."""
    order, end_s = made.order, settings.seconds
    classes = made.classes(Thresholds())

    def fact(name: str, value: FactValue, unit: str = "") -> Fact:
        return Fact(f"truth:{name}", name, value, unit, 1.0, SOURCE, 0.0, end_s)

    facts = (
        fact("content", "music"),
        fact("voice", "sung"),
        fact("singer_gender", order.gender),
        fact("genre", made.arrangement.genre),
        fact("tempo", made.tempo_bpm, "BPM"),
        fact("metre", made.arrangement.metre),
        *([fact("mood", made.arrangement.mood)] if made.arrangement.mood else []),
        *([fact("key", made.arrangement.key)] if made.arrangement.key else []),
    )
    name = f"sung-{settings.seed}-{order.number:06d}"
    return Clip(
        clip_id=name,
        audio_path=f"audio/{name}.flac",
        end_s=end_s,
        captions=captions_of(classes, name),
        tags=tuple(f"{field}:{value}" for field, value in classes.items()),
        facts=facts,
        artist_id=order.voice,
        split=order.split,
        source=SOURCE,
        licence=LICENCE,
        extra={
            "vocals_path": f"vocals/{name}.flac",
            "truth": {
                **classes,
                "volume_db": round(made.volume_db, 2),
                "pitch_hz": round(made.pitch_hz, 2),
                "tempo_bpm": made.tempo_bpm,
                "voice_over_band_db": round(order.over_band_db, 2),
                "degraded": order.is_degraded,
            },
        },
    )


def captions_of(classes: dict[str, str], seed: str) -> tuple[str, ...]:
    """True sentences of a clip, in two wordings; timbre is not known of rendered voices and is not spoken of."""
    attributes = {name: Attribute(name, value, 1.0, SOURCE) for name, value in classes.items()}
    writer = Templates()
    whole = writer({**attributes, "timbre": Attribute("timbre", "", 0.0, "")}, seed).text
    told = (
        f"A {classes['singer_gender']} singer performs at a {classes['pitch']} pitch and "
        f"{classes['volume']} volume; "
        f"the tempo is {classes['tempo']} and the mood {classes['mood']}."
    )
    return (whole, told)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())
