"""Caption models as ONNX graphs in a folder: how it is laid out, and how it runs in the base install.

`exported.json` describes it, `vocabulary.json` holds the words, `encoder.onnx` turns a frontend's rows into
embeddings (absent where they are embeddings already), `listen.onnx` prepares a clip once, and `step.onnx` reads
one word; models that predict all positions at once have `positions.onnx` in place of the latter two. Nothing in
the folder can run code: graphs, JSON and text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from linernotes.clip import Licence
from linernotes.config import config_from_mapping
from linernotes.decoding import DecodingOptions, FloatArray, State, StepResult
from linernotes.encoders.frontends import FRONTENDS
from linernotes.models.vocabulary import VOCABULARY_FILE, Vocabulary, vocabulary_from_json
from linernotes.models.word_search import FIRST_POSITION, Explanation, Positions, search_caption, writable
from linernotes.networks import open_network

FORMAT_VERSION = 1
DESCRIPTION, LICENCES = "exported.json", "LICENCES.txt"
ENCODER, LISTEN, STEP, POSITIONS = "encoder.onnx", "listen.onnx", "step.onnx", "positions.onnx"
FILE_SETS = ({VOCABULARY_FILE, LISTEN, STEP}, {VOCABULARY_FILE, POSITIONS})
"""What a folder holds besides an encoder."""
FEATURES, ATTENTION = "chunk_features", "attention"
CONTEXT = ("embedding", "chunks", "keys")
STATE = ("encoder_hidden", "encoder_cell", "decoder_hidden", "decoder_cell")
AFTER = "_after"
"""Ends the names of states that a step gives, since no output may be called as an input is."""
ROWS_AT_ONCE = 32
CAPTIONS_AT_ONCE = 256
FATAL_ONLY = 4


class ExportedModelError(ValueError):
    """A folder that can't be run as an exported model; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the model consists of."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Description:
    """`exported.json`."""

    format_version: int
    family: str
    name: str
    """Of the trained model, as notes name it."""
    frontend: str
    max_seconds: float
    max_words: int
    files: tuple[StoredFile, ...]
    decoding: DecodingOptions
    licences: tuple[Licence, ...]
    frames_per_step: int = 1
    """Frames averaged before `positions.onnx`."""
    model: Any = None
    """The configuration that it was trained with; like `training`, for people: nothing here depends on it."""
    training: Any = None


class ExportedModel:
    """Hears and writes as the PyTorch model it was exported from does."""

    keeps_heard = True

    def __init__(
        self, description: Description, vocabulary: Vocabulary, graphs: Mapping[str, Any], where: str
    ) -> None:
        self.description, self.vocabulary = description, vocabulary
        self.frontend = FRONTENDS[description.frontend]
        self.sample_rate, self.frame_s = self.frontend.sample_rate, self.frontend.frame_s
        self._graphs, self._where = graphs, where

    @property
    def encoder_identity(self) -> str:
        """Sixteen hexadecimal digits that change with what hears: the frontend and the encoder's graph."""
        sums = {file.name: file.sha256 for file in self.description.files}
        return sha256_of(f"{self.description.frontend} {sums.get(ENCODER, '')}".encode())[:16]

    @property
    def dim(self) -> int:
        """Width of one embedding."""
        graph = LISTEN if LISTEN in self._graphs else POSITIONS
        return int(self._graphs[graph].get_inputs()[0].shape[-1])

    def hear(self, waveform: FloatArray) -> FloatArray:
        """Embeddings (frames, dim) of samples (samples,)."""
        rows = self.frontend.rows(waveform)
        if ENCODER not in self._graphs:
            return rows
        name = self._graphs[ENCODER].get_inputs()[0].name
        blocks = np.split(rows, range(ROWS_AT_ONCE, len(rows), ROWS_AT_ONCE))
        return np.concatenate([self._run(ENCODER, {name: block})[FEATURES] for block in blocks])

    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        """A caption of embeddings (frames, dim)."""
        if POSITIONS in self._graphs:
            step = Positions(writable(self._positions(heard)))
            return search_caption(step, FIRST_POSITION, self.vocabulary, options)
        context = self._run(LISTEN, {"states": heard})
        start = {name: context[name] for name in STATE}

        def step_on(state: State, tokens: np.ndarray) -> StepResult:
            read = self._read(context, state, tokens)
            return StepResult(writable(read["log_probs"]), {name: read[name] for name in STATE})

        return search_caption(step_on, start, self.vocabulary, options)

    def score(self, heard: FloatArray, captions: Sequence[str]) -> FloatArray:
        """log P(caption | clip) in nats, (captions,)."""
        targets = [self._targets(caption) for caption in captions]
        if POSITIONS in self._graphs:
            log_probs = self._positions(heard)
            totals = [log_probs[np.arange(len(words)), words].sum() for words in targets]
            return np.array(totals, np.float32)
        context = self._run(LISTEN, {"states": heard})
        blocks = [
            self._totals(context, targets[start : start + CAPTIONS_AT_ONCE])
            for start in range(0, len(targets), CAPTIONS_AT_ONCE)
        ]
        return np.concatenate([np.zeros(0, np.float32), *blocks])

    def word_log_probs(self, heard: FloatArray, caption: str) -> FloatArray:
        """Of each word of a caption, and of `<eos>` after it, (words + 1,)."""
        targets = self._targets(caption)
        if POSITIONS in self._graphs:
            return self._positions(heard)[np.arange(len(targets)), targets]
        rows = [read["log_probs"][0] for read in self._readings(heard, targets)]
        return np.stack(rows)[np.arange(len(targets)), targets]

    def _totals(self, context: Mapping[str, FloatArray], targets: Sequence[Sequence[int]]) -> FloatArray:
        """log P of captions in word numbers, (captions,): all are read at once, each as one beam."""
        words = np.full((len(targets), max(map(len, targets))), Vocabulary.pad_id)
        for row, target in zip(words, targets, strict=True):
            row[: len(target)] = target
        inputs = np.concatenate([np.full((len(words), 1), Vocabulary.sos_id), words[:, :-1]], axis=1)
        state: State = {name: np.repeat(context[name], len(words), axis=0) for name in STATE}
        totals = np.zeros(len(words), np.float32)
        for newest, expected in zip(inputs.T, words.T, strict=True):
            state = self._read(context, state, newest)
            found = state["log_probs"][np.arange(len(words)), expected]
            totals += np.where(expected == Vocabulary.pad_id, 0.0, found)
        return totals

    def explain(self, heard: FloatArray, caption: str) -> Explanation:
        """Where the words of `caption` attended to.

        Raises:
            ValueError: the model has no attention.
        """
        if STEP not in self._graphs or ATTENTION not in _outputs(self._graphs[STEP]):
            raise ValueError("this model has no attention to look at: train one with model.attention = true")
        targets = self._targets(caption)
        weights = [read[ATTENTION][0] for read in self._readings(heard, targets)]
        return Explanation(tuple(self.vocabulary.words[number] for number in targets), np.stack(weights))

    def _targets(self, caption: str) -> list[int]:
        words = self.vocabulary.encode(caption)[: self.description.max_words]
        if not words:
            raise ValueError(f"the caption {caption!r} has no words")
        return [*words, self.vocabulary.eos_id]

    def _readings(self, heard: FloatArray, targets: Sequence[int]) -> list[Mapping[str, FloatArray]]:
        """What is found after `<sos>` and after every word but `<eos>`."""
        context = self._run(LISTEN, {"states": heard})
        state: State = context
        readings = []
        for token in (self.vocabulary.sos_id, *targets[:-1]):
            state = self._read(context, state, np.array([token]))
            readings.append(state)
        return readings

    def _read(
        self, context: Mapping[str, FloatArray], state: State, tokens: np.ndarray
    ) -> Mapping[str, FloatArray]:
        given: dict[str, np.ndarray] = {name: context[name] for name in CONTEXT}
        given |= {name: state[name] for name in STATE}
        given["tokens"] = tokens.astype(np.int64)
        found = self._run(STEP, given)
        return {name.removesuffix(AFTER): array for name, array in found.items()}

    def _positions(self, heard: FloatArray) -> FloatArray:
        """Log-probabilities (positions, vocabulary)."""
        together = self.description.frames_per_step
        if together > 1:
            whole = len(heard) // together * together
            groups = heard[:whole].reshape(-1, together, heard.shape[1]) if whole else heard[None]
            heard = groups.mean(1)
        return self._run(POSITIONS, {"states": heard})["log_probs"]

    def _run(self, graph: str, given: Mapping[str, np.ndarray]) -> dict[str, FloatArray]:
        """Outputs by name; inputs that this graph has no use for are left out."""
        session = self._graphs[graph]
        wanted = {entry.name for entry in session.get_inputs()}
        try:
            fed = {name: array for name, array in given.items() if name in wanted}
            found = session.run(None, fed, _quietly())
        except Exception as error:  # onnxruntime's own types derive from nothing narrower
            raise ExportedModelError(
                f"{self._where}: {graph} does not fit the rest ({_first_line(error)}): export the model again"
            ) from error
        return dict(zip(_outputs(session), found, strict=True))


def is_exported(folder: str | Path) -> bool:
    """Whether a folder says of itself that it holds an exported model."""
    return (Path(folder) / DESCRIPTION).is_file()


def load_exported(folder: str | Path) -> ExportedModel:
    """The model of a folder that `linernotes export onnx` wrote.

    Raises:
        ExportedModelError: a file is missing, damaged, or newer than this version understands.
    """
    folder = Path(folder)
    description = _description(folder)
    named = {file.name for file in description.files}
    if named - {ENCODER} not in FILE_SETS:
        raise ExportedModelError(
            f"{_at(folder)} names other files than an exported model has: export it again"
        )
    contents = {file.name: _checked(folder, file) for file in description.files}
    try:
        vocabulary = vocabulary_from_json(contents.pop(VOCABULARY_FILE).decode("utf-8"))
    except ValueError as error:
        raise ExportedModelError(f"{_at(folder)}: {error}") from error
    sessions = {name: _session(folder, name) for name in contents}
    width = next(
        output.shape[-1]
        for name in (STEP, POSITIONS)
        if name in sessions
        for output in sessions[name].get_outputs()
        if output.name == "log_probs"
    )
    if width != len(vocabulary):
        raise ExportedModelError(
            f"{_at(folder)}: the graph writes {width} words and {VOCABULARY_FILE} holds {len(vocabulary)}: "
            "export the model again"
        )
    return ExportedModel(description, vocabulary, sessions, _at(folder))


def sha256_of(content: bytes) -> str:
    """Checksum of a file's content."""
    return hashlib.sha256(content).hexdigest()


def _description(folder: Path) -> Description:
    path = folder / DESCRIPTION
    try:
        table = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ExportedModelError(f"{_at(folder)} holds no {DESCRIPTION}: it is no exported model") from error
    except (OSError, ValueError) as error:
        raise ExportedModelError(f"{_at(path)} can't be read: {error}") from error
    version = table.get("format_version") if isinstance(table, dict) else None
    if version != FORMAT_VERSION:
        raise ExportedModelError(
            f"{_at(folder)} has format {version!r} of exported models, this version reads {FORMAT_VERSION}: "
            "update linernotes, or export the model again"
        )
    try:
        described = config_from_mapping(table, Description)
    except (ValueError, TypeError) as error:
        raise ExportedModelError(f"{_at(path)}: {error}") from error
    if described.frontend not in FRONTENDS:
        raise ExportedModelError(
            f"{_at(path)}: no frontend called {described.frontend!r}; there are {', '.join(FRONTENDS)}"
        )
    if described.frames_per_step < 1 or described.max_words < 1 or described.max_seconds <= 0:
        raise ExportedModelError(f"{_at(path)}: frames_per_step, max_words and max_seconds must be positive")
    return described


def _checked(folder: Path, file: StoredFile) -> bytes:
    try:
        content = (folder / file.name).read_bytes()
    except OSError as error:
        raise ExportedModelError(
            f"{_at(folder)} lacks {file.name} ({error.strerror}): copy or export it again"
        ) from error
    if sha256_of(content) != file.sha256:
        raise ExportedModelError(
            f"{_at(folder / file.name)} is not the file that was exported: its checksum differs; export it again"
        )
    return content


EXPECTED_OUTPUTS = {
    ENCODER: {FEATURES},
    LISTEN: {*CONTEXT, *STATE},
    STEP: {"log_probs", *(f"{name}{AFTER}" for name in STATE)},
    POSITIONS: {"log_probs"},
}


def _session(folder: Path, name: str) -> Any:
    try:
        session = open_network(folder.resolve() / name)
    except Exception as error:  # onnxruntime's own types derive from nothing narrower
        raise ExportedModelError(f"{_at(folder / name)} is no ONNX graph: {_first_line(error)}") from error
    missing = EXPECTED_OUTPUTS[name] - set(_outputs(session))
    if missing:
        raise ExportedModelError(
            f"{_at(folder / name)} gives no {', '.join(sorted(missing))}: it belongs to another model"
        )
    return session


def _quietly() -> Any:
    """Options of a run whose errors are ours to tell."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = FATAL_ONLY
    return options


def _outputs(session: Any) -> list[str]:
    return [entry.name for entry in session.get_outputs()]


def _at(path: Path) -> str:
    return repr(str(path))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
