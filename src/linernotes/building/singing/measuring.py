"""The ten attributes of a sung segment, from the mix and from the voice that was taken out of it.

Mood and tempo are what the listeners hear in the mix; gender and pitch are the singer's (`singer`), volume and
timbre are measured on the voice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from linernotes.audio import Audio
from linernotes.building.singing import ATTRIBUTES, FROM_METADATA, UNSURE, Attribute, unsure
from linernotes.building.singing.classes import PACES, SILENT_DB, Thresholds, level_db
from linernotes.building.singing.singer import Singer
from linernotes.building.singing.timbre import timbre_of
from linernotes.clip import Clip, Fact

LEVEL_ERROR_DB, PITCH_ERROR_OCTAVES = 1.0, 0.03
"""About how far off volume and pitch are, by a voice that was taken out of a mix (docs/s2cap.md)."""

GIVEN = "given"
MEASURED_BY = "shipped listeners 3 + rms + votes-{method} 1 + alpha-ratio 1"
"""How attributes are measured; whoever changes what comes out raises a number, and what was kept is done again."""


def measure(
    facts: Sequence[Fact],
    vocals: Audio,
    singer: Singer,
    *,
    made_by: str,
    thresholds: Thresholds,
    known: Mapping[str, Attribute] | None = None,
    told: Mapping[str, Attribute] | None = None,
) -> dict[str, Attribute]:
    """All ten attributes by name, in the paper's order; what can't be told is `UNSURE`.

    Args:
        facts: what was heard of the mix.
        vocals: the voice of the same segment, taken out by `made_by`.
        singer: what mix and voice together tell of the singer (`hear_singer`).
        thresholds: borders of the classes.
        known: what the metadata says (`from_metadata`).
        told: what a listener who was asked (`asking`) says; where that is known it goes before what is heard.
    """
    said = {name: one for name, one in (told or {}).items() if one.is_known}
    heard = heard_of(facts, thresholds) | {"singer_gender": singer.gender} | said
    measured = {
        "volume": _volume(vocals, made_by, thresholds),
        "pitch": _pitch(singer, heard["singer_gender"].value, made_by, thresholds),
        "timbre": timbre_of(vocals.waveform, vocals.sample_rate, made_by),
    } | heard
    given = known or {}
    return {name: measured.get(name) or given.get(name) or unsure(name) for name in ATTRIBUTES}


def heard_of(facts: Sequence[Fact], thresholds: Thresholds) -> dict[str, Attribute]:
    """Gender, mood and tempo by name, as the facts of a stretch of music tell them."""
    return {
        "singer_gender": _heard(facts, "singer_gender"),
        "mood": _heard(facts, "mood"),
        "tempo": _tempo(facts, thresholds),
    }


MOODS = {"major": ("calm", "cheerful", "lively"), "minor": ("sad", "melancholic", "tense")}
"""What mode and pace (slow, moderate, fast) are taken to mean; a convention of listeners in the West, no more."""
MOOD_SURENESS = 0.5


def mood_by_convention(facts: Sequence[Fact], thresholds: Thresholds) -> Attribute:
    """A guess at the mood from mode and tempo, at most half sure, for who would rather have one than none."""
    keys = [fact for fact in facts if fact.name == "key"]
    tempo = _tempo(facts, thresholds)
    if not keys or not tempo.is_known:
        return unsure("mood")
    key = max(keys, key=lambda fact: fact.confidence)
    word = MOODS[str(key.value).split()[-1]][PACES.index(tempo.value)]
    confidence = round(MOOD_SURENESS * key.confidence * tempo.confidence, 3)
    return Attribute("mood", word, confidence, "mode and tempo (a convention)")


def from_metadata(clip: Clip) -> dict[str, Attribute]:
    """Name, age (at the release, where both years are told), gender of the artist, and tags."""
    extra = clip.extra
    name = str(extra.get("artist") or clip.artist_id or "")
    born, released = (_year(extra.get(field)) for field in ("birth_year", "release_year"))
    said = {
        "name": name,
        "age": str(released - born) if born and released and released > born else "",
        "gender": str(extra.get("artist_gender") or ""),
        "tags": ", ".join(clip.tags),
    }
    return {
        field: Attribute(field, said[field], 1.0, GIVEN) if said[field] else unsure(field)
        for field in FROM_METADATA
    }


def reclassified(attributes: Mapping[str, Attribute], thresholds: Thresholds) -> dict[str, Attribute]:
    """The same numbers in the classes of other thresholds."""
    changed = dict(attributes)
    volume, pitch = attributes["volume"], attributes["pitch"]
    if volume.number is not None:
        changed["volume"] = replace(volume, value=thresholds.volume(volume.number))
    if pitch.number is not None:
        gender = attributes["singer_gender"].value
        changed["pitch"] = replace(pitch, value=thresholds.pitch(pitch.number, gender))
    return changed


def _year(value: object) -> int | None:
    text = str(value or "")[:4]
    return int(text) if text.isdigit() else None


def _heard(facts: Sequence[Fact], name: str) -> Attribute:
    """The surest fact of a name; none, or one that is unsure itself, says nothing."""
    found = [fact for fact in facts if fact.name == name]
    if not found:
        return unsure(name)
    best = max(found, key=lambda fact: fact.confidence)
    value = str(best.value) if best.value != "mixed" else UNSURE
    return Attribute(name, value, round(best.confidence, 3), best.source)


def _tempo(facts: Sequence[Fact], thresholds: Thresholds) -> Attribute:
    found = [fact for fact in facts if fact.name == "tempo"]
    if not found:
        return unsure("tempo", source="beats")
    best = max(found, key=lambda fact: fact.confidence)
    bpm = float(best.value)
    return Attribute(
        "tempo", thresholds.tempo(bpm), round(best.confidence, 3), best.source, round(bpm, 1), "BPM"
    )


def _volume(vocals: Audio, made_by: str, thresholds: Thresholds) -> Attribute:
    level = level_db(vocals.waveform)
    if level <= SILENT_DB + 20.0:
        return unsure("volume", source=f"rms of {made_by}")
    sure = _sureness(thresholds.margin("volume", level), LEVEL_ERROR_DB)
    return Attribute("volume", thresholds.volume(level), sure, f"rms of {made_by}", round(level, 2), "dBFS")


def _pitch(singer: Singer, gender: str, made_by: str, thresholds: Thresholds) -> Attribute:
    known = gender if gender in thresholds.pitch_hz else ""
    found = singer.pitch
    if found is None:
        return unsure("pitch", source=f"f0 of {made_by}")
    value = thresholds.pitch(found.mean_hz, known)
    margin = thresholds.margin("pitch", found.mean_hz, known)
    sure = _sureness(margin, PITCH_ERROR_OCTAVES) if known else 0.5
    source = f"{found.source} of {made_by}"
    return Attribute("pitch", value, sure, source, round(found.mean_hz, 1), "Hz")


def _sureness(margin: float, error: float) -> float:
    """Chance that a value `margin` away from the border lies on its side of it, errors being normal."""
    return round(0.5 * (1.0 + math.erf(margin / (error * math.sqrt(2.0)))), 3)
