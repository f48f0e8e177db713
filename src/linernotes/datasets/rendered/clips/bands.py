"""Who plays in which genre: wide casts over the harmony and the patterns of the generator's templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from linernotes.datasets.rendered.clips.orchestra import ORCHESTRA
from linernotes.datasets.rendered.composition import find_genre
from linernotes.datasets.rendered.dice import Dice
from linernotes.datasets.rendered.genres import Genre
from linernotes.datasets.rendered.piece import Part

DRUM_KITS = {
    "techno": 25,
    "hip hop": 25,
    "chiptune": 24,
    "synthwave": 24,
    "house": 25,
    "rock": 16,
    "metal": 16,
}
"""General MIDI's kits for genres that do not use the standard one (0)."""


@dataclass(frozen=True, slots=True)
class Band:
    """Pools to draw players from; `model` is the template whose chords, metres and patterns are used.

    `character` (heavy, gentle, dance, groove, grand or plain) decides moods together with mode and tempo;
    `in_four` keeps marches out of the model's triple time.
    """

    genre: str
    model: str
    tempo_bpm: tuple[float, float]
    melody: tuple[str, ...]
    comping: tuple[str, ...]
    bass: tuple[str, ...] = ()
    pads: tuple[str, ...] = ()
    drums: tuple[str, ...] = ()
    character: str = "plain"
    is_sung: bool = False
    in_four: bool = False


ROCK_GUITARS = ("electric guitar", "distorted electric guitar")
HORNS, REEDS = ("trumpet", "trombone", "brass"), ("saxophone", "clarinet")
WOODS = ("flute", "oboe", "clarinet", "bassoon")

# A table, kept as one: a band a paragraph.
# fmt: off
BANDS: tuple[Band, ...] = (
    Band("rock", "rock", (100, 165), (*ROCK_GUITARS, "organ"), ROCK_GUITARS, ("electric bass",),
         ("organ", "piano"), ("rock", "rock busy"), "heavy", is_sung=True),
    Band("metal", "metal", (120, 180), ("distorted electric guitar",), ("distorted electric guitar",),
         ("electric bass",), ("string section", "organ", "synthesizer pad"), ("metal",), "heavy"),
    Band("pop", "pop", (84, 132), ("synthesizer lead", "flute", "saxophone", "electric guitar"),
         ("piano", "acoustic guitar", "electric piano"), ("electric bass", "synth bass"),
         ("synthesizer pad", "string section"), ("pop", "four on the floor"), is_sung=True),
    Band("ballad", "ballad", (58, 84), ("saxophone", "violin", "electric guitar", "oboe"),
         ("piano", "electric piano", "acoustic guitar"), ("electric bass",), ("string section",), ("ballad",),
         "gentle", is_sung=True),
    Band("folk", "folk", (72, 140), ("violin", "flute", "harmonica", "recorder"),
         ("acoustic guitar", "accordion"), ("double bass",), (), ("shaker",), is_sung=True),
    Band("country", "country", (90, 150), ("violin", "harmonica", "electric guitar", "banjo"),
         ("acoustic guitar", "banjo", "piano"), ("double bass", "electric bass"), (), ("train",), is_sung=True),
    Band("bluegrass", "country", (120, 170), ("violin", "banjo"), ("acoustic guitar", "banjo"),
         ("double bass",), character="groove"),
    Band("celtic", "folk", (84, 150), ("bagpipes", "recorder", "violin", "flute"),
         ("acoustic guitar", "accordion", "harp"), (), (), ("shaker",)),
    Band("blues", "blues", (66, 130), ("harmonica", "electric guitar", "saxophone"),
         ("piano", "electric guitar", "organ"), ("electric bass", "double bass"), (), ("shuffle",),
         is_sung=True),
    Band("jazz", "jazz", (76, 180), (*REEDS, "trumpet", "vibraphone", "trombone"),
         ("piano", "electric piano", "electric guitar"), ("double bass",), (), ("swing",), is_sung=True),
    Band("swing", "jazz", (120, 190), (*HORNS, *REEDS), ("piano", "brass"), ("double bass",), ("brass",),
         ("swing",), "groove"),
    Band("bossa nova", "bossa nova", (100, 150), ("flute", "saxophone", "trumpet", "clarinet"),
         ("acoustic guitar",), ("double bass",), (), ("bossa",), "gentle", is_sung=True),
    Band("salsa", "bossa nova", (130, 180), ("trumpet", "trombone", "flute"), ("piano", "marimba"),
         ("electric bass",), ("brass",), ("bossa",), "dance"),
    Band("tango", "orchestral", (96, 130), ("violin", "accordion"), ("accordion", "piano"), ("double bass",),
         ("string section",), (), "grand", in_four=True),
    Band("flamenco", "folk", (90, 160), ("acoustic guitar",), ("acoustic guitar",), (), (), ("shaker",),
         "grand"),
    Band("reggae", "reggae", (66, 96), ("trombone", "saxophone", "organ"), ("electric guitar", "organ"),
         ("electric bass",), ("organ",), ("one drop",), "groove", is_sung=True),
    Band("ska", "reggae", (130, 175), (*HORNS, "saxophone"), ("electric guitar",), ("electric bass",),
         ("brass",), ("pop",), "groove"),
    Band("funk", "hip hop", (92, 122), ("brass", "saxophone", "synthesizer lead"),
         ("electric guitar", "electric piano", "organ"), ("electric bass", "synth bass"), ("brass",),
         ("pop", "hip hop"), "groove", is_sung=True),
    Band("disco", "hip hop", (112, 130), ("string section", "brass", "synthesizer lead"),
         ("electric guitar", "electric piano"), ("electric bass", "synth bass"), ("string section",),
         ("four on the floor",), "dance", is_sung=True),
    Band("gospel", "ballad", (64, 120), ("organ", "brass"), ("piano", "organ"), ("electric bass",), ("organ",),
         ("ballad",), "grand", is_sung=True),
    Band("hip hop", "hip hop", (70, 100), ("flute", "vibraphone", "synthesizer lead", "koto"),
         ("electric piano", "piano", "harp"), ("synth bass", "electric bass"), ("string section",), ("hip hop",),
         "groove", is_sung=True),
    Band("house", "electronic", (116, 130), ("synthesizer lead", "saxophone"), ("piano", "organ"),
         ("synth bass",), ("synthesizer pad",), ("four on the floor",), "dance", is_sung=True),
    Band("techno", "electronic", (124, 145), ("synthesizer lead",), ("synthesizer lead",), ("synth bass",),
         ("synthesizer pad",), ("four on the floor",), "dance"),
    Band("synthwave", "electronic", (80, 118), ("synthesizer lead", "electric guitar"), ("synthesizer lead",),
         ("synth bass",), ("synthesizer pad",), ("pop",), "plain"),
    Band("ambient", "ballad", (50, 76), ("synthesizer pad", "pan flute", "vibraphone", "music box"),
         ("synthesizer pad", "electric piano", "harp"), (), ("synthesizer pad", "string section"), (), "gentle"),
    Band("chiptune", "electronic", (110, 165), ("synthesizer lead",), ("synthesizer lead",), ("synth bass",),
         (), ("pop", "four on the floor"), "dance"),
    Band("classical", "solo piano", (56, 132), ("piano",), ("piano",), (), (), (), "gentle"),
    Band("chamber music", "classical strings", (60, 126), ("violin", "cello", *WOODS),
         ("string section", "piano", "harpsichord", "clarinet", "viola"), ("cello", "bassoon"), (), (), "grand"),
    Band("baroque", "classical strings", (66, 124), ("recorder", "violin", "oboe", "trumpet"),
         ("harpsichord", "organ"), ("cello", "bassoon"), ("string section",), (), "grand"),
    Band("orchestral", "orchestral", (64, 140), ("french horn", "trumpet", "violin", "flute", "oboe"),
         ("string section", "brass", "harp", "french horn"), ("cello", "tuba", "double bass"),
         ("string section", "brass"), ("timpani",), "grand"),
    Band("march", "orchestral", (104, 126), ("trumpet", "clarinet", "flute", "french horn"),
         ("brass", "trombone", "french horn"), ("tuba",), (), ("train",), "grand", in_four=True),
    Band("waltz", "waltz", (84, 160), ("violin", "accordion", "clarinet", "flute"),
         ("accordion", "piano", "string section"), ("double bass", "tuba"), (), ("waltz",), "gentle"),
    Band("lullaby", "ballad", (54, 78), ("music box", "flute", "vibraphone"), ("music box", "harp", "piano"),
         (), ("string section",), (), "gentle"),
    Band("indian", "folk", (66, 120), ("sitar", "flute"), ("sitar",), (), ("string section",), ("shaker",)),
    Band("japanese", "folk", (60, 104), ("koto", "pan flute"), ("koto",), (), ("string section",), (), "gentle"),
)
# fmt: on

SLOW_BELOW_BPM, FAST_ABOVE_BPM = 80.0, 132.0
"""Where composers of captions draw the line between slow, moderate and fast."""

_PLAIN = {
    ("major", "slow"): "calm", ("major", "moderate"): "happy", ("major", "fast"): "joyful",
    ("minor", "slow"): "sad", ("minor", "moderate"): "dark", ("minor", "fast"): "dramatic",
}  # fmt: skip
_MOODS: Mapping[str, Mapping[tuple[str, str], str]] = {
    "plain": _PLAIN,
    "heavy": {(mode, pace): "powerful" if mode == "major" else "aggressive" for mode, pace in _PLAIN},
    "gentle": {
        ("major", "slow"): "dreamy", ("major", "moderate"): "calm", ("major", "fast"): "cheerful",
        ("minor", "slow"): "sad", ("minor", "moderate"): "nostalgic", ("minor", "fast"): "emotional",
    },
    "dance": {(mode, pace): "energetic" if mode == "major" else "hypnotic" for mode, pace in _PLAIN},
    "groove": {(mode, pace): "lively" if mode == "major" else "groovy" for mode, pace in _PLAIN},
    "grand": {
        ("major", "slow"): "warm", ("major", "moderate"): "elegant", ("major", "fast"): "triumphant",
        ("minor", "slow"): "sad", ("minor", "moderate"): "dramatic", ("minor", "fast"): "intense",
    },
}  # fmt: skip


def find_band(genre: str) -> Band:
    """The band of a genre."""
    return next(band for band in BANDS if band.genre == genre)


def pace_of(tempo_bpm: float) -> str:
    """The class of a tempo: slow, moderate or fast."""
    return "slow" if tempo_bpm < SLOW_BELOW_BPM else "fast" if tempo_bpm > FAST_ABOVE_BPM else "moderate"


def mood_of(character: str, mode: str, tempo_bpm: float) -> str:
    """The mood that character, mode and pace stand for here: a convention, and so learnable and exact."""
    return _MOODS[character][mode, pace_of(tempo_bpm)]


def template_of(band: Band) -> Genre:
    """The generator's template with the band's name and tempo."""
    model = find_genre(band.model)
    metres = (("4/4", 1.0),) if band.in_four else model.metres
    return replace(model, name=band.genre, tempo_bpm=band.tempo_bpm, metres=metres)


def cast_of(band: Band, dice: Dice, template: Genre, metre: str) -> tuple[Part, ...]:
    """Players by role; comping stands first, as the generator wants it."""

    def part(role: str, pool: tuple[str, ...], patterns: tuple[str, ...]) -> Part:
        name = dice.pick(pool)
        return Part(role, name, dice.pick(ORCHESTRA[name].programs), dice.pick(patterns))

    parts = [part("comping", band.comping, template.comping_patterns)]
    lead = tuple(name for name in band.melody if name != parts[0].instrument) or band.melody
    parts.append(part("melody", lead, ("melody",)))
    if band.bass:
        parts.append(part("bass", band.bass, template.bass_patterns or ("root",)))
    if band.pads and (parts[0].pattern in ("power", "gallop") or dice.chance(0.5)):
        parts.append(part("pad", band.pads, ("sustain",)))
    if band.drums:
        pattern = dice.pick(band.drums)
        if metre != "4/4" and pattern not in ("waltz", "timpani"):
            pattern = "waltz" if metre == "3/4" else "compound"
        parts.append(Part("drums", "drums", DRUM_KITS.get(band.genre, 0), pattern))
    return tuple(parts)
