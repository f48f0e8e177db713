"""What a language model is told: words from a data file around the tags, which are all it learns of a clip."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from linernotes.llm import Message, Schema

PLACE = "{tags}"
LONGEST_CAPTION = 2000
MOST_ATTRIBUTES = 20
_TASK_KEYS = {"singular", "plural", "adds_attributes"}

_DESCRIPTION = {"type": "string", "minLength": 1, "maxLength": LONGEST_CAPTION}
_ATTRIBUTES = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 100},
    "minItems": 1,
    "maxItems": MOST_ATTRIBUTES,
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One task: what is said before and after one tag, and several; whether new attributes are asked for."""

    task: str
    system: str
    singular: str
    plural: str
    adds_attributes: bool = False

    @property
    def schema(self) -> Schema:
        """The JSON schema of an answer."""
        properties: dict[str, Any] = {"new_attributes": _ATTRIBUTES} if self.adds_attributes else {}
        properties["description"] = _DESCRIPTION
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def messages(self, tags: Sequence[str], *, plain: bool = False) -> list[Message]:
        """The conversation about `tags`; `plain` asks for the bare description instead of JSON.

        Raises:
            ValueError: there are no tags.
        """
        if not tags:
            raise ValueError("there is nothing to say about no tags")
        shape = self.singular if len(tags) == 1 else self.plural
        quoted = ", ".join(json.dumps(tag, ensure_ascii=False) for tag in tags)
        asked = shape.replace(PLACE, quoted)
        wanted = "Answer with the description alone." if plain else self._json_wanted()
        return [Message("system", self.system), Message("user", f"{asked}\n\n{wanted}")]

    def _json_wanted(self) -> str:
        shape = '{"description": "..."}'
        if self.adds_attributes:
            shape = '{"new_attributes": ["...", "..."], "description": "..."}'
        return f"Answer with one JSON object of this shape and nothing else: {shape}"


@dataclass(frozen=True, slots=True)
class Instructions:
    """A file of instructions; `sha256` is of the whole file."""

    version: int
    sha256: str
    tasks: Mapping[str, Instruction]

    def task(self, name: str) -> Instruction:
        """The instruction for a task.

        Raises:
            ValueError: the file has none.
        """
        if name not in self.tasks:
            raise ValueError(f"there are no instructions for {name!r}; there are {', '.join(self.tasks)}")
        return self.tasks[name]


def load_instructions(path: Path | None = None) -> Instructions:
    """Read a file of instructions; without `path` the shipped one.

    Raises:
        ValueError: what is wrong with it, in words.
        OSError: it can't be read.
    """
    shipped = resources.files("linernotes.building.pseudo_captions") / "instructions.toml"
    data = path.read_bytes() if path else shipped.read_bytes()
    where = str(path) if path else "instructions.toml"
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"{where} is no TOML in UTF-8: {error}") from error
    version, system = table.pop("version", None), table.pop("system", None)
    if not isinstance(version, int) or not isinstance(system, str) or not system.strip():
        raise ValueError(f"{where} needs `version`, a whole number, and `system`, a text")
    if not table:
        raise ValueError(f"{where} holds no task: a table such as [writing] with singular and plural")
    tasks = {name: _instruction(where, name, system.strip(), entry) for name, entry in table.items()}
    return Instructions(version, hashlib.sha256(data).hexdigest(), tasks)


def _instruction(where: str, name: str, system: str, entry: Any) -> Instruction:
    if not isinstance(entry, dict) or set(entry) - _TASK_KEYS:
        raise ValueError(f"{where} [{name}]: a task is a table of {', '.join(sorted(_TASK_KEYS))}")
    for number in ("singular", "plural"):
        text = entry.get(number)
        if not isinstance(text, str) or text.count(PLACE) != 1:
            raise ValueError(f"{where} [{name}]: {number} must be a text with {PLACE} in it once")
    adds = entry.get("adds_attributes", False)
    if not isinstance(adds, bool):
        raise ValueError(f"{where} [{name}]: adds_attributes is true or false")
    return Instruction(name, system, entry["singular"].strip(), entry["plural"].strip(), adds)
