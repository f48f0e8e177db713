"""Splitting a data set so that nothing leaks: no artist in two splits, no caption in two splits, tags in balance.

Clips that share an artist, or the words of a caption, form one group and stay together. Groups, the largest
first, go where they bring the counts nearest to the ratios: with c_s(k) how many clips of kind k split s has,
r_s its ratio and T(k) their number in the whole, the sum over kinds and splits of w(k) (c_s(k) - r_s T(k))^2
/ (r_s T(k)^2) is made smallest, greedily. The kinds are "any clip" and, when asked, every tag; the former
weighs as much as all tags. (Greedy stratification in the spirit of Sechidis et al. 2011, on groups instead of
clips.)
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from linernotes.building.statistics import normal
from linernotes.clip import Clip

RARE_TAG_CLIPS = 20
"""Tags of fewer clips can't be spread evenly: they count neither in the balance nor for the largest deviation."""
PASSES = 3
NAMES = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}


class Together(str, Enum):
    """What must not be torn apart: an artist, a recording, or nothing but the clip."""

    artist = "artist"
    recording = "recording"
    clip = "clip"


@dataclass(frozen=True, slots=True)
class SplitShare:
    """One split of a plan: how many clips it got, and which share it was to get and got."""

    name: str
    clips: int
    groups: int
    wanted: float
    share: float


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """Which clip goes where, and how far that is from what was asked.

    `largest_deviation` is the greatest difference, over splits and tags of at least 20 clips, between the share
    of the tag's clips that a split got and the share it was to get; `largest_group` is a share of all clips.
    """

    split_of: Mapping[str, str]
    shares: tuple[SplitShare, ...]
    largest_deviation: float
    deviates: str
    largest_group: float
    clips_without_artist: int


@dataclass(slots=True)
class _Group:
    clips: list[str] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)


def parse_ratios(text: str) -> tuple[float, ...]:
    """Shares that add up to 1 from "60/20/20" (also with commas, and fractions).

    Raises:
        ValueError: they are not one to three numbers above 0.
    """
    parts = text.replace(",", "/").split("/")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise ValueError(f"ratios {text!r}: give numbers, as 60/20/20") from None
    if len(numbers) not in NAMES or not all(0 < number < float("inf") for number in numbers):
        raise ValueError(f"ratios {text!r}: give one to three numbers above 0, as 60/20/20")
    return tuple(number / sum(numbers) for number in numbers)


def plan_splits(
    clips: Iterable[Clip],
    ratios: Sequence[float],
    *,
    together: Together = Together.artist,
    balance_tags: bool = False,
    part_captions: bool = False,
    seed: int = 0,
) -> SplitPlan:
    """Decide the split of every clip; the same clips and seed give the same plan, whatever the clips' order.

    A clip without an artist stays with its recording. `part_captions` allows equal captions in two splits, for
    sets whose captions repeat so much that they would tie everything together.
    """
    ties, tags, without = _Ties(), dict[str, tuple[str, ...]](), 0
    for clip in clips:
        tags[clip.clip_id] = clip.tags
        without += not clip.artist_id
        ties.tie(("clip", clip.clip_id), _keeper(clip, together))
        if not part_captions:
            for caption in clip.captions:
                ties.tie(("clip", clip.clip_id), ("caption", normal(caption)))
    groups = _groups(tags, ties, balance_tags)
    chosen = _assign(groups, ratios, seed)
    split_of = {clip: chosen[index] for index, group in enumerate(groups) for clip in group.clips}
    return _plan(split_of, groups, chosen, tags, ratios, without)


def _keeper(clip: Clip, together: Together) -> tuple[str, str]:
    if together is Together.artist and clip.artist_id:
        return ("artist", clip.artist_id)
    if together is not Together.clip and clip.audio_path:
        return ("recording", clip.audio_path)
    return ("clip", clip.clip_id)


class _Ties:
    """Union-find over whatever clips share."""

    def __init__(self) -> None:
        self._parent: dict[tuple[str, str], tuple[str, str]] = {}

    def tie(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        first, second = self.root(one), self.root(other)
        if first != second:
            self._parent[max(first, second)] = min(first, second)

    def root(self, what: tuple[str, str]) -> tuple[str, str]:
        parent = self._parent.setdefault(what, what)
        while parent != what:
            self._parent[what] = grand = self._parent[parent]
            what, parent = parent, grand
        return what


def _groups(tags: Mapping[str, tuple[str, ...]], ties: _Ties, balance_tags: bool) -> list[_Group]:
    found: dict[tuple[str, str], _Group] = {}
    for clip_id in sorted(tags):
        group = found.setdefault(ties.root(("clip", clip_id)), _Group())
        group.clips.append(clip_id)
        if balance_tags:
            group.tags.update(set(tags[clip_id]))
    return list(found.values())


class _Shares:
    """How many clips of each kind every split has so far, and what one more group would cost."""

    def __init__(self, groups: Sequence[_Group], ratios: Sequence[float]) -> None:
        totals = Counter[str]()
        for group in groups:
            totals.update(group.tags)
        self._totals = {tag: total for tag, total in totals.items() if total >= RARE_TAG_CLIPS}
        self._clips = sum(len(group.clips) for group in groups)
        self._ratios = ratios
        self._counts = [Counter[str]() for _ in ratios]
        self._sizes = [0] * len(ratios)

    def cheapest(self, group: _Group) -> int:
        return min(range(len(self._ratios)), key=lambda split: self._cost(split, group))

    def put(self, group: _Group, split: int, sign: int = 1) -> None:
        self._sizes[split] += sign * len(group.clips)
        for tag, number in group.tags.items():
            self._counts[split][tag] += sign * number

    def _cost(self, split: int, group: _Group) -> float:
        ratio, weight = self._ratios[split], max(1, len(self._totals))
        return weight * _growth(self._sizes[split], len(group.clips), ratio, self._clips) + sum(
            _growth(self._counts[split][tag], number, ratio, self._totals[tag])
            for tag, number in group.tags.items()
            if tag in self._totals
        )


def _assign(groups: Sequence[_Group], ratios: Sequence[float], seed: int) -> list[str]:
    """The name of each group's split: put greedily, then each moved once more to where it now does best."""
    order = list(range(len(groups)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda index: -len(groups[index].clips))
    shares = _Shares(groups, ratios)
    chosen: dict[int, int] = {}
    for _ in range(PASSES):
        for index in order:
            if index in chosen:
                shares.put(groups[index], chosen[index], -1)
            chosen[index] = shares.cheapest(groups[index])
            shares.put(groups[index], chosen[index])
    return [NAMES[len(ratios)][chosen[index]] for index in range(len(groups))]


def _growth(count: int, number: int, ratio: float, total: int) -> float:
    """By how much the cost of one kind in one split grows when it gets `number` more."""
    return number * (2 * (count - ratio * total) + number) / (ratio * total**2)


def _plan(
    split_of: Mapping[str, str],
    groups: Sequence[_Group],
    chosen: Sequence[str],
    tags: Mapping[str, tuple[str, ...]],
    ratios: Sequence[float],
    without: int,
) -> SplitPlan:
    names, clips = NAMES[len(ratios)], max(1, len(split_of))
    sizes = Counter(split_of.values())
    wanted = dict(zip(names, ratios, strict=True))
    shares = tuple(
        SplitShare(name, sizes[name], list(chosen).count(name), wanted[name], sizes[name] / clips)
        for name in names
    )
    deviations = {
        f"clips in {share.name}": abs(share.share - share.wanted) for share in shares if split_of
    } | _tag_deviations(split_of, tags, wanted)
    worst = max(deviations, key=lambda name: deviations[name], default="")
    largest = max((len(group.clips) for group in groups), default=0)
    return SplitPlan(split_of, shares, deviations.get(worst, 0.0), worst, largest / clips, without)


def _tag_deviations(
    split_of: Mapping[str, str], tags: Mapping[str, tuple[str, ...]], wanted: Mapping[str, float]
) -> dict[str, float]:
    totals, counts = Counter[str](), Counter[tuple[str, str]]()
    for clip_id, found in tags.items():
        for tag in set(found):
            totals[tag] += 1
            counts[tag, split_of[clip_id]] += 1
    return {
        f"{tag!r} in {name}": abs(counts[tag, name] / total - share)
        for tag, total in totals.items()
        if total >= RARE_TAG_CLIPS
        for name, share in wanted.items()
    }
