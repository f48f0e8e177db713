"""The folder of an exported model: what it says of itself, its files, and its graphs as they are run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from linernotes.clip import Licence
from linernotes.config import config_from_mapping
from linernotes.decoding import DecodingOptions
from linernotes.models.byte_pieces import TOKENIZER_FILE
from linernotes.models.vocabulary import VOCABULARY_FILE
from linernotes.networks import open_network

FORMAT_VERSION = 1
DESCRIPTION, LICENCES = "exported.json", "LICENCES.txt"
ENCODER, LISTEN, STEP, POSITIONS = "encoder.onnx", "listen.onnx", "step.onnx", "positions.onnx"
WORD_FILES = ({VOCABULARY_FILE, LISTEN, STEP}, {VOCABULARY_FILE, POSITIONS})
"""What a folder holds besides an encoder."""
PIECE_FILES = {TOKENIZER_FILE, ENCODER, LISTEN, STEP}
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
    start_id: int = 0
    """Token before every caption, where the tokenizer does not tell; so is `end_id` behind it."""
    end_id: int = 0
    weights: str = "float32"
    """Or "int8"."""
    model: Any = None
    """The configuration that it was trained with; like `training`, for people: nothing here depends on it."""
    training: Any = None


class Graphs:
    """The graphs of a folder by file name."""

    def __init__(self, sessions: Mapping[str, Any], where: str) -> None:
        self.sessions, self.where = sessions, where

    def __contains__(self, name: str) -> bool:
        return name in self.sessions

    def inputs(self, name: str) -> dict[str, list[Any]]:
        """Shapes of what a graph takes, in its order; sizes that vary are names."""
        return {entry.name: entry.shape for entry in self.sessions[name].get_inputs()}

    def outputs(self, name: str) -> dict[str, list[Any]]:
        """Shapes of what a graph gives, in its order."""
        return {entry.name: entry.shape for entry in self.sessions[name].get_outputs()}

    def run(self, name: str, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Outputs by name; inputs that this graph has no use for are left out."""
        session = self.sessions[name]
        wanted = {entry.name for entry in session.get_inputs()}
        try:
            fed = {name: array for name, array in given.items() if name in wanted}
            found = session.run(None, fed, _quietly())
        except Exception as error:  # onnxruntime's own types derive from nothing narrower
            raise ExportedModelError(
                f"{self.where}: {name} does not fit the rest ({_first_line(error)}): export the model again"
            ) from error
        return dict(zip(self.outputs(name), found, strict=True))


@dataclass(frozen=True, slots=True)
class ReadFolder:
    """A folder whose files are those that were written."""

    description: Description
    texts: Mapping[str, str]
    graphs: Graphs


def is_exported(folder: str | Path) -> bool:
    """Whether a folder says of itself that it holds an exported model."""
    return (Path(folder) / DESCRIPTION).is_file()


def read_folder(folder: Path) -> ReadFolder:
    """What `linernotes export onnx` wrote, checked against its own checksums.

    Raises:
        ExportedModelError: a file is missing, damaged, or newer than this version understands.
    """
    description = _description(folder)
    named = {file.name for file in description.files}
    if named != PIECE_FILES and named - {ENCODER} not in WORD_FILES:
        raise ExportedModelError(
            f"{at(folder)} names other files than an exported model has: export it again"
        )
    contents = {file.name: _checked(folder, file) for file in description.files}
    texts = {name: contents.pop(name) for name in (VOCABULARY_FILE, TOKENIZER_FILE) if name in contents}
    sessions = {name: _session(folder, name) for name in contents}
    try:
        decoded = {name: text.decode("utf-8") for name, text in texts.items()}
    except ValueError as error:
        raise ExportedModelError(f"{at(folder)}: {error}") from error
    return ReadFolder(description, decoded, Graphs(sessions, at(folder)))


def sha256_of(content: bytes) -> str:
    """Checksum of a file's content."""
    return hashlib.sha256(content).hexdigest()


def _description(folder: Path) -> Description:
    path = folder / DESCRIPTION
    try:
        table = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ExportedModelError(f"{at(folder)} holds no {DESCRIPTION}: it is no exported model") from error
    except (OSError, ValueError) as error:
        raise ExportedModelError(f"{at(path)} can't be read: {error}") from error
    version = table.get("format_version") if isinstance(table, dict) else None
    if version != FORMAT_VERSION:
        raise ExportedModelError(
            f"{at(folder)} has format {version!r} of exported models, this version reads {FORMAT_VERSION}: "
            "update linernotes, or export the model again"
        )
    try:
        described = config_from_mapping(table, Description)
    except (ValueError, TypeError) as error:
        raise ExportedModelError(f"{at(path)}: {error}") from error
    if described.frames_per_step < 1 or described.max_words < 1 or described.max_seconds <= 0:
        raise ExportedModelError(f"{at(path)}: frames_per_step, max_words and max_seconds must be positive")
    return described


def _checked(folder: Path, file: StoredFile) -> bytes:
    try:
        content = (folder / file.name).read_bytes()
    except OSError as error:
        raise ExportedModelError(
            f"{at(folder)} lacks {file.name} ({error.strerror}): copy or export it again"
        ) from error
    if sha256_of(content) != file.sha256:
        raise ExportedModelError(
            f"{at(folder / file.name)} is not the file that was exported: its checksum differs; export it again"
        )
    return content


def _session(folder: Path, name: str) -> Any:
    try:
        session = open_network(folder.resolve() / name)
    except Exception as error:  # onnxruntime's own types derive from nothing narrower
        raise ExportedModelError(f"{at(folder / name)} is no ONNX graph: {_first_line(error)}") from error
    return session


def _quietly() -> Any:
    """Options of a run whose errors are ours to tell."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = FATAL_ONLY
    return options


def at(path: Path) -> str:
    """How messages name a place."""
    return repr(str(path))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
