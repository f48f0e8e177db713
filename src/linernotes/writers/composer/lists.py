"""The two list styles: `tags`, and the dense prompts that text-to-music models are trained on (`generator`)."""

from __future__ import annotations

from random import Random

from linernotes.writers.composer.content import Item, rounded_bpm
from linernotes.writers.composer.phrase import Phrase, joined, said
from linernotes.writers.composer.plan import Plan

_SINGER_TAGS = {
    "male": "male vocals",
    "female": "female vocals",
    "mixed": "male and female vocals",
    "sung": "vocals",
    "spoken": "speech",
    "spoken male": "male speech",
    "spoken female": "female speech",
    "spoken mixed": "male and female speech",
}
_MANNER_TAGS = {
    ("dynamics", "building"): "growing louder",
    ("dynamics", "fading"): "growing quieter",
    ("tempo_change", "slowing"): "slowing down",
    ("tempo_change", "quickening"): "speeding up",
    ("brightness", "bright"): "bright sound",
    ("brightness", "dark"): "dark sound",
    ("loudness_range", "narrow"): "narrow dynamic range",
    ("loudness_range", "wide"): "wide dynamic range",
}


def tags(plan: Plan) -> Phrase:
    """Sure facts as a comma list: genres, era, moods, voice, instruments, tempo, key, manner."""
    manners = [
        said(words, item.fact_ids)
        for item in plan.manners
        if (words := _MANNER_TAGS.get((item.role, item.text)))
    ]
    parts = [*_all(plan.genres), *_era(plan), *_all(_sure(plan.moods + plan.moods_apart)), *_voice(plan)]
    return joined([*parts, *_all(plan.players), *_figures(plan), *manners], ", ")


def generator_prompt(plan: Plan, rng: Random) -> Phrase:
    """`instrumental folk, acoustic guitar, 92 BPM, C major, calm`; the seed moves moods to front or end."""
    moods = _all(_sure(plan.moods + plan.moods_apart))
    genre = joined([*_instrumental(plan), *_era(plan), *_all(plan.genres[:1])])
    head = [genre, *_all(plan.genres[1:])]
    body = [*_singer(plan), *_all(plan.players), *_figures(plan)]
    parts = [*head, *moods, *body] if rng.random() < 0.4 else [*head, *body, *moods]
    return joined(parts, ", ")


def _all(items: tuple[Item, ...]) -> list[Phrase]:
    return [said(item.text, item.fact_ids) for item in items]


def _sure(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.sure)


def _era(plan: Plan) -> list[Phrase]:
    return _all((plan.era,)) if plan.era else []


def _instrumental(plan: Plan) -> list[Phrase]:
    return _all(_sure((plan.instrumental,))) if plan.instrumental else []


def _singer(plan: Plan) -> list[Phrase]:
    if plan.singer is None or not plan.singer.sure:
        return []
    return [said(_SINGER_TAGS[plan.singer.kind], plan.singer.fact_ids)]


def _voice(plan: Plan) -> list[Phrase]:
    return _instrumental(plan) or _singer(plan)


def _figures(plan: Plan) -> list[Phrase]:
    """Tempo as `92 BPM`, the rest as it stands; doubtful figures have no place in a list."""
    phrases = []
    for name, item in plan.figures.items():
        if item.sure:
            phrases.append(said(f"{rounded_bpm(item)} BPM" if name == "tempo" else item.text, item.fact_ids))
    return phrases
