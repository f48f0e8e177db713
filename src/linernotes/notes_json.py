"""`Notes` as JSON and back; the shape is that of `docs/notes-schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from linernotes.clip import (
    SCHEMA_VERSION,
    AudioInfo,
    Caption,
    CaptionedStretch,
    Claim,
    Description,
    Fact,
    Licence,
    Moment,
    Notes,
    Producer,
    Section,
)


def printable(text: str) -> str:
    """`text` as valid Unicode: bytes of a file name that are no UTF-8 are shown as `\\udcXX` escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def notes_to_dict(notes: Notes) -> dict[str, Any]:
    """Plain data of `notes`; captions are strings with their `claims` beside them."""
    return {
        "schema_version": notes.schema_version,
        "audio": {**asdict(notes.audio), "path": printable(notes.audio.path)},
        **_caption(notes.caption),
        "sections": [
            {
                "start_s": section.start_s,
                "end_s": section.end_s,
                "label": section.label,
                **_caption(section.caption),
                "facts": [asdict(fact) for fact in section.facts],
            }
            for section in notes.sections
        ],
        "facts": [asdict(fact) for fact in notes.facts],
        "licences": [asdict(licence) for licence in notes.licences],
        "producer": {
            "version": notes.producer.version,
            "models": list(notes.producer.models),
            "settings": dict(notes.producer.settings),
        },
        "warnings": [printable(warning) for warning in notes.warnings],
        **({} if notes.description is None else {"description": _description(notes.description)}),
    }


def notes_to_json(notes: Notes, *, indent: int | None = 2) -> str:
    """One JSON text, UTF-8 safe and without NaN; `indent=None` gives one line for JSON Lines."""
    return json.dumps(notes_to_dict(notes), indent=indent, ensure_ascii=False, allow_nan=False)


def notes_from_dict(data: Mapping[str, Any]) -> Notes:
    """Read what `notes_to_dict` wrote.

    Raises:
        ValueError: the major schema version is not ours, or a field is missing.
    """
    version = str(data.get("schema_version", ""))
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ValueError(f"notes have schema version {version!r}; this linernotes reads {SCHEMA_VERSION}")
    try:
        return Notes(
            audio=AudioInfo(**data["audio"]),
            caption=_read_caption(data),
            sections=tuple(
                Section(
                    section["start_s"],
                    section["end_s"],
                    _read_caption(section),
                    tuple(Fact(**fact) for fact in section["facts"]),
                    section["label"],
                )
                for section in data["sections"]
            ),
            facts=tuple(Fact(**fact) for fact in data["facts"]),
            licences=tuple(Licence(**licence) for licence in data["licences"]),
            producer=Producer(
                data["producer"]["version"],
                tuple(data["producer"]["models"]),
                data["producer"]["settings"],
            ),
            warnings=tuple(data["warnings"]),
            schema_version=version,
            description=_read_description(data["description"]) if "description" in data else None,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no linernotes notes: {error}") from error


def _caption(caption: Caption) -> dict[str, Any]:
    claims = [
        {"start": claim.start, "end": claim.end, "fact_ids": list(claim.fact_ids)} for claim in caption.claims
    ]
    return {"caption": caption.text, "claims": claims}


def _read_caption(data: Mapping[str, Any]) -> Caption:
    claims = (Claim(claim["start"], claim["end"], tuple(claim["fact_ids"])) for claim in data["claims"])
    return Caption(data["caption"], tuple(claims))


def _description(told: Description) -> dict[str, Any]:
    return {
        **_caption(told.caption),
        "stand_in": told.caption.stand_in,
        "writer": told.writer,
        "moments": [asdict(moment) for moment in told.moments],
        "windows": [asdict(window) for window in told.windows],
        "refused": told.refused,
        "faults": list(told.faults),
    }


def _read_description(data: Mapping[str, Any]) -> Description:
    return Description(
        replace(_read_caption(data), stand_in=data["stand_in"]),
        data["writer"],
        tuple(Moment(**moment) for moment in data["moments"]),
        tuple(CaptionedStretch(**window) for window in data["windows"]),
        data["refused"],
        tuple(data["faults"]),
    )
