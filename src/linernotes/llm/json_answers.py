"""JSON out of a model's answer, checked strictly against a small subset of JSON Schema.

A keyword outside the subset is an error of ours, never ignored: what is not checked must not look checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from linernotes.llm import BadAnswerError, Schema

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
KEYWORDS = {"type", "enum", "properties", "required", "additionalProperties", "items"} | {
    "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "description",
}  # fmt: skip
LONGEST_QUOTE = 80

_FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*?)\n?[ \t]*```\Z", re.DOTALL)
_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


def parse_answer(answer: str, schema: Schema) -> Any:
    """The JSON value that `answer` consists of.

    A fence of back-quotes around it, or a reasoning block before it, is taken off, since many models add one
    whatever they are told. Anything else beside the value is an error, as are repeated keys and NaN.

    Raises:
        BadAnswerError: it is not JSON, or does not fit `schema`.
        ValueError: `schema` uses a keyword outside the subset.
    """
    bare = _THINKING.sub("", answer, count=1).strip()
    fenced = _FENCE.match(bare)
    try:
        value = json.loads(
            fenced.group(1) if fenced else bare,
            object_pairs_hook=_object_without_repeats,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise BadAnswerError(f"the answer is not JSON ({error}): {_quote(answer)}", answer) from error
    fault = find_fault(value, schema)
    if fault is not None:
        raise BadAnswerError(f"the answer does not fit the schema: {fault}", answer)
    return value


def find_fault(value: Any, schema: Schema, where: str = "the answer") -> str | None:
    """What is wrong with `value` under `schema`, in words; None when nothing is.

    Raises:
        ValueError: `schema` uses a keyword or type outside the subset.
    """
    unknown = set(schema) - KEYWORDS
    if unknown or schema.get("type", "string") not in TYPES:
        raise ValueError(f"this schema is beyond the validator: {min(unknown, default=schema.get('type'))!r}")
    kind = schema.get("type")
    if kind is not None and not _is(value, kind):
        return f"{where} must be of type {kind}, not {_quote(json.dumps(value))}"
    if "enum" in schema and not any(_same(value, allowed) for allowed in schema["enum"]):
        return f"{where} must be one of {json.dumps(schema['enum'])}, not {_quote(json.dumps(value))}"
    if isinstance(value, dict):
        return _fault_in_object(value, schema, where)
    if isinstance(value, list):
        return _fault_in_array(value, schema, where)
    return _fault_in_size(value, schema, where)


def _fault_in_object(value: Mapping[str, Any], schema: Schema, where: str) -> str | None:
    properties = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in value]
    if missing:
        return f"{where} lacks {missing[0]!r}"
    extra = [name for name in value if name not in properties]
    if extra and schema.get("additionalProperties", True) is False:
        return f"{where} has {_quote(extra[0])}, which was not asked for"
    faults = (
        find_fault(value[name], rule, f"{where}'s {name!r}")
        for name, rule in properties.items()
        if name in value
    )
    return next((fault for fault in faults if fault), None)


def _fault_in_array(value: list[Any], schema: Schema, where: str) -> str | None:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return f"{where} has {len(value)} items"
    if "items" not in schema:
        return None
    faults = (find_fault(item, schema["items"], f"{where}'s item {n}") for n, item in enumerate(value))
    return next((fault for fault in faults if fault), None)


def _fault_in_size(value: Any, schema: Schema, where: str) -> str | None:
    if isinstance(value, str) and not (
        schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    ):
        return f"{where} has {len(value)} characters"
    if _is(value, "number") and not (schema.get("minimum", value) <= value <= schema.get("maximum", value)):
        return f"{where} is {value}, out of range"
    return None


def _is(value: Any, kind: str) -> bool:
    """Whether `value` is of the JSON type `kind`; Python's bool is an int, JSON's is not."""
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind]) or (
        kind == "integer" and isinstance(value, float) and value.is_integer()
    )


def _same(value: Any, allowed: Any) -> bool:
    return bool(value == allowed) and isinstance(value, bool) == isinstance(allowed, bool)


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _quote(text: str) -> str:
    short = " ".join(text.split())
    return repr(short if len(short) <= LONGEST_QUOTE else short[:LONGEST_QUOTE] + " ...")
