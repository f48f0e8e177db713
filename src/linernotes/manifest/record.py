"""One `Clip` as plain data and back; everything that can be wrong with the plain data, said at once.

`docs/manifest-schema.json` describes the same shape.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from linernotes.clip import Clip, Fact
from linernotes.manifest.paths import escape_of

MANIFEST_VERSION = "1.0"
"""Version of the manifest's shape: a new minor version only adds fields."""

FIELDS = tuple(field.name for field in fields(Clip))
FACT_FIELDS = tuple(field.name for field in fields(Fact))
TEXT_FIELDS = ("artist_id", "split", "source", "licence")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a manifest: `line` counts from 1 (in Parquet: the row), 0 is the file as a whole."""

    line: int
    clip_id: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "the file"
        return f"{where}{f' ({self.clip_id})' if self.clip_id else ''}: {self.message}"


class ManifestError(ValueError):
    """A manifest that can't be read; `problems` has all that were found, the message the first of them."""

    def __init__(self, path: str, problems: tuple[Problem, ...], *, more: bool = False) -> None:
        self.problems = problems
        shown = "; ".join(str(problem) for problem in problems[:5])
        rest = len(problems) - 5
        tail = f"; and {rest}{' or more' if more else ''} other problems" if rest > 0 else ""
        super().__init__(f"{path}: {shown}{tail}")


def clip_to_record(clip: Clip) -> dict[str, Any]:
    """Plain data of `clip`, fields that say nothing left out; `clip_from_record` reads it back equal."""
    record: dict[str, Any] = {
        "schema_version": MANIFEST_VERSION,
        "clip_id": clip.clip_id,
        "audio_path": clip.audio_path,
        "start_s": clip.start_s,
        "end_s": clip.end_s,
        "captions": list(clip.captions),
        "tags": list(clip.tags),
    }
    if clip.facts:
        record["facts"] = [asdict(fact) for fact in clip.facts]
    record |= {name: value for name in TEXT_FIELDS if (value := getattr(clip, name))}
    if clip.extra:
        record["extra"] = dict(clip.extra)
    return record


def clip_from_record(record: Mapping[str, Any], *, keep_unknown: bool = False) -> Clip:
    """The clip that `record` describes; call it on records in which `faults` finds nothing.

    With `keep_unknown`, fields that `Clip` does not have go to `extra` instead of being refused.
    """
    extra = dict(record.get("extra") or {})
    if keep_unknown:
        extra |= {name: record[name] for name in _unknown(record)}
    end_s = record.get("end_s")
    return Clip(
        clip_id=record["clip_id"],
        audio_path=record["audio_path"],
        start_s=float(record.get("start_s") or 0.0),
        end_s=None if end_s is None else float(end_s),
        captions=tuple(record.get("captions") or ()),
        tags=tuple(record.get("tags") or ()),
        facts=tuple(_fact(fact) for fact in record.get("facts") or ()),
        extra=extra,
        **{name: record.get(name) or "" for name in TEXT_FIELDS},
    )


def faults(record: Any, *, keep_unknown: bool = False) -> list[str]:
    """Everything that is wrong with a record, in words; empty when it can become a `Clip`."""
    if not isinstance(record, Mapping):
        return [f"expected an object with the fields of a clip, got {type(record).__name__}"]
    found = [*_version_faults(record), *_identity_faults(record), *_span_faults(record)]
    for name in ("captions", "tags"):
        found += _list_faults(name, record.get(name))
    for name in TEXT_FIELDS:
        if not isinstance(record.get(name) or "", str):
            found.append(f"{name} must be text, got {record[name]!r}")
    found += _facts_faults(record.get("facts"))
    extra = record.get("extra")
    if extra is not None and not isinstance(extra, Mapping):
        found.append(f"extra must be an object, got {extra!r}")
    if not keep_unknown:
        found += [_unknown_fault(name) for name in _unknown(record)]
    return found or list(_json_faults(record))


def _unknown(record: Mapping[str, Any]) -> list[str]:
    return [name for name in record if name not in FIELDS and name != "schema_version"]


def _unknown_fault(name: str) -> str:
    near = difflib.get_close_matches(str(name), FIELDS, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]!r}?" if near else "put it under extra"
    return f"unknown field {name!r}; {advice}"


def _version_faults(record: Mapping[str, Any]) -> Iterator[str]:
    version = record.get("schema_version", MANIFEST_VERSION)
    if str(version).split(".")[0] != MANIFEST_VERSION.split(".")[0]:
        yield f"schema_version {version!r}; this linernotes reads {MANIFEST_VERSION}"


def _identity_faults(record: Mapping[str, Any]) -> Iterator[str]:
    clip_id = record.get("clip_id")
    if not isinstance(clip_id, str) or not clip_id.strip():
        yield f"clip_id must be text and not empty, got {clip_id!r}"
    path = record.get("audio_path")
    if not isinstance(path, str):
        yield f'audio_path must be text ("" where there is no audio), got {path!r}'
    elif escape := escape_of(path):
        yield f"audio_path {path!r} {escape}"


def _span_faults(record: Mapping[str, Any]) -> Iterator[str]:
    start_s, end_s = record.get("start_s"), record.get("end_s")
    good = True
    for name, value in (("start_s", start_s), ("end_s", end_s)):
        if value is not None and not (_is_number(value) and value >= 0):
            good = False
            yield f"{name} must be seconds from the start of the file (0 or more), got {value!r}"
    if good and end_s is not None and end_s <= (start_s or 0):
        yield f"end_s {end_s} is not after start_s {start_s or 0}"


def _list_faults(name: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, list | tuple):
        yield f"{name} must be a list of texts, got {value!r}"
        return
    for number, item in enumerate(value, 1):
        if not isinstance(item, str) or not item.strip():
            yield f"{name}: number {number} must be text and not empty, got {item!r}"


def _facts_faults(facts: Any) -> Iterator[str]:
    if facts is not None and not isinstance(facts, list | tuple):
        yield f"facts must be a list, got {facts!r}"
        return
    for number, fact in enumerate(facts or (), 1):
        yield from (f"facts: number {number}: {fault}" for fault in _fact_faults(fact))


def _fact_faults(fact: Any) -> Iterator[str]:
    if not isinstance(fact, Mapping):
        yield f"expected an object, got {fact!r}"
        return
    missing = [name for name in FACT_FIELDS if name not in fact]
    unknown = [name for name in fact if name not in FACT_FIELDS]
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}" if missing else "", f"unknown {unknown}" if unknown else ""]
        yield "; ".join(part for part in parts if part)
        return
    for name in ("id", "name", "unit", "source"):
        if not isinstance(fact[name], str):
            yield f"{name} must be text, got {fact[name]!r}"
    if not isinstance(fact["value"], str | bool) and not _is_number(fact["value"]):
        yield f"value must be text, a finite number or true/false, got {fact['value']!r}"
    if not (_is_number(fact["confidence"]) and 0 <= fact["confidence"] <= 1):
        yield f"confidence must be in 0..1, got {fact['confidence']!r}"
    if not (_is_number(fact["start_s"]) and _is_number(fact["end_s"])):
        yield f"start_s and end_s must be seconds, got {fact['start_s']!r} and {fact['end_s']!r}"
    elif fact["end_s"] < fact["start_s"]:
        yield f"end_s {fact['end_s']} is before start_s {fact['start_s']}"


def _json_faults(record: Mapping[str, Any]) -> Iterator[str]:
    """Values that JSON has no form for: they could be read here and not be written again."""
    try:
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:
        yield "holds text that is no Unicode (from a file name that is no UTF-8?)"
    except (TypeError, ValueError, RecursionError) as error:
        yield f"holds something that JSON has no form for: {error}"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**63


def _fact(fact: Mapping[str, Any]) -> Fact:
    numbers = {name: float(fact[name]) for name in ("confidence", "start_s", "end_s")}
    return Fact(**{**fact, **numbers})
