"""Trained caption models to ONNX: a folder that `linernotes.models.exported` runs without PyTorch."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from linernotes.checkpoint import replace_folder
from linernotes.clip import Licence
from linernotes.config import config_to_mapping
from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.encoders.harmonic_cnn import HarmonicCnnEncoder
from linernotes.encoders.log_mel import LogMelEncoder
from linernotes.encoders.musicnn_chunks import MusicnnEncoder, ShippedMusicnn
from linernotes.models.captioning import CaptionModel
from linernotes.models.dcase_baseline import DcaseBaseline
from linernotes.models.exported import AFTER, ATTENTION, CONTEXT, FEATURES, STATE, load_exported
from linernotes.models.exported_folder import (
    DESCRIPTION,
    ENCODER,
    FORMAT_VERSION,
    LICENCES,
    LISTEN,
    POSITIONS,
    STEP,
    Description,
    StoredFile,
    is_exported,
    sha256_of,
)
from linernotes.models.lp_musiccaps import LpMusicCaps
from linernotes.models.lp_musiccaps.onnx_parts import lp_files
from linernotes.models.muscaps import MusCaps
from linernotes.models.muscaps.audio_input import AudioContext
from linernotes.models.muscaps.network import LanguageState, MusCapsNetwork
from linernotes.models.onnx_file import ModelFiles, graph_file
from linernotes.models.onnx_int8 import to_int8
from linernotes.models.vocabulary import VOCABULARY_FILE, vocabulary_to_json
from linernotes.registry import need_extra

CHECK_SECONDS = 7.0
LARGEST_DIFFERENCE = 1e-3
"""In nats, of a whole caption; more than rounding explains."""
CHECK_WORDS = 40
CHECK_CAPTION = "music"
"""Where the model says nothing of the check's noise."""


@dataclass(frozen=True, slots=True)
class TrainedAs:
    """What is told of a model besides its network."""

    family: str
    name: str
    decoding: DecodingOptions
    licences: tuple[Licence, ...]
    training: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and how far it is from the PyTorch model on a noisy test signal."""

    folder: str
    size_bytes: int
    difference: float
    """Between the log-probabilities of a caption, in nats."""


def export_onnx(model: Any, about: TrainedAs, folder: Path, *, int8: bool = False) -> ExportReport:
    """Write a trained model as ONNX graphs, run them once beside the original, and keep the folder if they agree.

    With `int8` matrices are stored and multiplied in eight bits, and how far that is off is told, not judged.

    Raises:
        ValueError: this family or encoder has no export, or `folder` holds something else.
        MissingExtraError: the package onnx is not installed.
    """
    need_extra("onnx", "onnx")
    if folder.exists() and not is_exported(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{str(folder)!r} holds something else: give --out a new or an exported folder")
    files = _files(model, int8)
    described = Description(
        format_version=FORMAT_VERSION,
        family=about.family,
        name=about.name,
        frontend=files.frontend,
        max_seconds=model.max_seconds,
        max_words=files.max_words,
        files=tuple(StoredFile(name, sha256_of(content)) for name, content in files.contents.items()),
        decoding=about.decoding,
        licences=about.licences,
        frames_per_step=files.frames_per_step,
        start_id=files.start_id,
        end_id=files.end_id,
        weights="int8" if int8 else "float32",
        model=config_to_mapping(model.config),
        training=dict(about.training),
    )
    contents = {
        **files.contents,
        DESCRIPTION: (json.dumps(asdict(described), indent=2) + "\n").encode(),
        LICENCES: _licence_text(model, about.licences).encode(),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-", suffix=".part"))
    try:
        part.chmod(0o755)
        for name, content in contents.items():
            (part / name).write_bytes(content)
        difference = _difference(model, part, np.inf if int8 else LARGEST_DIFFERENCE)
        replace_folder(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return ExportReport(str(folder), sum(map(len, contents.values())), difference)


class _MusicnnGraph(nn.Module):
    """Log-mel windows (windows, 187, 96) -> (windows, 753)."""

    def __init__(self, encoder: MusicnnEncoder) -> None:
        super().__init__()
        self.network = encoder.network

    def forward(self, rows: Tensor) -> Tensor:
        return self.network.feature_maps(rows).amax(dim=2)


class _HarmonicGraph(nn.Module):
    """Power spectra (chunks, frames, 257) -> (chunks, 256)."""

    def __init__(self, encoder: HarmonicCnnEncoder) -> None:
        super().__init__()
        self.network = encoder.network

    def forward(self, rows: Tensor) -> Tensor:
        return self.network.features_of_decibels(self.network.hstft.decibels(rows))


class _ListenGraph(nn.Module):
    """Embeddings (chunks, dim) of one clip -> its context and the first state."""

    def __init__(self, network: MusCapsNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, states: Tensor) -> tuple[Tensor, ...]:
        if self.network.standardise is not None:
            states = self.network.standardise.norm(states)
        whole = torch.ones_like(states[None, :, 0], dtype=torch.bool)
        context = self.network.context(AudioEmbeddings(states[None], whole))
        start = self.network.start(context)
        # Copies, since one tensor can't be several outputs.
        parts = [getattr(context, name) for name in CONTEXT] + [getattr(start, name) for name in STATE]
        return tuple(part + 0.0 for part in parts)


class _StepGraph(nn.Module):
    """Newest tokens (beams,), context of one clip and states (beams, hidden) -> log-probabilities and states."""

    def __init__(self, network: MusCapsNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, tokens: Tensor, embedding: Tensor, chunks: Tensor, keys: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        whole = torch.ones_like(chunks[:, :, 0], dtype=torch.bool)
        context = AudioContext(embedding.expand(tokens.shape[0], -1), chunks, keys, whole)
        read = self.network.read(tokens[:, None], context, LanguageState(*state))
        log_probs = torch.log_softmax(read.logits[:, 0], dim=-1)
        after = tuple(getattr(read.state, name) for name in STATE)
        return (log_probs, *after) if read.attention is None else (log_probs, *after, read.attention[:, 0])


class _PositionsGraph(nn.Module):
    """Frames (frames, 64) of one clip -> log-probabilities (positions, vocabulary)."""

    def __init__(self, model: DcaseBaseline) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor) -> Tensor:
        _, last = self.model.listener(self.model.standardise.norm(states)[None])
        return torch.log_softmax(self.model.written_of(last)[0], dim=-1)


def _frontend(model: MusCaps | DcaseBaseline) -> str:
    encoder = model.encoder
    if isinstance(encoder, MusicnnEncoder | ShippedMusicnn):
        return "musicnn-windows"
    if isinstance(encoder, HarmonicCnnEncoder):
        return "harmonic-powers"
    if isinstance(encoder, LogMelEncoder):
        return "log-mel-64"
    raise ValueError(f"the encoder {model.config.encoder.name!r} has no export to ONNX")


def _files(model: CaptionModel, int8: bool) -> ModelFiles:
    if isinstance(model, LpMusicCaps):
        files = lp_files(model)
        graphs = {name: to_int8(files.contents[name]) for name in (ENCODER, LISTEN, STEP) if int8}
        return replace(files, contents=files.contents | graphs)
    if not isinstance(model, MusCaps | DcaseBaseline):
        raise ValueError(
            f"{type(model).__name__} has no export to ONNX: muscaps, dcase-baseline and lp-musiccaps have"
        )
    if int8:
        raise ValueError("--int8 is for lp-musiccaps: the networks of the other families are small")
    frames = model.config.frames_per_step if isinstance(model, DcaseBaseline) else 1
    return ModelFiles(_contents(model), _frontend(model), model.config.max_words, frames)


def _contents(model: MusCaps | DcaseBaseline) -> dict[str, bytes]:
    """Graphs and vocabulary by file name."""
    _frontend(model)
    contents = {VOCABULARY_FILE: vocabulary_to_json(model.vocabulary).encode()}
    encoder = model.encoder
    if isinstance(encoder, ShippedMusicnn):
        shipped = resources.files("linernotes") / "assets" / f"musicnn_{encoder.vocabulary}.onnx"
        contents[ENCODER] = shipped.read_bytes()
    elif isinstance(encoder, MusicnnEncoder):
        contents[ENCODER] = _encoder_file(_MusicnnGraph(encoder), torch.rand(2, 187, 96))
    elif isinstance(encoder, HarmonicCnnEncoder):
        contents[ENCODER] = _encoder_file(_HarmonicGraph(encoder), torch.rand(2, 313, 257))
    states = torch.rand(3, encoder.dim)
    if isinstance(model, DcaseBaseline):
        contents[POSITIONS] = graph_file(
            _PositionsGraph(model), [states], ["states"], ["log_probs"], {"states": {0: "frames"}}
        )
        return contents
    network = _with_plain_weights(model.network)
    contents[LISTEN] = graph_file(
        _ListenGraph(network),
        [states],
        ["states"],
        [*CONTEXT, *STATE],
        {"states": {0: "frames"}, "chunks": {1: "frames"}, "keys": {1: "frames"}},
    )
    contents[STEP] = _step_graph(network, states)
    return contents


def _encoder_file(graph: nn.Module, rows: Tensor) -> bytes:
    return graph_file(graph, [rows], ["rows"], [FEATURES], {"rows": {0: "rows"}, FEATURES: {0: "rows"}})


def _step_graph(network: MusCapsNetwork, states: Tensor) -> bytes:
    with torch.no_grad():
        heard = _ListenGraph(network)(states)
    context, start = heard[: len(CONTEXT)], [part.repeat(2, 1) for part in heard[len(CONTEXT) :]]
    after = [f"{name}{AFTER}" for name in STATE]
    outputs = ["log_probs", *after, *([ATTENTION] if network.attention else [])]
    batched = ("tokens", *STATE, *outputs)
    axes: dict[str, dict[int, str]] = {name: {0: "beams"} for name in batched}
    axes |= {name: {1: "frames"} for name in CONTEXT[1:]}
    if network.attention:
        axes[ATTENTION] = {0: "beams", 1: "frames"}
    inputs = ["tokens", *CONTEXT, *STATE]
    return graph_file(_StepGraph(network), [torch.tensor([1, 1]), *context, *start], inputs, outputs, axes)


def _with_plain_weights(network: MusCapsNetwork) -> MusCapsNetwork:
    """A copy whose output layer holds its normalised weights as plain ones: computed once, not at every word."""
    plain, output = copy.deepcopy(network), network.output
    plain.output = nn.Linear(output.in_features, output.out_features)
    with torch.no_grad():
        plain.output.weight.copy_(output.weight)
        plain.output.bias.copy_(output.bias)
    return plain.eval()


def _licence_text(model: CaptionModel, chain: Sequence[Licence]) -> str:
    """The chain, and the notice that has to go with a copy of the tagger."""
    lines = [f"{licence.component}: {licence.licence}\n" for licence in chain]
    if isinstance(getattr(model, "encoder", None), MusicnnEncoder | ShippedMusicnn):
        notice = resources.files("linernotes") / "assets" / "licences" / "musicnn.txt"
        lines.append(f"\nmusicnn ({ENCODER}):\n\n{notice.read_text('utf-8')}")
    return "".join(lines)


@torch.no_grad()
def _difference(model: Any, folder: Path, most: float) -> float:
    """Between the log-probabilities of the caption that is written of some noise, in nats.

    Raises:
        ValueError: it is above `most`.
    """
    exported = load_exported(folder)
    samples = round(CHECK_SECONDS * model.sample_rate)
    noise = np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)
    heard = exported.hear(noise)
    options = DecodingOptions(beams=1, max_tokens=min(CHECK_WORDS, exported.description.max_words))
    caption = exported.write(heard, options) or CHECK_CAPTION
    audio = model.encode(torch.from_numpy(noise)[None], torch.tensor([samples]))
    scores = float(model.score_encoded(audio, [caption])[0, 0]), float(exported.score(heard, [caption])[0])
    difference = abs(scores[0] - scores[1])
    if not difference <= most:
        raise ValueError(
            f"the exported graphs differ from the model by {difference:.2g} nats: nothing was written; please "
            "report this with the versions of torch and onnx"
        )
    return difference
