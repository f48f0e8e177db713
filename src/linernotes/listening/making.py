"""A new listening test: clips that a person and every method described, cut out and laid in one folder."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from linernotes import __version__
from linernotes.clip import Clip
from linernotes.listening import LONGEST_TITLE, PER_RATER, RATINGS, Settings
from linernotes.listening.clip_files import SUFFIX, write_clip_file
from linernotes.listening.schema import AUDIO_FOLDER, FILE_NAME, ClipToHear, create_store
from linernotes.manifest import audio_file

CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are taken for one another."""
CODE_LENGTH = 8
HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a test should be like; `clips` and `per_rater` None mean as many as there are, and the usual number."""

    title: str = "Listening test"
    clips: int | None = None
    per_rater: int | None = None
    ratings: int = RATINGS
    codes: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("clips", self.clips, 1),
            ("per_rater", self.per_rater, 1),
            ("ratings", self.ratings, 1),
            ("codes", self.codes, 0),
        ):
            if value is not None and value < least:
                raise ValueError(f"{name} must be {least} or more, not {value}")
        if not 0 < len(self.title.strip()) <= LONGEST_TITLE:
            raise ValueError(f"a title has 1 to {LONGEST_TITLE} characters")


@dataclass(frozen=True, slots=True)
class Made:
    """What was laid out: `left_out` clips lacked something, `identical` pairs were the same text twice."""

    folder: Path
    settings: Settings
    clips: int
    pairs: int
    left_out: int
    identical: int
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Described:
    """A clip with the person's caption of it and those of the methods, spaces made even."""

    clip: Clip
    human: str
    captions: Mapping[str, str]


def make_test(
    clips: Iterable[Clip],
    root: Path,
    predictions: Mapping[str, Mapping[str, str]],
    plan: Plan,
    out: Path,
    *,
    allow_missing: bool = False,
    advance: Callable[[float], None] = lambda done: None,
) -> Made:
    """Lay a test out in the new folder `out`, which appears whole or not at all.

    `predictions` maps a method's name to its captions by clip id; audio paths are relative to `root`. `advance` is
    told how many clips have been cut.

    Raises:
        ValueError: something is missing on one side (unless `allow_missing`), or nothing is left to compare.
        AudioError: a clip's sound can't be had.
        OSError: `out` holds something already, or can't be written.
    """
    _refuse_old(out)
    _check_methods(predictions)
    rng = random.Random(plan.seed)
    every = sorted(clips, key=lambda clip: clip.clip_id)
    complete = _complete(every, predictions, allow_missing)
    drawn = _drawn(complete, plan.clips, rng)
    described = [_describe(clip, predictions, rng) for clip in drawn]
    identical = len(drawn) * len(predictions) - sum(len(item.captions) for item in described)
    described = [item for item in described if item.captions]
    if not described:
        raise ValueError("every caption is the person's, word for word: there is nothing to compare")
    settings = Settings(
        key=secrets.token_hex(4),
        title=" ".join(plan.title.split()),
        methods=tuple(predictions),
        per_rater=_per_rater(plan.per_rater, len(described)),
        ratings=plan.ratings,
        seed=plan.seed,
        closed=plan.codes > 0,
        identical=identical,
        made=datetime.now(UTC).strftime("%Y-%m-%d"),
        version=__version__,
    )
    codes = _codes(plan.codes)
    _write(out, root, settings, described, codes, advance)
    pairs = sum(len(item.captions) for item in described)
    return Made(out, settings, len(described), pairs, len(every) - len(complete), identical, codes)


def _refuse_old(out: Path) -> None:
    """An old test may hold answers; it is never written over."""
    if (out / FILE_NAME).exists():
        raise FileExistsError(f"{out} holds a listening test already; choose another folder")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is there already and not an empty folder; choose another name")


def _check_methods(predictions: Mapping[str, Mapping[str, str]]) -> None:
    if not predictions:
        raise ValueError("a test needs the captions of at least one method")
    if HUMAN in predictions:
        raise ValueError(f"no method may be called {HUMAN!r}: that is the other side")
    for method, captions in predictions.items():
        empty = [clip_id for clip_id, text in captions.items() if not text.strip()]
        if empty:
            raise ValueError(
                f"{method}: {len(empty)} captions are empty, such as that of {empty[0]!r}; raters can't compare "
                "nothing: take these lines out and give --allow-missing"
            )


def _complete(
    clips: Sequence[Clip], predictions: Mapping[str, Mapping[str, str]], allow_missing: bool
) -> list[Clip]:
    """The clips that have audio, a person's caption and every method's."""
    lacks: dict[tuple[str, str], list[str]] = {}
    complete = []
    for clip in clips:
        without = [
            f"{name} has no caption" for name, found in predictions.items() if clip.clip_id not in found
        ]
        without += ["there is no person's caption"] if not clip.captions else []
        without += ["there is no audio_path"] if not clip.audio_path else []
        for what in without:
            lacks.setdefault((f"{what} for", ""), []).append(clip.clip_id)
        if not without:
            complete.append(clip)
    known = {clip.clip_id for clip in clips}
    for name, captions in predictions.items():
        if strange := [clip_id for clip_id in captions if clip_id not in known]:
            lacks[f"{name} describes", " that the manifest does not have"] = strange
    if lacks and not (allow_missing and complete):
        found = [
            f"{before} {len(ids)} {'clips' if len(ids) > 1 else 'clip'} such as {ids[0]!r}{after}"
            for (before, after), ids in lacks.items()
        ]
        advice = "--allow-missing takes the complete clips" if complete else "no clip is complete"
        raise ValueError(f"{'; '.join(found)}; {advice}")
    if not complete:
        raise ValueError("there are no clips")
    return complete


def _drawn(clips: list[Clip], wanted: int | None, rng: random.Random) -> list[Clip]:
    if wanted is not None and wanted > len(clips):
        raise ValueError(f"{wanted} clips were asked for, but only {len(clips)} are there")
    return rng.sample(clips, len(clips) if wanted is None else wanted)


def _describe(clip: Clip, predictions: Mapping[str, Mapping[str, str]], rng: random.Random) -> _Described:
    """One of the person's captions at random, the same beside every method."""
    human = " ".join(rng.choice(clip.captions).split())
    written = {method: " ".join(captions[clip.clip_id].split()) for method, captions in predictions.items()}
    return _Described(clip, human, {method: text for method, text in written.items() if text != human})


def _per_rater(wanted: int | None, clips: int) -> int:
    if wanted is not None and wanted > clips:
        raise ValueError(
            f"{wanted} questions a rater need {wanted} clips, and there are {clips}: nobody hears a clip twice, "
            "because a text that comes back must be the person's"
        )
    return min(PER_RATER, clips) if wanted is None else wanted


def _codes(count: int) -> tuple[str, ...]:
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)))
    return tuple(sorted(found))


def _write(
    out: Path,
    root: Path,
    settings: Settings,
    described: Sequence[_Described],
    codes: Sequence[str],
    advance: Callable[[float], None],
) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        (part / AUDIO_FOLDER).mkdir()
        clips = []
        for number, item in enumerate(described, 1):
            name = f"{number:05d}{SUFFIX}"
            source = audio_file(item.clip.audio_path, root)
            duration_s = write_clip_file(item.clip, source, part / AUDIO_FOLDER / name)
            clips.append(ClipToHear(item.clip.clip_id, name, duration_s, item.human, item.captions))
            advance(number)
        create_store(part / FILE_NAME, settings, clips, codes)
        os.replace(part, out)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
