"""What a caption of measured facts will say, and where: selection, ordering and aggregation by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from linernotes.writers.composer.content import Content, Item


@dataclass(frozen=True, slots=True)
class Limits:
    """How many items of a role a style takes; `figures` and `manners` are how many such remarks it makes."""

    genres: int
    moods: int
    players: int
    figures: int
    manners: int


LIMITS: Mapping[str, Limits] = {
    "short": Limits(genres=2, moods=2, players=4, figures=2, manners=1),
    "long": Limits(genres=3, moods=4, players=8, figures=4, manners=4),
    "tags": Limits(genres=3, moods=4, players=8, figures=3, manners=2),
    "generator": Limits(genres=2, moods=3, players=6, figures=3, manners=0),
}
LONGEST_LOOP = 4
"""Chords in a loop from which on it is told in long captions only."""
COMMON_METRE = "4/4"
"""Only a long caption mentions it: it goes without saying."""
MANNER_CHANCE = 0.45
"""How often a short caption that has room ends on a remark about dynamics or sound."""


@dataclass(frozen=True, slots=True)
class Singer:
    """The voice of a recording: `kind` is male, female, mixed, sung, spoken (or spoken male, spoken female ...).

    `gender_doubted` is a sex that is only likely, told apart from a voice that is sure.
    """

    kind: str
    sure: bool
    fact_ids: tuple[str, ...]
    gender_doubted: str = ""
    gender_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Chosen items in the order they will be said; `*_apart` are said in a sentence of their own."""

    genres: tuple[Item, ...]
    genres_likely: tuple[Item, ...]
    era: Item | None
    moods: tuple[Item, ...]
    moods_apart: tuple[Item, ...]
    singer: Singer | None
    instrumental: Item | None
    players: tuple[Item, ...]
    players_likely: tuple[Item, ...]
    figures: Mapping[str, Item]
    manners: tuple[Item, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to say."""
        parts = (self.genres, self.genres_likely, self.era, self.moods, self.moods_apart, self.singer)
        others = (self.instrumental, self.players, self.players_likely, self.figures, self.manners)
        return not any(parts) and not any(others)


def make_plan(content: Content, style: str, rng: Random) -> Plan:
    """Choose what to say in `style`; one seed always chooses alike, another may choose otherwise."""
    limits = LIMITS[style]
    genres_sure, genres_likely = _split(content.all("genre")[: limits.genres])
    players_sure, players_likely = _split(content.all("instrument")[: limits.players])
    moods_inside, moods_apart = _moods(content.all("mood")[: limits.moods], style, rng)
    voice = content.one("voice")
    return Plan(
        genres=genres_sure[:2],
        genres_likely=genres_likely if not genres_sure else genres_likely[:1],
        era=_sure_only(content.one("era")),
        moods=moods_inside,
        moods_apart=moods_apart,
        singer=_singer(voice, content.one("singer_gender")),
        instrumental=voice if voice and voice.text == "instrumental" else None,
        players=_stirred(players_sure, style, rng),
        players_likely=players_likely[: 2 if style == "short" else 3],
        figures=_figures(content, limits.figures, style, rng),
        manners=_manners(content, limits.manners, style, rng),
    )


def _split(items: Sequence[Item]) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The sure items and the likely ones, each in their order."""
    return tuple(item for item in items if item.sure), tuple(item for item in items if not item.sure)


def _sure_only(item: Item | None) -> Item | None:
    return item if item and item.sure else None


def _stirred(items: tuple[Item, ...], style: str, rng: Random) -> tuple[Item, ...]:
    """The items with the surest first and the order of the others by seed."""
    rest = list(items[1:])
    if style != "tags":
        rng.shuffle(rest)
    return items[:1] + tuple(rest)


def _moods(items: tuple[Item, ...], style: str, rng: Random) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Moods that stand before the noun (at most two, sure ones only), and moods with their own sentence."""
    sure, likely = _split(items)
    if style in ("tags", "generator"):
        return sure, likely
    inside = rng.choice((0, 1, 1, 2, 2) if len(sure) > 1 or style == "long" else (0, 1, 1))
    shuffled = list(sure)
    rng.shuffle(shuffled)
    return tuple(shuffled[:inside]), tuple(shuffled[inside:]) + likely


def _singer(voice: Item | None, gender: Item | None) -> Singer | None:
    if voice and voice.text not in ("sung", "spoken"):
        return None
    gender = gender if gender and gender.text in ("male", "female", "mixed") else None
    if not voice and not gender:
        return None
    manner = voice.text if voice else "sung"
    if voice and gender and voice.sure and not gender.sure:
        doubted = "" if gender.text == "mixed" else gender.text
        return Singer(manner, True, voice.fact_ids, doubted, gender.fact_ids if doubted else ())
    parts = [item for item in (voice, gender) if item]
    kind = (
        (gender.text if gender else manner)
        if manner == "sung"
        else " ".join(["spoken", *([gender.text] if gender else [])])
    )
    return Singer(kind, all(item.sure for item in parts), tuple(i for item in parts for i in item.fact_ids))


def _figures(content: Content, limit: int, style: str, rng: Random) -> Mapping[str, Item]:
    """Tempo, key, metre and chord loop; a short caption leaves some out by seed, the tempo least often."""
    names = [name for name in ("tempo", "key", "metre", "chord_loop") if content.one(name)]
    if style != "long" and (loop := content.one("chord_loop")) and loop.text.count("-") >= LONGEST_LOOP:
        names.remove("chord_loop")
    if style != "long" and (metre := content.one("metre")) and metre.text == COMMON_METRE:
        names.remove("metre")
    if style == "short" and len(names) > 1 and not _is_bare(content):
        weights = {"tempo": 0.9, "key": 0.65, "metre": 0.25, "chord_loop": 0.3}
        names = [name for name in names if rng.random() < weights[name]] or names[:1]
    return {name: item for name in names[:limit] if (item := content.one(name))}


def _is_bare(content: Content) -> bool:
    """Whether there is so little to say of who plays what that figures and manner must carry the caption."""
    return not any(content.one(role) for role in ("genre", "instrument", "mood", "singer_gender"))


def _manners(content: Content, limit: int, style: str, rng: Random) -> tuple[Item, ...]:
    names = ["level", "dynamics", "tempo_change", "brightness", "loudness_range", "tuning"]
    if style == "short" and rng.random() > MANNER_CHANCE and not _is_bare(content):
        return ()
    items = [item for name in names if (item := content.one(name)) and item.sure]
    if style == "short":  # a steady pulse is not worth one of two sentences
        items = [item for item in items if item.text != "steady" and item.role != "tuning"]
        rng.shuffle(items)
    return tuple(items[:limit])
