"""Who can play in a rendered clip: instruments by plain name, and the nine families that tags and scores count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linernotes.words.lexicon import load_lexicon

FAMILIES: Mapping[str, str] = {
    "strings": "bowed strings and the harp",
    "brass": "trumpet, trombone, French horn, tuba, brass sections",
    "woodwind": "flutes, reeds and saxophones, the harmonica and bagpipes",
    "keys": "piano, organ, harpsichord, accordion, and bars struck by mallets",
    "guitar": "guitars and other plucked lutes (banjo, sitar, koto)",
    "bass": "electric, synth and double bass",
    "drums": "drum kits and percussion without pitch",
    "synth": "synthesizers other than a synth bass",
    "voice": "singing",
}
"""The vocabulary of `family:` tags; every instrument belongs to one, by its sound more than its build."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """General MIDI programs (from 0) of an instrument, its family, and the MIDI pitch its melodies lie around."""

    programs: tuple[int, ...]
    family: str
    centre: int = 72


# A table, kept as one.
# fmt: off
ORCHESTRA: Mapping[str, Instrument] = {
    "piano": Instrument((0, 1), "keys"),
    "electric piano": Instrument((4, 5), "keys"),
    "harpsichord": Instrument((6,), "keys"),
    "music box": Instrument((10,), "keys", 84),
    "vibraphone": Instrument((11,), "keys"),
    "marimba": Instrument((12,), "keys"),
    "organ": Instrument((16, 18, 19), "keys"),
    "accordion": Instrument((21,), "keys"),
    "harmonica": Instrument((22,), "woodwind", 74),
    "acoustic guitar": Instrument((24, 25), "guitar", 67),
    "electric guitar": Instrument((26, 27), "guitar", 67),
    "distorted electric guitar": Instrument((29, 30), "guitar", 67),
    "banjo": Instrument((105,), "guitar", 69),
    "sitar": Instrument((104,), "guitar", 62),
    "koto": Instrument((107,), "guitar", 72),
    "double bass": Instrument((32,), "bass", 38),
    "electric bass": Instrument((33, 34, 35), "bass", 38),
    "synth bass": Instrument((38, 39), "bass", 38),
    "violin": Instrument((40,), "strings", 76),
    "viola": Instrument((41,), "strings", 67),
    "cello": Instrument((42,), "strings", 52),
    "string section": Instrument((48, 49), "strings"),
    "harp": Instrument((46,), "strings", 69),
    "trumpet": Instrument((56,), "brass", 70),
    "trombone": Instrument((57,), "brass", 57),
    "tuba": Instrument((58,), "brass", 40),
    "french horn": Instrument((60,), "brass", 60),
    "brass": Instrument((61,), "brass", 65),
    "saxophone": Instrument((65, 66), "woodwind", 65),
    "oboe": Instrument((68,), "woodwind", 74),
    "bassoon": Instrument((70,), "woodwind", 52),
    "clarinet": Instrument((71,), "woodwind", 70),
    "flute": Instrument((73,), "woodwind", 79),
    "recorder": Instrument((74,), "woodwind", 79),
    "pan flute": Instrument((75,), "woodwind", 76),
    "bagpipes": Instrument((109,), "woodwind", 69),
    "synthesizer lead": Instrument((80, 81), "synth"),
    "synthesizer pad": Instrument((88, 89, 90), "synth"),
    "drums": Instrument((0,), "drums"),
}
# fmt: on
"""By plain name, each a term or a spelling that the lexicon knows."""

VOICE = "voice"
FAMILY_TAG = "family:"

_TERM_FAMILIES = (
    ("bass", "bass"),
    ("guitar", "guitar"),
    ("banjo", "guitar"),
    ("mandolin", "guitar"),
    ("ukulele", "guitar"),
    ("lute", "guitar"),
    ("oud", "guitar"),
    ("sitar", "guitar"),
    ("koto", "guitar"),
    ("harp", "strings"),
    ("brass", "brass"),
    ("woodwind", "woodwind"),
    ("harmonica", "woodwind"),
    ("bagpipes", "woodwind"),
    ("synthesizer", "synth"),
    *((name, "keys") for name in ("piano", "keyboard", "organ", "harpsichord", "celesta", "accordion")),
    *(
        (name, "keys")
        for name in ("vibraphone", "marimba", "xylophone", "glockenspiel", "music box", "bells")
    ),
    ("percussion", "drums"),
    ("strings", "strings"),
)
"""Terms of the lexicon with their family; the first that an instrument is or implies decides."""


def families_of(instruments: Iterable[str]) -> frozenset[str]:
    """Families of plain names of `ORCHESTRA`, "voice" allowed."""
    return frozenset(name if name == VOICE else ORCHESTRA[name].family for name in instruments)


def families_of_tags(tags: Iterable[str]) -> frozenset[str]:
    """The families that a clip's tags name."""
    return frozenset(tag.removeprefix(FAMILY_TAG) for tag in tags if tag.startswith(FAMILY_TAG))


def families_in_text(text: str) -> frozenset[str]:
    """The families a caption speaks of, read by the lexicon; negations are not understood.

    "instrumental" names no voice; a word for a voice of either sex does.
    """
    lexicon = load_lexicon()
    found: set[str] = set()
    for mention in lexicon.mentions(text):
        term = mention.terms[0]
        if term.kind == "voice" and term.name != "instrumental":
            found.add(VOICE)
        elif term.kind == "instrument":
            implied = lexicon.licensed(term.name)
            family = next((family for name, family in _TERM_FAMILIES if name in implied), None)
            found.update([family] if family else [])
    return frozenset(found)
