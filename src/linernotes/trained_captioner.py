"""The everyday path with a trained model: a recording in windows, a caption for each, `Notes` out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linernotes import __version__, audio
from linernotes.checkpoint import TRAINING, standing_folder
from linernotes.clip import AudioInfo, Caption, Licence, Notes, Producer, Section
from linernotes.config import config_from_mapping
from linernotes.decoding import DecodingOptions
from linernotes.registry import components, need_extra

if TYPE_CHECKING:
    from linernotes.models.captioning import AudioEmbeddings, CaptionModel
    from linernotes.models.muscaps import Explanation

WINDOW_S = 30.0
"""The longest stretch that one caption is written for, where the model would take more."""
SHORTEST_WINDOW_S = 1.0
"""A last window that is shorter belongs to the one before it."""
UNTRACED = "a trained model wrote the caption: its words are not traced to measured facts"


@dataclass(frozen=True, slots=True)
class CaptionedWindow:
    """A stretch of a recording, what was written about it and, where the model can tell, what it heard."""

    start_s: float
    end_s: float
    text: str
    embeddings: AudioEmbeddings | None


@dataclass(frozen=True, slots=True)
class CaptionedWindows:
    """A recording that has been listened to from end to end."""

    info: AudioInfo
    windows: tuple[CaptionedWindow, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainedCaptioner:
    """Writes `Notes` for recordings with a `CaptionModel`."""

    model: CaptionModel
    name: str
    decoding: DecodingOptions
    licences: tuple[Licence, ...]
    window_s: float = WINDOW_S

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
        for window in self._windows(path, warnings.append):
            windows.append(self._caption(window))
            heard(windows[-1].end_s)
        info = AudioInfo(
            os.fsdecode(path), round(windows[-1].end_s, 3), probe.sample_rate, audio.sha256_of(path)
        )
        return CaptionedWindows(info, tuple(windows), tuple(warnings))

    def write(self, captioned: CaptionedWindows) -> Notes:
        """The notes: the caption of the whole, and with several windows a section for each."""
        windows = captioned.windows
        sections = tuple(
            Section(round(one.start_s, 3), round(one.end_s, 3), Caption(one.text), ()) for one in windows
        )
        settings = {"decoding": f"{self.decoding.beams} beams", "window_s": self.window_s}
        return Notes(
            audio=captioned.info,
            caption=Caption(self._caption_of_all(windows)),
            sections=sections if len(sections) > 1 else (),
            facts=(),
            licences=self.licences,
            producer=Producer(__version__, (self.name,), settings),
            warnings=(*captioned.warnings, UNTRACED),
        )

    def explain(self, captioned: CaptionedWindows) -> Explanation:
        """Which moments of the recording each word of its caption attended to.

        Raises:
            ValueError: the model has no attention.
        """
        from linernotes.encoders.audio_encoder import AudioEmbeddings
        from linernotes.models.muscaps import MusCaps

        if not isinstance(self.model, MusCaps):
            raise ValueError(f"{self.name} has no attention to look at: train recipes/muscaps/attention.toml")
        torch = need_extra("torch", "torch")
        chunks = [chunk for one in captioned.windows if one.embeddings for chunk in one.embeddings.clips()]
        whole = AudioEmbeddings.of_clips([torch.cat(chunks)])
        return self.model.explain(whole, self._caption_of_all(captioned.windows))

    @property
    def frame_s(self) -> float:
        """Seconds that one column of an explanation stands for."""
        from linernotes.models.captioning import EmbeddingCaptionModel

        assert isinstance(self.model, EmbeddingCaptionModel)
        return self.model.audio_encoder.frame_s

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
        yield audio.Window(start / rate, held)

    def _caption(self, window: audio.Window) -> CaptionedWindow:
        torch = need_extra("torch", "torch")
        from linernotes.models.captioning import EmbeddingCaptionModel

        rate = self.model.sample_rate
        end_s = window.start_s + len(window.waveform) / rate
        samples = torch.from_numpy(np.array(window.waveform))[None]
        lengths = torch.tensor([samples.shape[1]])
        if not isinstance(self.model, EmbeddingCaptionModel):
            text = self.model.generate(samples, lengths, self.decoding)[0]
            return CaptionedWindow(window.start_s, end_s, text, None)
        with torch.inference_mode():
            embeddings = self.model.encode(samples, lengths)
            text = self.model.generate_encoded(embeddings, self.decoding)[0]
        return CaptionedWindow(window.start_s, end_s, text, embeddings)

    def _caption_of_all(self, windows: Sequence[CaptionedWindow]) -> str:
        """Of the captions of all windows the one that is likeliest over the whole recording.

        Where the model can't keep what it heard, the one that most windows share; the earlier one of equals.
        """
        from linernotes.models.captioning import EmbeddingCaptionModel

        texts = list(dict.fromkeys(one.text for one in windows))
        if len(texts) > 1 and isinstance(self.model, EmbeddingCaptionModel):
            total = sum(
                self.model.score_encoded(one.embeddings, texts)[0]
                for one in windows
                if one.embeddings is not None
            )
            return texts[int(np.argmax(np.asarray(total)))]
        return Counter(one.text for one in windows).most_common(1)[0][0]


def load_trained_captioner(folder: str | Path, *, beams: int | None = None) -> TrainedCaptioner:
    """The captioner of a checkpoint folder, decoding as its recipe says; `beams` overrides that.

    Raises:
        CheckpointError: the folder holds no usable checkpoint.
        MissingExtraError: PyTorch is not installed.
    """
    need_extra("torch", "torch")
    from linernotes.checkpoint import read_checkpoint
    from linernotes.models.families import load_model

    stored = read_checkpoint(folder)
    model = load_model(folder)
    decoding = config_from_mapping(stored.info.get("recipe", {}).get("decoding", {}), DecodingOptions)
    if beams is not None:
        decoding = replace(decoding, beams=beams)
    home = standing_folder(Path(folder)).resolve()
    name = f"{stored.family} ({'/'.join(home.parts[-2:])})"
    window_s = min(WINDOW_S, model.max_seconds)
    return TrainedCaptioner(model, name, decoding, _licences(stored.config, stored.info, name), window_s)


def _licences(config: Mapping[str, Any], info: Mapping[str, Any], name: str) -> tuple[Licence, ...]:
    """Of the encoder, where it is a registered one, and of what the model learned from."""
    encoder = config.get("encoder", {})
    registered = components()
    chain = []
    if encoder.get("name") in registered and encoder.get("weights") == "shipped":
        known = registered[encoder["name"]]
        chain.append(Licence(known.name, known.licence, known.commercial_use))
    learned_from = ", ".join(info.get("licences", ())) or f"not recorded in {TRAINING}"
    return (*chain, Licence(name, f"trained on data under: {learned_from}", False))
