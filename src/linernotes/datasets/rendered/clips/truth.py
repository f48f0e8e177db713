"""What is true of one clip: facts of what sounds in it, and tags in a stated vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.clip import Fact, FactValue
from linernotes.datasets.rendered.clips.arrangement import Arrangement
from linernotes.datasets.rendered.clips.bands import pace_of
from linernotes.datasets.rendered.clips.orchestra import FAMILY_TAG, VOICE, families_of
from linernotes.datasets.rendered.clips.stems import Heard

SOURCE = "rendered"
TAG_KINDS = {
    "genre": "the band's genre, or the style of the score",
    "mood": "one mood, by mode, pace and the genre's character (`bands.mood_of`)",
    "tempo": "slow (below 80 BPM), moderate, or fast (above 132 BPM)",
    "mode": "major or minor, where the key is known",
    "instrument": "an instrument that sounds, by its plain name",
    "family": "strings, brass, woodwind, keys, guitar, bass, drums, synth or voice",
    "voice": "male, female, or none",
}
"""Tags are `kind:value`; these are the kinds."""


def clip_facts(
    arrangement: Arrangement, heard: Sequence[Heard], start_s: float, seconds: float
) -> tuple[Fact, ...]:
    """Facts of the clip that begins at `start_s` of the piece, in the clip's own seconds, confidence 1."""

    def fact(
        place: str, name: str, value: FactValue, unit: str = "", span: tuple[float, float] | None = None
    ) -> Fact:
        first, last = span or (0.0, seconds)
        return Fact(f"truth:{place}", name, value, unit, 1.0, SOURCE, round(first, 3), round(last, 3))

    facts = [fact("content", "content", "music"), fact("genre", "genre", arrangement.genre)]
    if arrangement.mood:
        facts.append(fact("mood", "mood", arrangement.mood))
    names = dict.fromkeys(one.player.instrument for one in heard if one.player.instrument != VOICE)
    for number, name in enumerate(names, 1):
        spans = [(one.start_s, one.end_s) for one in heard if one.player.instrument == name]
        span = (min(first for first, _ in spans), max(last for _, last in spans))
        facts.append(fact(f"instrument-{number}", "instrument", name, span=span))
    singer = next((one for one in heard if one.player.instrument == VOICE), None)
    if singer:
        span = (singer.start_s, singer.end_s)
        facts.append(fact("voice", "voice", "sung", span=span))
        facts.append(fact("singer", "singer_gender", singer.player.gender, span=span))
    else:
        facts.append(fact("voice", "voice", "instrumental"))
    facts.append(fact("tempo", "tempo", tempo_within(arrangement, start_s, seconds), "BPM"))
    facts.append(fact("metre", "metre", arrangement.metre))
    if arrangement.key:
        facts.append(fact("key", "key", arrangement.key))
    facts.append(fact("tuning", "tuning", arrangement.tuning_cents, "cents"))
    harmonic = any(one.player.role in ("comping", "pad") for one in heard)
    for number, chord in enumerate(arrangement.chords if harmonic else (), 1):
        if span_within := _within(chord.start_s, chord.end_s, start_s, seconds):
            facts.append(fact(f"chord-{number}", "chord", chord.label, span=span_within))
    for number, section in enumerate(arrangement.sections, 1):
        if span_within := _within(section.start_s, section.end_s, start_s, seconds):
            facts.append(fact(f"section-{number}", "section", section.label, span=span_within))
    return tuple(facts)


def _within(first_s: float, last_s: float, start_s: float, seconds: float) -> tuple[float, float] | None:
    """A span of the piece in seconds of the clip, cut at the clip's ends; None if it lies outside."""
    first, last = max(0.0, first_s - start_s), min(seconds, last_s - start_s)
    return (first, last) if last - first > 0.01 else None


def tempo_within(arrangement: Arrangement, start_s: float, seconds: float) -> float:
    """Beats per minute between the first and the last beat of a clip; of the piece if it has only one beat."""
    beats = [beat for beat in arrangement.beats_s if start_s <= beat <= start_s + seconds]
    if len(beats) < 2:
        beats = list(arrangement.beats_s)
    return round(60.0 * (len(beats) - 1) / (beats[-1] - beats[0]), 2)


def clip_tags(facts: Sequence[Fact]) -> tuple[str, ...]:
    """Tags of the kinds of `TAG_KINDS` that the facts carry."""
    values = {fact.name: fact.value for fact in facts}
    names = [str(fact.value) for fact in facts if fact.name == "instrument"]
    sung = values["voice"] == "sung"
    tags = [f"genre:{values['genre']}"]
    if "mood" in values:
        tags.append(f"mood:{values['mood']}")
    tags.append(f"tempo:{pace_of(float(values['tempo']))}")
    if "key" in values:
        tags.append(f"mode:{str(values['key']).split()[-1]}")
    tags += [f"instrument:{name}" for name in names]
    tags += [f"{FAMILY_TAG}{family}" for family in sorted(families_of([*names, *([VOICE] if sung else [])]))]
    tags.append(f"voice:{values['singer_gender'] if sung else 'none'}")
    return tuple(tags)
