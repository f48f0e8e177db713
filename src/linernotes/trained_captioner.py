"""The everyday path with a trained model: a recording in windows, a caption for each, `Notes` out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from linernotes import __version__, audio
from linernotes.checkpoint import CONFIG, TRAINING, CheckpointError, read_checkpoint, standing_folder
from linernotes.clip import AudioInfo, Caption, Fact, Licence, Notes, Producer, Section
from linernotes.config import config_from_mapping
from linernotes.decoding import DecodingOptions, FloatArray
from linernotes.licence_terms import allows_commercial_use
from linernotes.registry import components, need_extra

if TYPE_CHECKING:
    from linernotes.models.word_search import Explanation

WINDOW_S = 30.0
"""The longest stretch that one caption is written for, where the model would take more."""
SHORTEST_WINDOW_S = 1.0
"""A last window that is shorter belongs to the one before it."""
WORD_FAMILIES = ("muscaps", "dcase-baseline")
"""Families whose `encoder` and `glove` are all that may be pre-trained in them."""
UNCALIBRATED = "the model's own detectors stated the facts: their confidences are not calibrated"
UNTRACED = "a trained model wrote the caption: its words are not traced to measured facts"


class WindowModel(Protocol):
    """A model as it is used here, PyTorch or ONNX: one window at a time, arrays in and out."""

    sample_rate: int
    keeps_heard: bool
    """Whether what `hear` gives is small and stands for the sound, so that it may be kept for all windows."""

    @property
    def frame_s(self) -> float:
        """Seconds from one row of what was heard to the next."""
        ...

    def hear(self, waveform: FloatArray) -> FloatArray:
        """What the other methods take, of samples (samples,)."""
        ...

    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        """A caption."""
        ...

    def score(self, heard: FloatArray, captions: Sequence[str]) -> FloatArray:
        """log P(caption | window) in nats, (captions,)."""
        ...

    def explain(self, heard: FloatArray, caption: str) -> Explanation:
        """What each word attended to; ValueError where there is no attention."""
        ...


@runtime_checkable
class DetectsFeatures(Protocol):
    """A `WindowModel` that may also state what it hears."""

    def facts(self, heard: FloatArray, seconds: float) -> tuple[Fact, ...]:
        """Facts of a window that lasts `seconds`, times in its own seconds."""
        ...


@runtime_checkable
class WritesTogether(Protocol):
    """A `WindowModel` that writes for several windows in less time than for one after the other."""

    windows_at_once: int

    def write_together(self, heard: Sequence[FloatArray], options: DecodingOptions) -> list[str]:
        """A caption for each."""
        ...


@dataclass(frozen=True, slots=True)
class _HeardWindow:
    """A window that awaits its caption."""

    start_s: float
    end_s: float
    heard: FloatArray


@dataclass(frozen=True, slots=True)
class CaptionedWindow:
    """A stretch of a recording, what was written about it and, where the model can tell, what it heard."""

    start_s: float
    end_s: float
    text: str
    heard: FloatArray | None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptionedWindows:
    """A recording that has been listened to from end to end."""

    info: AudioInfo
    windows: tuple[CaptionedWindow, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainedCaptioner:
    """Writes `Notes` for recordings with a trained model."""

    model: WindowModel
    name: str
    decoding: DecodingOptions
    licences: tuple[Licence, ...]
    window_s: float = WINDOW_S
    longest_s: float = float("inf")
    """What the model can hear at once."""

    def __call__(self, path: str | os.PathLike[str]) -> Notes:
        """Caption the recording at `path`.

        Raises:
            AudioError: the file can't be used; the message says why and what to do.
        """
        return self.write(self.analyse(path))

    def analyse(
        self, path: str | os.PathLike[str], heard: Callable[[float], None] = lambda seconds: None
    ) -> CaptionedWindows:
        """Decode once and caption every window; `heard` is told how many seconds have been taken in."""
        warnings: list[str] = []
        probe = audio.probe(path)
        windows: list[CaptionedWindow] = []
        waiting: list[_HeardWindow] = []
        at_once = self.model.windows_at_once if isinstance(self.model, WritesTogether) else 1
        for window in self._windows(path, warnings.append):
            end_s = window.start_s + len(window.waveform) / self.model.sample_rate
            waiting.append(_HeardWindow(window.start_s, end_s, self.model.hear(window.waveform)))
            if len(waiting) >= at_once:
                windows += self._caption(waiting, len(windows) + 1)
                waiting.clear()
            heard(end_s)
        windows += self._caption(waiting, len(windows) + 1)
        info = AudioInfo(
            os.fsdecode(path), round(windows[-1].end_s, 3), probe.sample_rate, audio.sha256_of(path)
        )
        return CaptionedWindows(info, tuple(windows), tuple(warnings))

    def write(self, captioned: CaptionedWindows) -> Notes:
        """The notes: the caption of the whole, and with several windows a section for each."""
        windows = captioned.windows
        sections = tuple(
            Section(round(one.start_s, 3), round(one.end_s, 3), Caption(one.text), one.facts)
            for one in windows
        )
        facts = tuple(fact for one in windows for fact in one.facts)
        settings = {"decoding": f"{self.decoding.beams} beams", "window_s": self.window_s}
        return Notes(
            audio=captioned.info,
            caption=Caption(self._caption_of_all(windows)),
            sections=sections if len(sections) > 1 else (),
            facts=facts,
            licences=self.licences,
            producer=Producer(__version__, (self.name,), settings),
            warnings=(*captioned.warnings, UNTRACED, *([UNCALIBRATED] if facts else [])),
        )

    def explain(self, captioned: CaptionedWindows) -> Explanation:
        """Which moments of the recording each word of its caption attended to.

        Raises:
            ValueError: the model has no attention.
        """
        heard = [one.heard for one in captioned.windows if one.heard is not None]
        whole = np.concatenate(heard) if heard else np.zeros((0, 0), np.float32)
        caption = self._caption_of_all(captioned.windows)
        if not caption:
            raise ValueError(f"{self.name} found no words for this recording: there is no attention to draw")
        return self.model.explain(whole, caption)

    @property
    def frame_s(self) -> float:
        """Seconds that one column of an explanation stands for."""
        return self.model.frame_s

    def _windows(self, path: str | os.PathLike[str], warn: Callable[[str], None]) -> Iterator[audio.Window]:
        """Stretches of at most `window_s`, of which only two are in memory at a time."""
        rate = self.model.sample_rate
        length, shortest = round(self.window_s * rate), round(SHORTEST_WINDOW_S * rate)
        held, start = np.zeros(0, np.float32), 0
        for block in audio.stream(path, [rate], self.window_s, warn):
            held = np.concatenate([held, block[rate]])
            while len(held) >= length + shortest:
                yield audio.Window(start / rate, held[:length])
                held, start = held[length:], start + length
        if (
            len(held) > self.longest_s * rate
        ):  # a little more than it can hear: two halves, so that none is lost
            half = len(held) // 2
            yield audio.Window(start / rate, held[:half])
            held, start = held[half:], start + half
        yield audio.Window(start / rate, held)

    def _caption(self, waiting: Sequence[_HeardWindow], first: int) -> list[CaptionedWindow]:
        """Captions of consecutive windows, the first of which is number `first`."""
        captioned = []
        for number, (window, text) in enumerate(zip(waiting, self._texts(waiting), strict=True), first):
            seconds = window.end_s - window.start_s
            stated = (
                self.model.facts(window.heard, seconds) if isinstance(self.model, DetectsFeatures) else ()
            )
            facts = tuple(_placed(fact, window.start_s, number) for fact in stated)
            kept = window.heard if self.model.keeps_heard else None
            captioned.append(CaptionedWindow(window.start_s, window.end_s, text, kept, facts))
        return captioned

    def _texts(self, waiting: Sequence[_HeardWindow]) -> list[str]:
        heard = [window.heard for window in waiting]
        if len(heard) > 1 and isinstance(self.model, WritesTogether):
            return self.model.write_together(heard, self.decoding)
        return [self.model.write(one, self.decoding) for one in heard]

    def _caption_of_all(self, windows: Sequence[CaptionedWindow]) -> str:
        """Of the captions of all windows the one that is likeliest over the whole recording.

        Where the model can't keep what it heard, the one with most words in common with all, the first of equals.
        Empty captions do not count.
        """
        texts = list(dict.fromkeys(one.text for one in windows if one.text))
        heard = [one.heard for one in windows if one.heard is not None]
        if len(texts) > 1 and heard:
            total = np.sum([self.model.score(one, texts) for one in heard], axis=0)
            return texts[int(np.argmax(total))]
        return most_typical([one.text for one in windows if one.text])


def most_typical(texts: Sequence[str]) -> str:
    """Of several texts the one that shares most words with all of them, by F1; the first of equals, "" of none."""
    bags = [Counter(text.lower().split()) for text in texts]

    def typical(bag: Counter[str]) -> float:
        return sum(2 * (bag & other).total() / (bag.total() + other.total()) for other in bags)

    return max(zip(texts, bags, strict=True), key=lambda each: typical(each[1]), default=("", None))[0]


def _placed(fact: Fact, start_s: float, window: int) -> Fact:
    """A fact of a window, in the recording's seconds and under an id of its own."""
    return replace(
        fact,
        id=f"{fact.id}@{window}",
        start_s=round(start_s + fact.start_s, 3),
        end_s=round(start_s + fact.end_s, 3),
    )


def load_trained_captioner(folder: str | os.PathLike[str], *, beams: int | None = None) -> TrainedCaptioner:
    """The captioner of a checkpoint folder, or of one that `linernotes export onnx` wrote.

    It decodes as its recipe says; `beams` overrides that.

    Raises:
        CheckpointError: the folder holds no usable checkpoint.
        ExportedModelError: the folder holds a damaged exported model.
        MissingExtraError: it is a checkpoint, and PyTorch is not installed.
    """
    from linernotes.models.exported import is_exported

    folder = Path(folder)
    if is_exported(folder):
        return _exported_captioner(folder, beams)
    if not (standing_folder(folder) / CONFIG).is_file():
        raise CheckpointError(
            f"{str(folder)!r} holds no {CONFIG}: give the folder that training wrote, such as RUN/best, or one "
            "that `linernotes export onnx` wrote"
        )
    need_extra("torch", "torch")
    from linernotes.models.families import load_model
    from linernotes.models.on_arrays import ModelOnArrays

    stored = read_checkpoint(folder)
    model = load_model(folder)
    decoding = config_from_mapping(stored.info.get("recipe", {}).get("decoding", {}), DecodingOptions)
    if beams is not None:
        decoding = replace(decoding, beams=beams)
    home = standing_folder(folder).resolve()
    name = f"{stored.family} ({'/'.join(home.parts[-2:])})"
    window_s = min(WINDOW_S, model.max_seconds)
    chain = licence_chain(stored.family, stored.config, stored.info, name)
    return TrainedCaptioner(ModelOnArrays(model), name, decoding, chain, window_s, model.max_seconds)


def _exported_captioner(folder: Path, beams: int | None) -> TrainedCaptioner:
    from linernotes.models.exported import load_exported

    model = load_exported(folder)
    told = model.description
    decoding = told.decoding if beams is None else replace(told.decoding, beams=beams)
    window_s = min(WINDOW_S, told.max_seconds)
    name = f"{told.name}, ONNX"
    return TrainedCaptioner(model, name, decoding, told.licences, window_s, told.max_seconds)


def licence_chain(
    family: str, config: Mapping[str, Any], info: Mapping[str, Any], name: str
) -> tuple[Licence, ...]:
    """Of everything that a trained model holds: what it started from, and what it learned from."""
    learned_from = info.get("licences") or (f"not recorded in {TRAINING}",)
    allowed = all(allows_commercial_use(licence) for licence in learned_from)
    told = ", ".join(learned_from)
    own = Licence(name, told if "imported_from" in info else f"trained on data under: {told}", allowed)
    parts = [*_started_from(family, config), own]
    if start := info.get("recipe", {}).get("training", {}).get("start"):
        parts.insert(0, Licence(f"weights of {start}", "not recorded: look at its training.json", False))
    return tuple(parts)


def _started_from(family: str, config: Mapping[str, Any]) -> Iterator[Licence]:
    """Licences of the weights that a recipe named; those from a file of the user's are not known here."""
    if family not in WORD_FAMILIES and config.get("bart") != "":
        yield Licence(f"pre-trained parts of {family}", "not recorded", False)
    encoder, registered = config.get("encoder", {}), components()
    weights = encoder.get("weights", "none")
    if weights == "shipped" and encoder.get("name") in registered:
        known = registered[encoder["name"]]
        yield Licence(known.name, known.licence, known.commercial_use)
    elif weights not in ("none", "shipped"):
        yield Licence(
            f"{encoder.get('name')}, weights of {weights}", "not known: a file of the user's", False
        )
    if config.get("glove"):
        yield Licence(f"word vectors of {config['glove']}", "not known: a file of the user's", False)
