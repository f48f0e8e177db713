"""Which examples stand in which batch, and what of them: pure functions of seed, epoch and position.

Nothing here keeps a random state, so a run that resumes in the middle of an epoch sees what it would have seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linernotes.clip import Fact
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.captioning import CaptionBatch, Waveforms
from linernotes.training.clip_audio import clip_vocals, clip_waveform
from linernotes.training.examples import Example

Wanted = TypeVar("Wanted")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Draw:
    """Which example is drawn in which epoch."""

    epoch: int
    index: int
    turn: int = 0
    """How often it was drawn before in this epoch."""


def epoch_batches(count: int, batch_size: int, seed: int, epoch: int) -> list[list[Draw]]:
    """All examples once, shuffled by (seed, epoch), in batches; the last may be smaller."""
    order = np.random.default_rng((seed, epoch, 1)).permutation(count)
    draws = [Draw(epoch, int(index)) for index in order]
    return [draws[start : start + batch_size] for start in range(0, count, batch_size)]


def balanced_batches(
    tags: Sequence[Sequence[str]], batch_size: int, seed: int, epoch: int
) -> list[list[Draw]]:
    """As many draws as there are examples, `tags` of each given: first a tag, then an example that has it.

    Every tag is as likely as any other, so that rare ones are seen (Doh et al. 2023, section 4.2).

    Raises:
        ValueError: no example has a tag.
    """
    tagged: dict[str, list[int]] = {}
    for index, some in enumerate(tags):
        for tag in dict.fromkeys(some):
            tagged.setdefault(tag, []).append(index)
    if not tagged:
        raise ValueError("training.sampling = 'balanced' needs tags: the clips to train on have none")
    names, rng = sorted(tagged), np.random.default_rng((seed, epoch, 3))
    turns: Counter[int] = Counter()
    draws = []
    for _ in tags:
        having = tagged[names[int(rng.integers(len(names)))]]
        index = having[int(rng.integers(len(having)))]
        draws.append(Draw(epoch, index, turns[index]))
        turns[index] += 1
    return [draws[start : start + batch_size] for start in range(0, len(draws), batch_size)]


def pad_waveforms(clips: Sequence[Tensor]) -> Waveforms:
    """Clips (samples,) padded with zeros to one batch."""
    lengths = torch.tensor([len(clip) for clip in clips])
    return Waveforms(torch.nn.utils.rnn.pad_sequence(list(clips), batch_first=True), lengths)


class WaveformSource:
    """Audio as samples, for models whose encoder learns; decoded whenever it is needed."""

    def __init__(self, sample_rate: int, max_seconds: float) -> None:
        self.sample_rate, self.max_seconds = sample_rate, max_seconds

    def clip(self, example: Example) -> Tensor:
        """(samples,)."""
        return torch.from_numpy(clip_waveform(example, self.sample_rate, self.max_seconds))

    def vocals(self, example: Example) -> Tensor:
        """(samples,) of its vocal stem, none where there is none."""
        return torch.from_numpy(clip_vocals(example, self.sample_rate, self.max_seconds))

    def length_of(self, seconds: float) -> int:
        """Samples that last `seconds`."""
        return max(1, round(seconds * self.sample_rate))

    def together(self, clips: Sequence[Tensor]) -> Waveforms:
        """One batch of them."""
        return pad_waveforms(clips)


class EmbeddingSource:
    """Audio as what a frozen encoder heard of it, by clip id."""

    def __init__(self, embeddings: Mapping[str, Tensor], frame_s: float) -> None:
        self.embeddings, self.frame_s = embeddings, frame_s

    def clip(self, example: Example) -> Tensor:
        """(frames, dim)."""
        return self.embeddings[example.clip_id]

    def length_of(self, seconds: float) -> int:
        """Frames that last `seconds`."""
        return max(1, round(seconds / self.frame_s))

    def together(self, clips: Sequence[Tensor]) -> AudioEmbeddings:
        """One batch of them."""
        return AudioEmbeddings.of_clips(clips)


AudioSource = WaveformSource | EmbeddingSource
LabelsOf = Callable[[Sequence[Fact]], Mapping[str, NDArray[np.float32]]]
"""From the facts of a clip to labels by feature, as `FeatureModel.labels_of`."""


def prefetched(wanted: Iterable[Wanted], make: Callable[[Wanted], Made]) -> Iterator[Made]:
    """`make` of every one wanted, in order, the next always being made in a thread while this one is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[Made] | None = None
        for one in wanted:
            coming = pool.submit(make, one)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()


class Batches:
    """Makes `CaptionBatch`es: of a draw the caption and the stretch are chosen by (seed, epoch, example)."""

    def __init__(
        self,
        examples: Sequence[Example],
        source: AudioSource,
        *,
        seed: int = 0,
        crop_s: float = 0.0,
        labels_of: LabelsOf | None = None,
        vocals: bool = False,
    ) -> None:
        """`vocals` adds the vocal stems to the batches that are drawn."""
        self.examples, self.source = examples, source
        self.with_vocals = vocals
        self.seed, self.crop_s, self.labels_of = seed, crop_s, labels_of

    def drawn(self, draws: Sequence[Draw]) -> CaptionBatch:
        """A batch to train on."""
        clips, captions, vocals = [], [], []
        examples = [self.examples[draw.index] for draw in draws]
        for draw, example in zip(draws, examples, strict=True):
            rng = self._rng(draw)
            captions.append(_one_of(example.captions, rng))
            stretch = self._stretch(example, rng)
            clip = self.source.clip(stretch)
            cut = self._crop(len(clip), rng)
            clips.append(clip[cut])
            if self.with_vocals and isinstance(self.source, WaveformSource):
                vocals.append(self.source.vocals(stretch)[cut])
        stems = pad_waveforms(vocals) if any(map(len, vocals)) else None
        return CaptionBatch(self.source.together(clips), tuple(captions), self._labels(examples), stems)

    def caption_of(self, draw: Draw) -> str:
        """The caption that `drawn` takes, without its audio."""
        return _one_of(self.examples[draw.index].captions, self._rng(draw))

    def in_order(self, start: int, count: int) -> CaptionBatch:
        """Whole clips with their first caption, to validate on."""
        examples = self.examples[start : start + count]
        audio_batch = self.source.together([self.source.clip(example) for example in examples])
        captions = tuple(example.captions[0] for example in examples)
        return CaptionBatch(audio_batch, captions, self._labels(examples))

    def _labels(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        if self.labels_of is None or not examples:
            return {}
        rows = [self.labels_of(example.facts) for example in examples]
        return {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}

    def _rng(self, draw: Draw) -> np.random.Generator:
        turn = (draw.turn,) if draw.turn else ()
        return np.random.default_rng((self.seed, draw.epoch, draw.index, 2, *turn))

    def _stretch(self, example: Example, rng: np.random.Generator) -> Example:
        """A stretch of a clip longer than the source reads at once, which `_crop` would see the beginning of."""
        duration_s = example.end_s - example.start_s
        reads_s = self.source.max_seconds if isinstance(self.source, WaveformSource) else duration_s
        if not self.crop_s or duration_s <= reads_s:
            return example
        start_s = example.start_s + float(rng.uniform(0.0, duration_s - self.crop_s))
        return replace(example, start_s=start_s, end_s=start_s + self.crop_s)

    def _crop(self, whole: int, rng: np.random.Generator) -> slice:
        length = self.source.length_of(self.crop_s) if self.crop_s else whole
        if length >= whole:
            return slice(0, whole)
        start = int(rng.integers(whole - length + 1))
        return slice(start, start + length)


def _one_of(captions: Sequence[str], rng: np.random.Generator) -> str:
    return captions[int(rng.integers(len(captions)))]
