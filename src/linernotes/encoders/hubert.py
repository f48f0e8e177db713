"""HuBERT (Hsu et al. 2021), in the layout of `facebook/hubert-base-ls960` on the hub."""

from __future__ import annotations

from linernotes.encoders.speech_transformer import SpeechEncoder, speech_encoder

KIND = "HubertModel"


def hubert(weights: str = "none", frozen: bool = False) -> SpeechEncoder:
    """For the registry: that of a folder or hub, or one of the published size with random weights ("none").

    Raises:
        ValueError: there is none at `weights`.
    """
    del frozen  # the model that uses it sees to that
    return speech_encoder(KIND, weights)
