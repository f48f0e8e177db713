"""Caption models as ONNX graphs in a folder: how it is laid out, and how it runs in the base install.

`exported.json` describes it. A model over words has `vocabulary.json`; its `encoder.onnx` turns a frontend's rows
into embeddings (absent where they are embeddings already), `listen.onnx` prepares a clip once, and `step.onnx`
reads one word; models that predict all positions at once have `positions.onnx` in place of the latter two. A model
over pieces of words (`exported_pieces.py`) has `tokenizer.json` instead. Nothing in the folder can run code:
graphs, JSON and text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from linernotes.decoding import DecodingOptions, FloatArray, State, StepResult
from linernotes.encoders.frontends import FRONTENDS
from linernotes.models.exported_folder import (
    ENCODER,
    LISTEN,
    POSITIONS,
    STEP,
    Description,
    ExportedModelError,
    Graphs,
    at,
    is_exported,
    read_folder,
    sha256_of,
)
from linernotes.models.exported_pieces import ExportedPieces, load_pieces
from linernotes.models.vocabulary import VOCABULARY_FILE, Vocabulary, vocabulary_from_json
from linernotes.models.word_search import FIRST_POSITION, Explanation, Positions, search_caption, writable

__all__ = ["ExportedModel", "ExportedModelError", "ExportedPieces", "is_exported", "load_exported"]

FEATURES, ATTENTION = "chunk_features", "attention"
CONTEXT = ("embedding", "chunks", "keys")
STATE = ("encoder_hidden", "encoder_cell", "decoder_hidden", "decoder_cell")
AFTER = "_after"
"""Ends the names of states that a step gives, since no output may be called as an input is."""
ROWS_AT_ONCE = 32
CAPTIONS_AT_ONCE = 256


EXPECTED_OUTPUTS = {
    ENCODER: {FEATURES},
    LISTEN: {*CONTEXT, *STATE},
    STEP: {"log_probs", *(f"{name}{AFTER}" for name in STATE)},
    POSITIONS: {"log_probs"},
}


class ExportedModel:
    """Hears and writes as the PyTorch model it was exported from does."""

    keeps_heard = True

    def __init__(self, description: Description, vocabulary: Vocabulary, graphs: Graphs) -> None:
        self.description, self.vocabulary = description, vocabulary
        self.frontend = FRONTENDS[description.frontend]
        self.sample_rate, self.frame_s = self.frontend.sample_rate, self.frontend.frame_s
        self._graphs = graphs

    @property
    def encoder_identity(self) -> str:
        """Sixteen hexadecimal digits that change with what hears: the frontend and the encoder's graph."""
        sums = {file.name: file.sha256 for file in self.description.files}
        return sha256_of(f"{self.description.frontend} {sums.get(ENCODER, '')}".encode())[:16]

    @property
    def dim(self) -> int:
        """Width of one embedding."""
        graph = LISTEN if LISTEN in self._graphs else POSITIONS
        return int(next(iter(self._graphs.inputs(graph).values()))[-1])

    def hear(self, waveform: FloatArray) -> FloatArray:
        """Embeddings (frames, dim) of samples (samples,)."""
        rows = self.frontend.rows(waveform)
        if ENCODER not in self._graphs:
            return rows
        name = next(iter(self._graphs.inputs(ENCODER)))
        blocks = np.split(rows, range(ROWS_AT_ONCE, len(rows), ROWS_AT_ONCE))
        return np.concatenate([self._graphs.run(ENCODER, {name: block})[FEATURES] for block in blocks])

    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        """A caption of embeddings (frames, dim)."""
        if POSITIONS in self._graphs:
            step = Positions(writable(self._positions(heard)))
            return search_caption(step, FIRST_POSITION, self.vocabulary, options)
        context = self._graphs.run(LISTEN, {"states": heard})
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
        context = self._graphs.run(LISTEN, {"states": heard})
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
        if STEP not in self._graphs or ATTENTION not in self._graphs.outputs(STEP):
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
        context = self._graphs.run(LISTEN, {"states": heard})
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
        found = self._graphs.run(STEP, given)
        return {name.removesuffix(AFTER): array for name, array in found.items()}

    def _positions(self, heard: FloatArray) -> FloatArray:
        """Log-probabilities (positions, vocabulary)."""
        together = self.description.frames_per_step
        if together > 1:
            whole = len(heard) // together * together
            groups = heard[:whole].reshape(-1, together, heard.shape[1]) if whole else heard[None]
            heard = groups.mean(1)
        return self._graphs.run(POSITIONS, {"states": heard})["log_probs"]


def load_exported(folder: str | Path) -> ExportedModel | ExportedPieces:
    """The model of a folder that `linernotes export onnx` wrote.

    Raises:
        ExportedModelError: a file is missing, damaged, or newer than this version understands.
    """
    folder = Path(folder)
    read = read_folder(folder)
    if VOCABULARY_FILE not in read.texts:
        return load_pieces(read)
    graphs, frontend = read.graphs, read.description.frontend
    if frontend not in FRONTENDS:
        raise ExportedModelError(
            f"{at(folder)}: no frontend called {frontend!r}; there are {', '.join(FRONTENDS)}"
        )
    for name in graphs.sessions:
        missing = EXPECTED_OUTPUTS[name] - set(graphs.outputs(name))
        if missing:
            raise ExportedModelError(
                f"{at(folder / name)} gives no {', '.join(sorted(missing))}: it belongs to another model"
            )
    try:
        vocabulary = vocabulary_from_json(read.texts[VOCABULARY_FILE])
    except ValueError as error:
        raise ExportedModelError(f"{at(folder)}: {error}") from error
    width = graphs.outputs(STEP if STEP in graphs else POSITIONS)["log_probs"][-1]
    if width != len(vocabulary):
        raise ExportedModelError(
            f"{at(folder)}: the graph writes {width} words and {VOCABULARY_FILE} holds {len(vocabulary)}: "
            "export the model again"
        )
    return ExportedModel(read.description, vocabulary, graphs)
