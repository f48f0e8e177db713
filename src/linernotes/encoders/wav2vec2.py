"""wav2vec 2.0 (Baevski et al. 2020), in the layout of `facebook/wav2vec2-base` on the hub."""

from __future__ import annotations

from linernotes.encoders.speech_transformer import SpeechEncoder, speech_encoder

KIND = "Wav2Vec2Model"


def wav2vec2(weights: str = "none", frozen: bool = False) -> SpeechEncoder:
    """For the registry: that of a folder or hub, or one of the published size with random weights ("none").

    Raises:
        ValueError: there is none at `weights`.
    """
    del frozen  # the model that uses it sees to that
    return speech_encoder(KIND, weights)
