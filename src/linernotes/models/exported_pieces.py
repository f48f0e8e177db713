"""A captioner over pieces of words (LP-MusicCaps) as ONNX graphs, run without PyTorch.

`encoder.onnx` hears mel spectrograms, `listen.onnx` makes keys and values of what was heard, once a clip, and
`step.onnx` reads one token for all live hypotheses of all clips (`lp_musiccaps/graphs.py` tells of both).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from linernotes.decoding import DecodingOptions, FloatArray
from linernotes.encoders.decibel_mel import BANDS, HOP, SAMPLE_RATE, SILENCE_DB, decibel_mel, frames_of
from linernotes.models.byte_pieces import TOKENIZER_FILE, BytePieces, byte_pieces_from_json
from linernotes.models.exported_folder import (
    ENCODER,
    LISTEN,
    STEP,
    Description,
    ExportedModelError,
    Graphs,
    ReadFolder,
    sha256_of,
)
from linernotes.models.slot_decoder import (
    WINDOWS_AT_ONCE,
    IntArray,
    SlotDecoder,
    Sound,
    TokenMarks,
    log_likelihoods,
    sound_mask,
    write_clips,
)
from linernotes.models.slots import SlotSizes
from linernotes.models.word_search import Explanation

FRONTENDS = {"decibel-mel-power": "power", "decibel-mel-released": "released"}
"""Convention of the spectrogram by the name that an exported model gives."""
STEPPED = ("tokens", "position", "sound", "own")
REDUCTION = 32
"""Frames of a spectrogram for each embedding."""
CAPTIONS_AT_ONCE = 64


class ExportedPieces:
    """Hears and writes as the PyTorch model it was exported from does."""

    keeps_heard = False
    """As `LpMusicCaps.scores_slowly` has it: no caption is scored on every window."""
    windows_at_once = WINDOWS_AT_ONCE
    sample_rate, frame_s = SAMPLE_RATE, REDUCTION * HOP / SAMPLE_RATE

    def __init__(self, description: Description, pieces: BytePieces, graphs: Graphs) -> None:
        self.description, self.vocabulary, self._graphs = description, pieces, graphs
        self._convention = FRONTENDS[description.frontend]
        shapes = graphs.inputs(STEP)
        layers = sum(name.startswith("past_keys") for name in shapes)
        self._sizes = SlotSizes(layers, *shapes["past_keys_0"][1:3])
        self.marks = TokenMarks(description.start_id, description.end_id)

    @property
    def encoder_identity(self) -> str:
        """Sixteen hexadecimal digits that change with what hears: the frontend and the encoder's graph."""
        sums = {file.name: file.sha256 for file in self.description.files}
        return sha256_of(f"{self.description.frontend} {sums[ENCODER]}".encode())[:16]

    @property
    def dim(self) -> int:
        """Width of one embedding."""
        return int(self._graphs.inputs(LISTEN)["states"][-1])

    def hear(self, waveform: FloatArray) -> FloatArray:
        """The encoder's states (positions, dim) of samples (samples,)."""
        return self.hear_rows(decibel_mel(waveform, self._convention, self.description.max_seconds))

    def hear_rows(self, decibels: FloatArray) -> FloatArray:
        """The encoder's states of a mel spectrogram (frames, 128); behind its end silence is heard."""
        frames = frames_of(round(self.description.max_seconds * SAMPLE_RATE))
        window = np.full((1, frames, BANDS), SILENCE_DB, np.float32)
        window[0, : len(decibels)] = decibels
        real = -(-len(decibels) // REDUCTION)
        found = self._graphs.run(ENCODER, {"spectrograms": window, "real": np.array([real])})
        return found["states"][0, :real]

    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        """A caption of what `hear` gave."""
        return self.write_together([heard], options)[0]

    def write_together(self, heard: Sequence[FloatArray], options: DecodingOptions) -> list[str]:
        """A caption of each clip, all searched side by side."""
        return [self.vocabulary.decode(ids) for ids in self.write_ids(heard, options)]

    def write_ids(self, heard: Sequence[FloatArray], options: DecodingOptions) -> list[list[int]]:
        """Token ids of a caption for each clip, without the start and the end."""
        options = replace(options, ends_as_transformers=True)
        found = write_clips(self.decoder(heard), self.marks, options)
        return [list(hypothesis.tokens) for hypothesis in found]

    def decoder(self, heard: Sequence[FloatArray]) -> SlotDecoder:
        """What reads token after token about these clips, for one search."""
        return self._decoder(self._listen(heard))

    def score(self, heard: FloatArray, captions: Sequence[str]) -> FloatArray:
        """log P(caption | clip) in nats, (captions,)."""
        targets, sound = [self._target(caption) for caption in captions], self._listen([heard])
        totals = [np.zeros(0, np.float32)]
        for start in range(0, len(targets), CAPTIONS_AT_ONCE):
            some = targets[start : start + CAPTIONS_AT_ONCE]
            decoder = self._decoder(sound.of(np.zeros(len(some), np.int64)))
            totals.append(log_likelihoods(decoder, self.marks.start, some))
        return np.concatenate(totals)

    def explain(self, heard: FloatArray, caption: str) -> Explanation:
        """Raises ValueError: attention in many heads and layers is not drawn."""
        raise ValueError("this model has no attention to look at: train recipes/muscaps/attention.toml")

    def _target(self, caption: str) -> list[int]:
        ids = self.vocabulary.encode(caption)[: self.description.max_words + 1]
        if len(ids) == 1:
            raise ValueError(f"the caption {caption!r} has no words")
        return [*ids, self.marks.end]

    def _listen(self, heard: Sequence[FloatArray]) -> Sound:
        real = [len(one) for one in heard]
        states = np.zeros((len(heard), max(real), heard[0].shape[1]), np.float32)
        for row, one in zip(states, heard, strict=True):
            row[: len(one)] = one
        memory = list(self._graphs.run(LISTEN, {"states": states}).values())
        return Sound(memory, sound_mask(real, states.shape[1]))

    def _decoder(self, sound: Sound) -> SlotDecoder:
        names = [*STEPPED, *list(self._graphs.inputs(STEP))[len(STEPPED) :]]

        def read(
            tokens: IntArray, position: IntArray, mask: FloatArray, own: FloatArray, memory: list[Any]
        ) -> list[Any]:
            given = (tokens, position, mask, own, *memory)
            return list(self._graphs.run(STEP, dict(zip(names, given, strict=True))).values())

        def zeros(shape: tuple[int, ...]) -> FloatArray:
            return np.zeros(shape, np.float32)

        return SlotDecoder(read, self._sizes, sound, zeros)


def load_pieces(read: ReadFolder) -> ExportedPieces:
    """The model of a folder with `tokenizer.json`.

    Raises:
        ExportedModelError: its parts do not belong together.
    """
    where = read.graphs.where
    if read.description.frontend not in FRONTENDS:
        raise ExportedModelError(
            f"{where}: no spectrogram called {read.description.frontend!r}; there are {', '.join(FRONTENDS)}"
        )
    wanted = {ENCODER: ({"spectrograms", "real"}, {"states"}), LISTEN: ({"states"}, set()),
              STEP: ({*STEPPED, "past_keys_0"}, {"log_probs"})}  # fmt: skip
    for name, (inputs, outputs) in wanted.items():
        if inputs - set(read.graphs.inputs(name)) or outputs - set(read.graphs.outputs(name)):
            raise ExportedModelError(f"{where}: {name} belongs to another model: export the model again")
    try:
        pieces = byte_pieces_from_json(read.texts[TOKENIZER_FILE])
    except ValueError as error:
        raise ExportedModelError(f"{where}: {error}") from error
    return ExportedPieces(read.description, pieces, read.graphs)
