"""Music ready to be recorded: players with their notes, and what is true of the piece they play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from linernotes.datasets.rendered.clips.bands import Band, cast_of, mood_of, template_of
from linernotes.datasets.rendered.clips.orchestra import ORCHESTRA, VOICE
from linernotes.datasets.rendered.composition import compose
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.notes import PlayedNote
from linernotes.datasets.rendered.performance import DRUM_CHANNEL, VOLUMES, perform
from linernotes.datasets.rendered.piece import ChordSpan, Piece, PieceSection, Sound
from linernotes.datasets.rendered.singing import SungNote
from linernotes.datasets.rendered.voices import TUNING_SINGERS, vocal_line

CLIPS_VERSION = "clips-1"
"""Changes whenever a seed gives other clips; the pieces are no others' (`GENERATOR_VERSION` has its own)."""

SINGERS = TUNING_SINGERS
"""The frozen voice benchmark sings with other voices."""


@dataclass(frozen=True, slots=True)
class Player:
    """One instrument with all its notes; a singer has `sung` notes and a voice of espeak-ng instead."""

    role: str
    instrument: str
    program: int
    notes: tuple[PlayedNote, ...] = ()
    sung: tuple[SungNote, ...] = ()
    voice: str = ""
    gender: str = ""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A piece with its players; times in seconds from its start. `key` is "" where it is not certain.

    `is_whole` asks for everybody in every clip, as in a quartet; otherwise players may rest.
    """

    genre: str
    mood: str
    key: str
    metre: str
    tuning_cents: float
    beats_s: tuple[float, ...]
    end_s: float
    players: tuple[Player, ...]
    sound: Sound
    chords: tuple[ChordSpan, ...] = ()
    sections: tuple[PieceSection, ...] = ()
    title: str = ""
    is_whole: bool = False


def arrange_piece(band: Band, seed: int, *, needed_s: float, sung: bool) -> Arrangement:
    """The piece of a seed, played by `band` for at least `needed_s`; `sung` gives the melody to a singer."""
    piece = _long_enough(band, seed, needed_s)
    dice = Dice(CLIPS_VERSION, seed, "arrangement")
    players = _players(piece)
    if sung:
        singer = _singer(piece, dice)
        players = (singer, *(player for player in players if player.role != "melody"))
    mode = piece.key.split()[1]
    return Arrangement(
        genre=piece.genre,
        mood=mood_of(band.character, mode, piece.tempo_bpm),
        key=piece.key,
        metre=piece.metre,
        tuning_cents=piece.tuning_cents,
        beats_s=piece.beats_s,
        end_s=piece.end_s,
        players=players,
        sound=piece.sound,
        chords=piece.chords,
        sections=piece.sections,
    )


def _long_enough(band: Band, seed: int, needed_s: float) -> Piece:
    asked_s = needed_s + 1.0
    while True:
        piece = compose(
            seed,
            template_of(band),
            Dice(CLIPS_VERSION, seed, "plan"),
            duration_s=asked_s,
            version=CLIPS_VERSION,
            cast=partial(cast_of, band),
        )
        if piece.end_s >= needed_s:
            return piece
        asked_s *= 1.2


def _players(piece: Piece) -> tuple[Player, ...]:
    notes = perform(piece).notes
    players: list[Player] = []
    for number, part in enumerate(piece.parts):
        channel = DRUM_CHANNEL if part.role == "drums" else number
        own = [note for note in notes if note.channel == channel]
        if part.role in ("melody", "bass"):
            own = in_register(own, ORCHESTRA[part.instrument].centre)
        if own:
            players.append(Player(part.role, part.instrument, part.program, tuple(own)))
    return tuple(players)


def in_register(notes: Sequence[PlayedNote], centre: int) -> list[PlayedNote]:
    """Moved by whole octaves so that the mean pitch comes near `centre` (a MIDI number)."""
    if not notes:
        return []
    mean = sum(note.pitch for note in notes) / len(notes)
    shift = 12 * round((centre - mean) / 12)
    return [replace(note, pitch=note.pitch + shift) for note in notes if 0 <= note.pitch + shift <= 127]


def _singer(piece: Piece, dice: Dice) -> Player:
    gender = dice.pick(("male", "female"))
    singer = dice.pick([one for one in SINGERS if one.gender == gender])
    line = tuple(vocal_line(piece, singer.centre))
    return Player("melody", VOICE, 0, sung=line, voice=singer.voice, gender=gender)


def volume_of(role: str) -> int:
    """MIDI volume of a role; what is heard in the end is set by the mix."""
    return VOLUMES[role]
