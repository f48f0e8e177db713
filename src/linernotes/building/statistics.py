"""What is in a data set: clips, hours, captions, words, tags, splits, artists, licences; in one streaming pass.

Words are counted as runs of letters, digits and inner apostrophes, in lower case; the table of splits has the
columns of S2Cap's Table 2 (tracks, captions, words a caption, tokens, hours).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from linernotes.clip import Clip

_WORD = re.compile(r"\w+(?:['’]\w+)*")
TOP_TAGS = 20
UNSPLIT = "(none)"


@dataclass(frozen=True, slots=True)
class SplitStatistics:
    """One split; `hours` counts the clips whose end is known, the others are `clips_without_end`."""

    clips: int
    tracks: int
    captions: int
    words_per_caption: float
    tokens: int
    hours: float
    clips_without_end: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A whole data set; of lengths, the number of captions by their number of words."""

    whole: SplitStatistics
    splits: Mapping[str, SplitStatistics]
    clips_by_captions: Mapping[int, int]
    captions_by_words: Mapping[int, int]
    vocabulary: int
    words_seen_once: int
    repeated_captions: int
    captions_in_several_splits: int
    tags: int
    tags_per_clip: float
    top_tags: Mapping[str, int]
    artists: int
    artists_in_several_splits: int
    clips_without_artist: int
    clips_without_audio_path: int
    licences: Mapping[str, int]
    sources: Mapping[str, int]


@dataclass(slots=True)
class _Tally:
    clips: int = 0
    tracks: set[int] = field(default_factory=set)
    captions: int = 0
    tokens: int = 0
    seconds: float = 0.0
    clips_without_end: int = 0

    def add(self, clip: Clip, words: int) -> None:
        self.clips += 1
        self.tracks.add(hash(clip.audio_path or clip.clip_id))
        self.captions += len(clip.captions)
        self.tokens += words
        if clip.end_s is None:
            self.clips_without_end += 1
        else:
            self.seconds += clip.end_s - clip.start_s

    def done(self) -> SplitStatistics:
        return SplitStatistics(
            clips=self.clips,
            tracks=len(self.tracks),
            captions=self.captions,
            words_per_caption=self.tokens / self.captions if self.captions else 0.0,
            tokens=self.tokens,
            hours=self.seconds / 3600,
            clips_without_end=self.clips_without_end,
        )


class _Homes:
    """In which splits something was met, something being known by its hash: quick, and small for millions."""

    def __init__(self) -> None:
        self._first: dict[int, str] = {}
        self._spread: set[int] = set()

    def add(self, what: str, split: str) -> None:
        mark = hash(what)
        first = self._first.setdefault(mark, split)
        if first != split:
            self._spread.add(mark)

    def __contains__(self, what: str) -> bool:
        return hash(what) in self._first

    def __len__(self) -> int:
        return len(self._first)

    @property
    def in_several(self) -> int:
        return len(self._spread)


def words_of(caption: str) -> list[str]:
    """The words of a caption in lower case, as these statistics count them."""
    return _WORD.findall(caption.lower())


def normal(caption: str) -> str:
    """A caption by which repetitions are found: its words, whatever their case and what stands between them."""
    return " ".join(words_of(caption))


def statistics(clips: Iterable[Clip]) -> Statistics:
    """Count everything in one pass over `clips`."""
    whole, splits = _Tally(), dict[str, _Tally]()
    vocabulary, tags = Counter[str](), Counter[str]()
    by_captions, by_words = Counter[int](), Counter[int]()
    licences, sources = Counter[str](), Counter[str]()
    captions, artists = _Homes(), _Homes()
    repeated = without_artist = without_path = 0
    for clip in clips:
        split, words = clip.split or UNSPLIT, 0
        for caption in clip.captions:
            found = words_of(caption)
            words += len(found)
            vocabulary.update(found)
            by_words[len(found)] += 1
            same = " ".join(found)
            repeated += same in captions
            captions.add(same, split)
        tags.update(clip.tags)
        by_captions[len(clip.captions)] += 1
        licences[clip.licence or "(not stated)"] += 1
        sources[clip.source or "(not stated)"] += 1
        without_path += not clip.audio_path
        without_artist += not clip.artist_id
        if clip.artist_id:
            artists.add(clip.artist_id, split)
        whole.add(clip, words)
        splits.setdefault(split, _Tally()).add(clip, words)
    return Statistics(
        whole=whole.done(),
        splits={name: tally.done() for name, tally in splits.items()},
        clips_by_captions=dict(sorted(by_captions.items())),
        captions_by_words=dict(sorted(by_words.items())),
        vocabulary=len(vocabulary),
        words_seen_once=sum(count == 1 for count in vocabulary.values()),
        repeated_captions=repeated,
        captions_in_several_splits=captions.in_several,
        tags=len(tags),
        tags_per_clip=tags.total() / whole.clips if whole.clips else 0.0,
        top_tags=dict(tags.most_common(TOP_TAGS)),
        artists=len(artists),
        artists_in_several_splits=artists.in_several,
        clips_without_artist=without_artist,
        clips_without_audio_path=without_path,
        licences=dict(licences.most_common()),
        sources=dict(sources.most_common()),
    )
