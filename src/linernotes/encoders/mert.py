"""MERT (Li et al. 2023): self-supervised music embeddings, all hidden states side by side.

The published checkpoints are HuBERT networks on 24 kHz audio; they are rebuilt here on the HuBERT blocks of
transformers, so that none of the code published beside the weights runs. A folder holds `config.json`, the weights
(`model.safetensors`, or `pytorch_model.bin`, read as weights only) and `preprocessor_config.json`. The weights are
under CC BY-NC 4.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.registry import need_extra

SAMPLE_RATE = 24_000
NORM_FLOOR = 1e-7
"""Added to the variance where the folder asks for normalised audio, as transformers does."""
UNSUPPORTED: Mapping[str, str] = {
    "feature_extractor_cqt": "constant-Q features beside the convolutions",
    "deepnorm": "residuals scaled as in DeepNorm",
}
"""Options of published configurations that change the network in ways HuBERT's blocks do not have."""


class MertError(ValueError):
    """A folder that holds no MERT this version can rebuild; the message says why."""


class MertEncoder(nn.Module):
    """Waveforms to the embeddings of every layer: (batch, frames, layers * width), 75 frames a second.

    Layer 0 is what enters the transformer; `layers` is therefore one more than it has blocks. Clips go through one
    by one: the first convolution normalises over time, so that padding in a batch would change what is heard.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, network: Any, *, normalise: bool) -> None:
        super().__init__()
        self.network, self.normalise = network, normalise
        self.layers = int(network.config.num_hidden_layers) + 1
        self.dim = self.layers * int(network.config.hidden_size)
        hop = 1
        for stride in network.config.conv_stride:
            hop *= int(stride)
        self.frame_s = hop / SAMPLE_RATE
        self.shortest = receptive_field(network.config.conv_kernel, network.config.conv_stride)

    @property
    def identity(self) -> str:
        """What the weights do not tell about how this encoder hears."""
        return f"normalise={self.normalise}"

    def hidden_states(self, waveform: Tensor) -> Tensor:
        """All layers of one clip (samples,) -> (layers, frames, width)."""
        if len(waveform) == 0:
            raise ValueError("a clip holds no samples: check its start and end, and the file")
        heard = waveform.to(next(self.network.parameters()).device)
        if self.normalise:
            heard = (heard - heard.mean()) / torch.sqrt(heard.var(correction=0) + NORM_FLOOR)
        heard = nn.functional.pad(heard, (0, max(0, self.shortest - len(heard))))
        states = self.network(heard[None], output_hidden_states=True).hidden_states
        return torch.cat(list(states))

    def forward(self, waveforms: Tensor, lengths: Tensor) -> AudioEmbeddings:
        """Waveforms (batch, samples) at 24 kHz, `lengths (batch,)` samples of them real."""
        clips = [
            self.hidden_states(waveform[: int(length)]).transpose(0, 1).flatten(1)
            for waveform, length in zip(waveforms, lengths, strict=True)
        ]
        return AudioEmbeddings.of_clips(clips)


def mert(weights: str = "none", frozen: bool = False) -> MertEncoder:
    """For the registry: the MERT of a folder, or one of the published size with random weights ("none").

    Raises:
        MertError: the folder holds none, or one of a kind that is not supported.
    """
    del frozen  # the model that uses it sees to that
    if weights == "none":
        return new_mert({})
    return load_mert(Path(weights))


def new_mert(sizes: Mapping[str, Any], *, normalise: bool = False) -> MertEncoder:
    """One with random weights; `sizes` are those of HuBERT's configuration, the published ones where not given."""
    return MertEncoder(_network(sizes), normalise=normalise)


def load_mert(folder: Path) -> MertEncoder:
    """The encoder of a folder in the published layout, in evaluation mode.

    Raises:
        MertError: a file is missing or damaged, weights are missing, or the configuration asks for parts that are
            not built here.
    """
    if not folder.is_dir():
        raise MertError(
            f"no MERT at {str(folder)!r}: give a folder with config.json and model.safetensors or "
            "pytorch_model.bin, as published under m-a-p/MERT-v1-95M"
        )
    config = _json(folder / "config.json")
    for key, meaning in UNSUPPORTED.items():
        if config.get(key):
            raise MertError(
                f"{str(folder)!r} has {key} = {config[key]!r} ({meaning}), which is not supported: use MERT-v1-95M"
            )
    asked = folder / "preprocessor_config.json"
    prepared = _json(asked) if asked.exists() else {}
    if prepared.get("sampling_rate", SAMPLE_RATE) != SAMPLE_RATE:
        raise MertError(
            f"{str(asked)!r} asks for {prepared['sampling_rate']} Hz: MERT hears {SAMPLE_RATE} Hz"
        )
    network = _network(config)
    _load(network, _weights(folder), folder)
    return MertEncoder(network, normalise=bool(prepared.get("do_normalize", False))).eval()


def _network(config: Mapping[str, Any]) -> Any:
    """HuBERT with the sizes of a configuration, without the masking and skipping of layers of pre-training."""
    transformers = need_extra("transformers", "torch")
    known = transformers.HubertConfig().to_dict()
    sizes = {key: value for key, value in config.items() if key in known and key != "model_type"}
    return transformers.HubertModel(
        transformers.HubertConfig(**{**sizes, "apply_spec_augment": False, "layerdrop": 0.0})
    )


def _weights(folder: Path) -> Mapping[str, Tensor]:
    safe, pickled = folder / "model.safetensors", folder / "pytorch_model.bin"
    try:
        if safe.is_file():
            return dict(need_extra("safetensors.torch", "torch").load_file(safe))
        if pickled.is_file():
            return dict(torch.load(pickled, map_location="cpu", weights_only=True))
    except Exception as error:  # safetensors and unpickling raise many types
        raise MertError(
            f"the weights in {str(folder)!r} can't be read: {str(error).splitlines()[0]}"
        ) from error
    raise MertError(f"{str(folder)!r} holds neither {safe.name} nor {pickled.name}")


def _load(network: Any, stored: Mapping[str, Tensor], folder: Path) -> None:
    """Put published weights into `network`; what is only needed for pre-training is left aside."""
    renamed = {_modern(name): tensor for name, tensor in stored.items()}
    expected = network.state_dict()
    chosen = {name: renamed[name] for name in expected if name in renamed}
    unused = {"masked_spec_embed"}  # stands for masked frames, of which there are none here
    missing = sorted(set(expected) - set(chosen) - unused)
    reshaped = sorted(name for name in chosen if chosen[name].shape != expected[name].shape)
    for what, names in (("lack", missing), ("have in another shape", reshaped)):
        if names:
            raise MertError(
                f"{str(folder)!r}: the weights {what} {names[0]} (and {len(names) - 1} more): they do not belong "
                "to the config.json beside them"
            )
    network.load_state_dict({**expected, **chosen})


def _modern(name: str) -> str:
    """The name that current PyTorch gives a parameter: weight normalisation is a parametrisation now."""
    at = "encoder.pos_conv_embed.conv."
    names = {
        f"{at}weight_g": f"{at}parametrizations.weight.original0",
        f"{at}weight_v": f"{at}parametrizations.weight.original1",
    }
    return names.get(name, name)


def receptive_field(kernels: list[int], strides: list[int]) -> int:
    """Samples that one frame needs: shorter clips are padded to that."""
    samples = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        samples = (samples - 1) * stride + kernel
    return samples


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MertError(f"{str(path)!r} can't be read: {error}") from error
    if not isinstance(found, dict):
        raise MertError(f"{str(path)!r} must hold a JSON object")
    return found
