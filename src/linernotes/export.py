"""`Notes` in the formats people use: text, Markdown, JSON, subtitles, CSV, JAMS, and sidecar files."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from linernotes.clip import Fact, Notes, Section
from linernotes.notes_json import notes_to_json, printable


def clock(seconds: float) -> str:
    """Time as players show it: 1:05, or 1:01:05 from an hour on.

    It is the second that `seconds` lie in: unlike a rounded time never past the end.
    """
    whole = math.floor(seconds + 1e-6)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def fact_text(fact: Fact) -> str:
    """Value and unit for a table: 119.8 BPM."""
    value = f"{fact.value:.1f}".removesuffix(".0") if isinstance(fact.value, float) else str(fact.value)
    return f"{value} {fact.unit}".strip()


def headline_facts(notes: Notes) -> list[Fact]:
    """Facts of the whole recording, without the hundreds of single chords and sections."""
    return [fact for fact in notes.facts if fact.name not in ("chord", "section")]


def to_text(notes: Notes) -> str:
    """The caption alone, one line; with a long description, that."""
    told = notes.description
    return (notes.caption if told is None else told.caption).text + "\n"


def to_markdown(notes: Notes) -> str:
    """A readable page: caption, time line, facts, licences."""
    name = Path(printable(notes.audio.path)).name
    lines = [f"# {_flat(name)}", "", notes.caption.text, ""]
    lines += [f"- Duration: {clock(notes.audio.duration_s)}"]
    lines += [f"- Note: {_flat(warning)}" for warning in notes.warnings]
    if notes.description is not None:
        lines += ["", "## The whole of it", "", "| from | to | what happens |", "|---|---|---|"]
        lines += [
            f"| {clock(moment.start_s)} | {clock(moment.end_s)} | {_cell(moment.text)} |"
            for moment in notes.description.moments
        ]
    if notes.sections:
        lines += ["", "## Over time", "", "| from | to | part | what is heard |", "|---|---|---|---|"]
        lines += [
            f"| {clock(part.start_s)} | {clock(part.end_s)} | {part.label} | {_cell(part.caption.text)} |"
            for part in notes.sections
        ]
    lines += ["", "## Facts", "", "| fact | value | confidence | source |", "|---|---|---|---|"]
    lines += [
        f"| {fact.name.replace('_', ' ')} | {_cell(fact_text(fact))} | {fact.confidence:.2f} | "
        f"{fact.source} |"
        for fact in headline_facts(notes)
    ]
    lines += ["", "## Made with", ""]
    lines += [f"- {licence.component}: {licence.licence}" for licence in notes.licences]
    return "\n".join([*lines, ""])


def to_srt(notes: Notes) -> str:
    """SubRip subtitles: one cue a moment of the long description, else a section, else the whole recording."""
    cues = [
        f"{number}\n{_cue_time(start_s, ',')} --> {_cue_time(end_s, ',')}\n{text}\n"
        for number, (start_s, end_s, text) in enumerate(_cues(notes), 1)
    ]
    return "\n".join(cues)


def to_vtt(notes: Notes) -> str:
    """WebVTT, cues as in `to_srt`."""
    cues = [
        f"{_cue_time(start_s, '.')} --> {_cue_time(end_s, '.')}\n{text.replace('-->', '->')}\n"
        for start_s, end_s, text in _cues(notes)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def to_csv(notes: Notes) -> str:
    """One row a fact, those of sections included; first column `scope` is "recording" or "section N"."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scope", "id", "name", "value", "unit", "confidence", "source", "start_s", "end_s"])
    scopes = [("recording", notes.facts)]
    scopes += [(f"section {number}", part.facts) for number, part in enumerate(notes.sections, 1)]
    for scope, facts in scopes:
        for fact in facts:
            row = [fact.id, fact.name, fact.value, fact.unit, round(fact.confidence, 4), fact.source]
            writer.writerow([scope, *row, round(fact.start_s, 3), round(fact.end_s, 3)])
    return out.getvalue()


JAMS_NAMESPACES: Mapping[str, str] = {
    "tempo": "tempo",
    "key": "key_mode",
    "chord": "chord_harte",
    "section": "segment_open",
    "genre": "tag_open",
    "mood": "tag_open",
    "instrument": "tag_open",
    "era": "tag_open",
}
"""Fact name -> JAMS namespace; facts without one go to the file's sandbox."""


def to_jams(notes: Notes) -> str:
    """A JAMS 0.3 document (https://jams.readthedocs.io), written without its library."""
    by_namespace: dict[str, list[Fact]] = {}
    for fact in notes.facts:
        if fact.name in JAMS_NAMESPACES:
            by_namespace.setdefault(JAMS_NAMESPACES[fact.name], []).append(fact)
    meta = {
        "annotation_tools": f"linernotes {notes.producer.version}",
        "data_source": "program",
        "curator": {"name": "", "email": ""},
        "annotator": {},
        "corpus": "",
        "version": notes.producer.version,
        "annotation_rules": "",
        "validation": "",
    }
    annotations = [
        {
            "namespace": namespace,
            "data": [_jams_observation(namespace, fact) for fact in facts],
            "annotation_metadata": meta,
            "sandbox": {},
            "time": 0.0,
            "duration": notes.audio.duration_s,
        }
        for namespace, facts in by_namespace.items()
    ]
    document = {
        "file_metadata": {
            "title": Path(printable(notes.audio.path)).name,
            "artist": "",
            "release": "",
            "duration": notes.audio.duration_s,
            "identifiers": {"sha256": notes.audio.sha256},
            "jams_version": "0.3.4",
        },
        "annotations": annotations,
        "sandbox": {"caption": notes.caption.text},
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is made and what its files end in."""

    suffix: str
    make: Callable[[Notes], str]


FORMATS: Mapping[str, Format] = {
    "txt": Format(".caption.txt", to_text),
    "json": Format(".json", lambda notes: notes_to_json(notes) + "\n"),
    "md": Format(".md", to_markdown),
    "srt": Format(".srt", to_srt),
    "vtt": Format(".vtt", to_vtt),
    "csv": Format(".csv", to_csv),
    "jams": Format(".jams", to_jams),
}
"""Every export format by the name that `--format` takes."""


def write_atomically(path: Path, text: str) -> None:
    """Write `text` as UTF-8; `path` is the old file or the whole new one, even after a crash."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".linernotes-", suffix=".part")
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise _not_written(path, error) from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _not_written(path: Path, error: OSError) -> OSError:
    return OSError(
        f"can't write {str(path)!r}: {error.strerror or error}; its folder must be writable and have room"
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cues(notes: Notes) -> list[tuple[float, float, str]]:
    if notes.description is not None:
        return [(one.start_s, one.end_s, _flat(one.text)) for one in notes.description.moments]
    parts: tuple[Section, ...] = notes.sections
    if not parts:
        return [(0.0, notes.audio.duration_s, _flat(notes.caption.text))]
    return [(part.start_s, part.end_s, _flat(part.caption.text)) for part in parts]


def _cue_time(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _flat(text).replace("|", "\\|")


def _jams_observation(namespace: str, fact: Fact) -> dict[str, object]:
    value: object = fact.value
    if namespace == "key_mode" and isinstance(value, str):
        tonic, mode = value.split(" ", 1)
        value = f"{tonic}:{mode}"
    return {
        "time": fact.start_s,
        "duration": fact.end_s - fact.start_s,
        "value": value,
        "confidence": fact.confidence,
    }
