"""Any PyTorch `CaptionModel` behind the arrays in and out that an `ExportedModel` has too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from linernotes.clip import Fact
from linernotes.decoding import DecodingOptions, FloatArray
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.captioning import CaptionModel, EmbeddingCaptionModel, FeatureModel
from linernotes.models.muscaps import MusCaps
from linernotes.models.word_search import Explanation


class ModelOnArrays:
    """One clip at a time; a model that keeps no embeddings hears the waveform itself again at every call."""

    def __init__(self, model: CaptionModel) -> None:
        self.model = model
        self.sample_rate = model.sample_rate
        # A language model takes too long to score every window's caption on every window.
        scores_slowly = isinstance(model, FeatureModel) or getattr(model, "scores_slowly", False)
        self.keeps_heard = isinstance(model, EmbeddingCaptionModel) and not scores_slowly
        self.windows_at_once: int = getattr(model, "windows_at_once", 1)

    @property
    def frame_s(self) -> float:
        """Seconds from one embedding to the next."""
        assert isinstance(self.model, EmbeddingCaptionModel)
        return self.model.audio_encoder.frame_s

    @torch.inference_mode()
    def hear(self, waveform: FloatArray) -> FloatArray:
        """Embeddings (frames, dim) of samples (samples,)."""
        if not isinstance(self.model, EmbeddingCaptionModel):
            return waveform
        samples, lengths = _batch_of_one(waveform)
        heard: FloatArray = self.model.encode(samples, lengths).states[0].cpu().numpy()
        return heard

    @torch.inference_mode()
    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        """A caption of what `hear` gave."""
        if isinstance(self.model, EmbeddingCaptionModel):
            return self.model.generate_encoded(_embeddings(heard), options)[0]
        return self.model.generate(*_batch_of_one(heard), options)[0]

    @torch.inference_mode()
    def write_together(self, heard: Sequence[FloatArray], options: DecodingOptions) -> list[str]:
        """A caption of each, by a model that keeps embeddings."""
        assert isinstance(self.model, EmbeddingCaptionModel)
        clips = AudioEmbeddings.of_clips([torch.from_numpy(one) for one in heard])
        return self.model.generate_encoded(clips, options)

    @torch.inference_mode()
    def score(self, heard: FloatArray, captions: Sequence[str]) -> FloatArray:
        """log P(caption | clip) in nats, (captions,)."""
        if isinstance(self.model, EmbeddingCaptionModel):
            scores = self.model.score_encoded(_embeddings(heard), captions)
        else:
            scores = self.model.score(*_batch_of_one(heard), captions)
        found: FloatArray = scores[0].cpu().numpy()
        return found

    @torch.inference_mode()
    def facts(self, heard: FloatArray, seconds: float) -> tuple[Fact, ...]:
        """What the model says it hears in a window of `seconds`, if it is one that does."""
        if not isinstance(self.model, FeatureModel):
            return ()
        return tuple(self.model.facts(_embeddings(heard), seconds)[0])

    def explain(self, heard: FloatArray, caption: str) -> Explanation:
        """Where the words of `caption` attended to.

        Raises:
            ValueError: the model has no attention.
        """
        if not isinstance(self.model, MusCaps):
            raise ValueError("this model has no attention to look at: train recipes/muscaps/attention.toml")
        return self.model.explain(_embeddings(heard), caption)


def _batch_of_one(waveform: FloatArray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(np.array(waveform))[None], torch.tensor([len(waveform)])


def _embeddings(heard: FloatArray) -> AudioEmbeddings:
    return AudioEmbeddings.of_clips([torch.from_numpy(heard)])
