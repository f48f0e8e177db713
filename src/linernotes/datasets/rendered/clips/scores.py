"""Public-domain scores of music21's corpus as arrangements: an excerpt, transposed and given to other players.

Only works whose composers died more than a hundred years ago are used. Key and metre are the score's own: the
metre must not change, and a key is stated only where key signature and the last bass note agree on a tonic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from linernotes.datasets.rendered.clips.arrangement import CLIPS_VERSION, Arrangement, Player
from linernotes.datasets.rendered.clips.bands import mood_of
from linernotes.datasets.rendered.clips.orchestra import ORCHESTRA
from linernotes.datasets.rendered.composition import DEFAULT_SECONDS
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.harmony import Key
from linernotes.datasets.rendered.notes import PlayedNote
from linernotes.datasets.rendered.piece import Sound


@dataclass(frozen=True, slots=True)
class Composer:
    """A folder of the corpus: whose works it holds, the year of death, and the style their genre is called by."""

    name: str
    died: int
    genre: str


COMPOSERS = {
    "palestrina": Composer("Giovanni Pierluigi da Palestrina", 1594, "renaissance"),
    "monteverdi": Composer("Claudio Monteverdi", 1643, "renaissance"),
    "corelli": Composer("Arcangelo Corelli", 1713, "baroque"),
    "bach": Composer("Johann Sebastian Bach", 1750, "baroque"),
    "handel": Composer("George Frideric Handel", 1759, "baroque"),
    "haydn": Composer("Joseph Haydn", 1809, "classical"),
    "mozart": Composer("Wolfgang Amadeus Mozart", 1791, "classical"),
    "beethoven": Composer("Ludwig van Beethoven", 1827, "classical"),
    "weber": Composer("Carl Maria von Weber", 1826, "classical"),
    "schubert": Composer("Franz Schubert", 1828, "classical"),
    "chopin": Composer("Frédéric Chopin", 1849, "classical"),
    "schumann_robert": Composer("Robert Schumann", 1856, "classical"),
    "schumann_clara": Composer("Clara Schumann", 1896, "classical"),
}
LONGEST_BYTES = {".mxl": 24_000, ".krn": 12_000, ".xml": 150_000, ".musicxml": 150_000}
"""Bigger files take seconds to read, for the same ten seconds of music."""

CASTS: tuple[tuple[str, ...], ...] = (
    ("violin", "violin", "viola", "cello"),
    ("trumpet", "trumpet", "french horn", "trombone"),
    ("trumpet", "french horn", "trombone", "tuba"),
    ("flute", "oboe", "clarinet", "bassoon"),
    ("recorder", "recorder", "bassoon"),
    ("clarinet", "clarinet", "bassoon"),
    ("saxophone", "saxophone"),
    ("flute", "harp"),
    ("oboe", "string section"),
    ("trumpet", "organ"),
    ("violin", "harpsichord"),
    ("cello", "piano"),
    ("organ",),
    ("piano",),
    ("harpsichord",),
    ("acoustic guitar",),
    ("accordion",),
    ("vibraphone", "marimba"),
    ("string section",),
    ("brass",),
)
"""Players from the highest part to the lowest; the last one takes all parts that are left."""

_STAFF = Sound(-3.0, -70.0, 1.2, 0.2, 0.0, 0.0, 0.3)


def scores_missing() -> str:
    """Why scores can't be used, in one sentence; "" when they can."""
    if find_spec("music21") is None:
        return "music21 is not installed: pip install 'linernotes[render]' brings it"
    return "" if works() else "this installation of music21 came without its corpus"


def corpus_version() -> str:
    """The version of music21, whose corpus goes with it; "" where it is missing."""
    return "" if scores_missing() else version("music21")


@lru_cache(maxsize=1)
def _corpus() -> Path:
    spec = find_spec("music21")
    assert spec
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "corpus"


@lru_cache(maxsize=1)
def works() -> tuple[str, ...]:
    """Paths within the corpus of all works that may be used and are quick to read, in order of name."""
    if find_spec("music21") is None:
        return ()
    files = [file for folder in COMPOSERS for file in (_corpus() / folder).rglob("*")]
    usable = [
        file
        for file in files
        if file.is_file() and file.stat().st_size <= LONGEST_BYTES.get(file.suffix.lower(), -1)
    ]
    return tuple(sorted(file.relative_to(_corpus()).as_posix() for file in usable))


def family_of_work(work: str) -> str:
    """The work without its movement (a mass by its number): what must not be split between training and test."""
    if mass := re.match(r"palestrina/\D*(\d+)", work):
        return f"palestrina/{mass[1]}"
    if cantata := re.match(r"bach/bwv\d+", work):
        return cantata[0]
    return work.rsplit("/movement", 1)[0]


def shuffled_works(seed: int) -> list[str]:
    """All works in a drawn order in which the styles take turns, as long as each has any."""
    dice = Dice(CLIPS_VERSION, seed, "works")
    styles: dict[str, list[str]] = {}
    for work in works():
        styles.setdefault(COMPOSERS[work.split("/")[0]].genre, []).append(work)
    for style in styles.values():
        style.sort(key=lambda _: dice.unit())
    drawn: list[str] = []
    while any(styles.values()):
        drawn += [style.pop() for style in styles.values() if style]
    return drawn


class UnusableScoreError(ValueError):
    """A score that changes its metre, has too little music, or can't be read; the message says which."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One part of a score: (quarter, quarters, MIDI pitch) of its notes."""

    notes: tuple[tuple[float, float, int], ...]


def arrange_score(work: str, seed: int, *, needed_s: float = DEFAULT_SECONDS) -> Arrangement:
    """An excerpt of a work, at least `needed_s` long, transposed, in a drawn tempo and cast.

    Raises:
        UnusableScoreError: this score does not serve; another one may.
    """
    score = _read(work)
    lines = _lines(score)
    metre, beat_quarters = _metre(score)
    dice = Dice(CLIPS_VERSION, seed, "score")
    total = max(start + length for line in lines for start, length, _ in line.notes)
    bpm = _tempo(dice, total / beat_quarters, needed_s)
    bar = beat_quarters * _beats_in_bar(score)
    needed_quarters = needed_s * bpm / 60.0 * beat_quarters
    first = bar * dice.whole(0, max(0, int((total - needed_quarters) / bar)))
    steps = dice.whole(-5, 6)
    key = _key(score, lines)
    moved = Key((key.tonic + steps) % 12, key.mode) if key else None
    quarter_s = 60.0 / bpm / beat_quarters
    composer = COMPOSERS[work.split("/")[0]]
    beats = range(int(needed_quarters / beat_quarters) + 2)
    return Arrangement(
        genre=composer.genre,
        mood=mood_of("grand", moved.mode, bpm) if moved else "",
        key=moved.name if moved else "",
        metre=metre,
        tuning_cents=round(dice.between(-20.0, 20.0), 2),
        beats_s=tuple(round(i * beat_quarters * quarter_s, 5) for i in beats),
        end_s=min(total - first, needed_quarters + bar) * quarter_s,
        players=_players(lines, dice, first, steps, quarter_s, needed_s),
        sound=_STAFF,
        title=f"{composer.name} (died {composer.died}): {work}",
        is_whole=True,
    )


def _read(work: str) -> Any:
    from music21 import converter

    try:
        # Neither from nor into music21's cache: several processes would share it.
        score = converter.parse(_corpus() / work, forceSource=True, storePickle=False)
    except Exception as error:  # music21 raises whatever its many readers do
        raise UnusableScoreError(f"{work}: {type(error).__name__}: {error}") from error
    if not hasattr(score, "parts") or not score.parts:
        raise UnusableScoreError(f"{work}: no parts")
    return score


def _lines(score: Any) -> list[_Line]:
    """Parts with notes, the highest first."""
    lines: list[_Line] = []
    for part in score.parts:
        found: set[tuple[float, float, int]] = set()
        for note in part.stripTies().flatten().notes:
            length = float(note.duration.quarterLength)
            if length > 0 and getattr(note, "pitches", None):
                found |= {(float(note.offset), length, int(pitch.midi)) for pitch in note.pitches}
        if found:
            lines.append(_Line(tuple(sorted(found))))
    if not lines:
        raise UnusableScoreError("no notes")
    return sorted(lines, key=lambda line: -sum(pitch for *_, pitch in line.notes) / len(line.notes))


def _metre(score: Any) -> tuple[str, float]:
    """The only time signature, and how many quarters one of its beats has."""
    signatures = {mark.ratioString: mark for mark in score.recurse().getElementsByClass("TimeSignature")}
    if len(signatures) != 1:
        raise UnusableScoreError(f"{len(signatures)} time signatures")
    ratio, mark = next(iter(signatures.items()))
    return str(ratio), float(mark.beatDuration.quarterLength)


def _beats_in_bar(score: Any) -> int:
    return int(next(iter(score.recurse().getElementsByClass("TimeSignature"))).beatCount)


def _tempo(dice: Dice, beats: float, needed_s: float) -> float:
    """Beats a minute: drawn, but slow enough for the score to last `needed_s`."""
    bpm = min(dice.between(56.0, 144.0), 60.0 * beats / needed_s)
    if bpm < 46.0:
        raise UnusableScoreError(f"only {beats:g} beats")
    return round(bpm, 2)


def _key(score: Any, lines: Sequence[_Line]) -> Key | None:
    """The key that the signature and the last bass note agree on, if there is just one signature."""
    fifths = {int(mark.sharps) for mark in score.recurse().getElementsByClass("KeySignature")}
    if len(fifths) != 1:
        return None
    major = 7 * fifths.pop() % 12
    last_start = max(start for line in lines for start, _, _ in line.notes)
    final = min(pitch for line in lines for start, length, pitch in line.notes if start + length > last_start)
    modes = {major: "major", (major + 9) % 12: "minor"}
    return Key(final % 12, modes[final % 12]) if final % 12 in modes else None


def _players(
    lines: Sequence[_Line], dice: Dice, first: float, steps: int, quarter_s: float, needed_s: float
) -> tuple[Player, ...]:
    """Parts dealt to a drawn cast from top to bottom, with the small deviations of people."""
    cast = dice.pick(CASTS)
    dealt: dict[str, list[PlayedNote]] = {}
    for number, line in enumerate(lines):
        hands = dealt.setdefault(cast[min(number, len(cast) - 1)], [])
        for start, length, pitch in line.notes:
            start_s = max(0.0, (start - first) * quarter_s + dice.bell(0.008))
            end_s = (start + length - first) * quarter_s * 0.98 + 0.02 * start_s
            velocity = min(120, max(40, round(84 + dice.bell(7.0))))
            if first <= start and start_s < needed_s and 0 < pitch + steps < 128:
                hands.append(PlayedNote(0, pitch + steps, start_s, max(end_s, start_s + 0.05), velocity))
    roles = ["melody", *["comping"] * (len(dealt) - 2), "bass"][: len(dealt)]
    return tuple(
        Player(role, name, dice.pick(ORCHESTRA[name].programs), tuple(sorted(hands, key=lambda n: n.start_s)))
        for role, (name, hands) in zip(roles, dealt.items(), strict=True)
        if hands
    )
