"""How right the attributes are, on rendered singing of known truth: from the mix, and from the clean stem."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from linernotes import audio
from linernotes.building.singing import UNSURE, Attribute
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.demixing import VOICE_RATE, Demixer, voice_of
from linernotes.building.singing.hearing import facts_of, frames_of
from linernotes.building.singing.measuring import MEASURED_BY, measure
from linernotes.building.singing.singer import hear_singer
from linernotes.clip import Clip
from linernotes.manifest import audio_file, whole_file

JUDGED = ("volume", "pitch", "singer_gender", "tempo")
"""Attributes whose truth a rendered clip has; mood has one too, but of another vocabulary, and timbre none."""
STEM = "clean stem"
TEMPO_WITHIN = 0.04
"""Relative deviation that counts as the same tempo, as for the facts of a recording."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One attribute from one source: `right` of `told`, 95 % Wilson interval; of `clips` the rest were unsure."""

    source: str
    attribute: str
    right: int
    told: int
    clips: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.right / self.told if self.told else 0.0

    @property
    def share_of_all(self) -> float:
        """With "unsure" counted as wrong."""
        return self.right / self.clips if self.clips else 0.0


@dataclass(frozen=True, slots=True)
class NumberError:
    """How far a number is from the truth: mean and mean absolute error, in `unit`."""

    source: str
    attribute: str
    unit: str
    bias: float
    absolute: float
    clips: int


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """All of it; `demixer` made the vocal track of the rows "mix"."""

    demixer: str
    clips: int
    agreements: tuple[Agreement, ...]
    errors: tuple[NumberError, ...]


Told = Mapping[str, Mapping[str, Attribute]]
"""Attributes by source ("mix", "stem")."""


def judge(
    clips: Iterable[Clip],
    root: Path,
    demixer: Demixer,
    *,
    kept: Path | None = None,
    done: Callable[[int], None] = lambda clips: None,
) -> AgreementReport:
    """Measure every clip of a rendered singing corpus twice and compare with `extra.truth`.

    With `kept`, what was measured of a clip is written there and read again by the next run.

    Raises:
        ValueError: a clip has no truth or no clean stem.
    """
    thresholds = Thresholds()
    rows: list[tuple[Mapping[str, object], Told]] = []
    for number, clip in enumerate(clips, 1):
        truth = clip.extra.get("truth")
        if not isinstance(truth, Mapping) or "vocals_path" not in clip.extra:
            raise ValueError(f"{clip.clip_id} has no truth: give a corpus of `linernotes singing render`")
        rows.append((truth, _told(clip, root, demixer, thresholds, kept)))
        done(number)
    return AgreementReport(demixer.name, len(rows), tuple(_agreements(rows)), tuple(_errors(rows)))


def _told(clip: Clip, root: Path, demixer: Demixer, thresholds: Thresholds, kept: Path | None) -> Told:
    path = kept / f"{clip.clip_id}.json" if kept else None
    files = [audio_file(name, root) for name in (clip.audio_path, str(clip.extra["vocals_path"]))]
    if path is not None and (found := _kept_in(path, demixer, files)):
        return found
    mix, stem = audio.decode(files[0], 44_100), audio.decode(files[1], VOICE_RATE)
    frames = frames_of(mix)
    facts = facts_of(frames)
    told = {}
    for source, vocals, made_by in (("mix", voice_of(demixer, mix), demixer.name), ("stem", stem, STEM)):
        singer = hear_singer(frames, mix, vocals)
        told[source] = measure(facts, vocals, singer, made_by=made_by, thresholds=thresholds)
    if path is not None:
        plain = {
            source: {
                name: {field: getattr(one, field) for field in Attribute.__slots__}
                for name, one in each.items()
            }
            for source, each in told.items()
        }
        with whole_file(path) as file:
            file.write(json.dumps({OF: _identity(demixer, files), **plain}).encode())
    return told


OF = "of"
"""What a kept file was measured of: by which methods and demixer, on files of which sizes."""


def _identity(demixer: Demixer, files: Sequence[Path]) -> str:
    sizes = (str(file.stat().st_size) for file in files)
    return " ".join([MEASURED_BY.format(method="dio"), demixer.name, *sizes])


def _kept_in(path: Path, demixer: Demixer, files: Sequence[Path]) -> Told | None:
    """What an earlier run measured; None where there is nothing by these methods on these files."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if found.pop(OF) != _identity(demixer, files):
            return None
        return {
            source: {name: Attribute(**one) for name, one in each.items()} for source, each in found.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _agreements(rows: list[tuple[Mapping[str, object], Told]]) -> Iterable[Agreement]:
    for source in ("mix", "stem"):
        for name in JUDGED:
            pairs = [(truth, told[source][name]) for truth, told in rows]
            known = [(truth, one) for truth, one in pairs if one.value != UNSURE]
            right = sum(one.value == truth[name] for truth, one in known)
            low, high = wilson(right, len(known))
            yield Agreement(source, name, right, len(known), len(rows), low, high)
        bpm = [(float(str(truth["tempo_bpm"])), told[source]["tempo"].number) for truth, told in rows]
        heard = [(true, found) for true, found in bpm if found is not None]
        right = sum(abs(found / true - 1) <= TEMPO_WITHIN for true, found in heard)
        low, high = wilson(right, len(heard))
        yield Agreement(source, "tempo within 4 %", right, len(heard), len(rows), low, high)


def _errors(rows: list[tuple[Mapping[str, object], Told]]) -> Iterable[NumberError]:
    for source in ("mix", "stem"):
        for name, field, unit in (("volume", "volume_db", "dB"), ("pitch", "pitch_hz", "semitones")):
            found = [
                (float(str(truth[field])), told[source][name].number)
                for truth, told in rows
                if told[source][name].number is not None
            ]
            off = np.array(
                [
                    one - true if unit == "dB" else 12 * math.log2(one / true)
                    for true, one in found
                    if one is not None
                ]
            )
            if len(off):
                bias, absolute = round(float(off.mean()), 2), round(float(np.abs(off).mean()), 2)
                yield NumberError(source, name, unit, bias, absolute, len(off))


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927); 0..1 where nothing was counted."""
    if not total:
        return 0.0, 1.0
    z, share = 1.959964, right / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def table_of(report: AgreementReport) -> str:
    """Both tables in Markdown."""
    lines = [
        f"{report.clips} clips, voice by {report.demixer}",
        "",
        "| from | attribute | right | 95 % | unsure |",
        "|---|---|---|---|---|",
    ]
    for row in report.agreements:
        lines.append(
            f"| {row.source} | {row.attribute} | {row.right} of {row.told} ({row.share:.1%}) | "
            f"{row.low:.1%} to {row.high:.1%} | {row.clips - row.told} |"
        )
    lines += ["", "| from | number | bias | mean absolute error |", "|---|---|---|---|"]
    lines += [
        f"| {row.source} | {row.attribute} | {row.bias:+g} {row.unit} | {row.absolute:g} {row.unit} |"
        for row in report.errors
    ]
    return "\n".join(lines) + "\n"
