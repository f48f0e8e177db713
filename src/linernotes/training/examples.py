"""From a manifest to the clips that are trained and validated on, with a count of what was left out and why."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from linernotes.audio import probe
from linernotes.building.annotate.truth import truth_of
from linernotes.clip import Clip, Fact
from linernotes.licence_terms import NOT_STATED
from linernotes.manifest import audio_file, read_manifest
from linernotes.models.vocabulary import words_of
from linernotes.training.recipe import DataOptions

OTHER_SPLIT = "split "
MISSING = "audio missing on disk"
VOCALS = "vocals_path"
"""In `Clip.extra`: the clip's vocal stem, relative to the data set's root as `audio_path` is."""


@dataclass(frozen=True, slots=True)
class Example:
    """A stretch of a recording and what has been written about it."""

    clip_id: str
    path: Path
    start_s: float
    end_s: float
    captions: tuple[str, ...]
    tags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    """What the manifest states of it, by facts or by tags."""
    vocals: Path | None = None
    """A recording of its voice alone that runs along with `path`; None where there is none."""


@dataclass(frozen=True, slots=True)
class ExampleSets:
    """What a run learns from and is measured on; `left_out` counts clips by reason."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    left_out: Mapping[str, int]
    licences: tuple[str, ...] = ()
    """Of the clips to train on, each once; "not stated" where a clip names none."""
    test: tuple[Example, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Changes with the clips, their order or their captions."""
        told = [
            [one.clip_id, one.start_s, one.end_s, one.captions] for one in (*self.train, *self.validation)
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def load_examples(options: DataOptions) -> ExampleSets:
    """Read the manifest and filter it.

    Raises:
        ValueError: no manifest is named, or nothing is left to train or to validate on.
    """
    if not options.manifest:
        raise ValueError("no data to train on: give --data MANIFEST, or data.manifest in the recipe")
    manifest = Path(options.manifest)
    root = Path(options.root) if options.root else manifest.parent
    return select_examples(read_manifest(manifest), root, options)


def select_examples(clips: Iterable[Clip], root: Path, options: DataOptions) -> ExampleSets:
    """`load_examples` of clips in memory."""
    sets: dict[str, list[Example]] = {
        split: [] for split in (options.train_split, options.validation_split, options.test_split)
    }
    left_out: Counter[str] = Counter()
    seen: set[str] = set()
    licences: set[str] = set()
    splits: Counter[str] = Counter()
    for clip in clips:
        splits[clip.split] += 1
        if clip.split not in sets:
            left_out[f"{OTHER_SPLIT}{clip.split!r}"] += 1
            continue
        path = audio_file(clip.audio_path, root) if clip.audio_path else None
        if path is None or not path.is_file():
            left_out[MISSING] += 1
            continue
        end_s = clip.end_s if clip.end_s is not None else probe(path).duration_s
        captions, reason = _usable(clip, end_s - clip.start_s, options, seen)
        if captions:
            facts = truth_of(clip)
            sets[clip.split].append(
                Example(
                    clip.clip_id, path, clip.start_s, end_s, captions, clip.tags, facts, _vocals(clip, root)
                )
            )
            if clip.split == options.train_split:
                licences.add(clip.licence or NOT_STATED)
        else:
            left_out[reason] += 1
    for split in (options.train_split, options.validation_split):
        if not sets[split]:
            raise _nothing_left(split, left_out, splits, root, options)
    train = _limited(sets[options.train_split], options.limit)
    validation = _limited(sets[options.validation_split], options.validation_limit)
    test = tuple(sets[options.test_split])
    return ExampleSets(train, validation, dict(left_out), tuple(sorted(licences)), test)


def _usable(
    clip: Clip, duration_s: float, options: DataOptions, seen: set[str]
) -> tuple[tuple[str, ...], str]:
    """The captions of `clip` that may be learned, or () and why there are none."""
    if not options.min_clip_s <= duration_s <= options.max_clip_s:
        return (), f"not between {options.min_clip_s:g} and {options.max_clip_s:g} s long"
    if not clip.captions:
        return ("",) * bool(options.without_captions), "no caption"
    captions = [
        text for text in clip.captions if options.min_words <= len(words_of(text)) <= options.max_words
    ]
    if not captions:
        return (), f"no caption of {options.min_words} to {options.max_words} words"
    if options.drop_duplicate_captions:
        captions = [text for text in dict.fromkeys(captions) if text not in seen]
        seen.update(captions)
        if not captions:
            return (), "caption of another clip"
    return tuple(captions), ""


def _vocals(clip: Clip, root: Path) -> Path | None:
    """The vocal stem that the clip's `extra` names under `vocals_path`, if it is on disk."""
    named = clip.extra.get(VOCALS)
    path = audio_file(named, root) if isinstance(named, str) and named else None
    return path if path is not None and path.is_file() else None


def _limited(examples: Sequence[Example], limit: int) -> tuple[Example, ...]:
    return tuple(examples[:limit] if limit else examples)


def _nothing_left(
    split: str, left_out: Mapping[str, int], splits: Mapping[str, int], root: Path, options: DataOptions
) -> ValueError:
    """What became of the clips, and what can be done; commands that read one split have no [data] to set."""
    of_a_recipe = options.train_split != options.validation_split
    below = f" (looked for below {str(root)!r}{'; data.root names another folder' if of_a_recipe else ''})"
    reasons = "; ".join(
        f"{count} {reason}{below if reason == MISSING else ''}"
        for reason, count in left_out.items()
        if not reason.startswith(OTHER_SPLIT)
    )
    found = ", ".join(f"{name!r} ({count})" for name, count in splits.items())
    advice = "set data.train_split, data.validation_split or the filters of [data]"
    return ValueError(
        f"no clips are left in the split {split!r}: {reasons or 'the manifest has none'}. The manifest's splits: "
        f"{found or 'none'}; {advice if of_a_recipe else '--split names another'}"
    )


def load_split(
    manifest: Path, split: str, root: Path | None = None, *, limit: int = 0, without_captions: bool = False
) -> tuple[Example, ...]:
    """The first `limit` clips (0: all) of one split that are on disk, below `root` or else beside the manifest.

    Clips without a caption are left out, but for `without_captions`.

    Raises:
        ValueError: there are none.
    """
    options = DataOptions(
        train_split=split, validation_split=split, test_split=split,
        limit=limit, validation_limit=limit, without_captions=without_captions,
    )  # fmt: skip
    return select_examples(read_manifest(manifest), root or manifest.parent, options).train
