"""What the value of a fact says about classes: which it is, which hold as well, and which it leaves open.

"trumpet" is the class trumpet, and brass as well. "brass" is the class brass and leaves open whether that is a
trumpet. "string section" is no class; strings hold, and violins are left open. What stands in no table and is no
class can't be mapped, and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from linernotes.datasets.feature_classes import GENRES, INSTRUMENTS, MOODS, squeezed
from linernotes.words.lexicon import load_lexicon

Place = tuple[str, str]
"""A head ("instrument", "genre", "mood") and one of its classes."""

HEADS: Mapping[str, tuple[str, ...]] = {"instrument": INSTRUMENTS, "genre": GENRES, "mood": MOODS}

# Tables, kept as such.
# fmt: off
WIDER: Mapping[str, tuple[str, ...]] = {
    "acoustic bass guitar": ("bass",), "acoustic guitar": ("guitar",), "bongo": ("percussion",),
    "cello": ("strings",), "classical guitar": ("acoustic guitar",), "double bass": ("bass", "strings"),
    "drum machine": ("drums",), "drums": ("percussion",), "electric guitar": ("guitar",),
    "electric piano": ("keyboard",), "horn": ("brass",), "organ": ("keyboard",), "pad": ("synthesizer",),
    "piano": ("keyboard",), "pipe organ": ("organ",), "rhodes": ("electric piano",), "trombone": ("brass",),
    "trumpet": ("brass",), "viola": ("strings",), "violin": ("strings",),
    "acid jazz": ("jazz",), "alternative rock": ("alternative", "rock"), "blues rock": ("blues", "rock"),
    "bossa nova": ("latin",), "classic rock": ("rock",), "dark ambient": ("ambient",),
    "deep house": ("house",), "drum n bass": ("electronic",), "dubstep": ("electronic",), "edm": ("electronic",),
    "electropop": ("electronic", "pop"), "eurodance": ("electronic", "dance"), "grunge": ("rock",),
    "hard rock": ("rock",), "house": ("electronic",), "idm": ("electronic",), "instrumental pop": ("pop",),
    "instrumental rock": ("rock",), "jazz fusion": ("jazz", "fusion"), "pop folk": ("pop", "folk"),
    "pop rock": ("pop", "rock"), "post rock": ("rock",), "punk rock": ("rock",), "rock n roll": ("rock",),
    "swing": ("jazz",), "synth pop": ("electronic", "pop"), "techno": ("electronic",),
    "trance": ("electronic",), "world fusion": ("world", "fusion"),
}
"""Class -> classes of its head that hold wherever it does."""

SAME: Mapping[str, tuple[str, str]] = {
    "bells": ("instrument", "bell"), "bongos": ("instrument", "bongo"), "synth": ("instrument", "synthesizer"),
    "upright bass": ("instrument", "double bass"), "sax": ("instrument", "saxophone"),
    "synth pad": ("instrument", "pad"), "drum and bass": ("genre", "drum n bass"),
    "electronic dance music": ("genre", "edm"), "rock and roll": ("genre", "rock n roll"),
    "r b": ("genre", "rnb"), "dreamy": ("mood", "dream"),
}
"""Another name of a class; such a value denies the class as well, where it is held for unlikely."""

HOLDS: Mapping[str, tuple[Place, ...]] = {
    "electric bass": (("instrument", "bass"),),
    "bass guitar": (("instrument", "bass"),),
    "sub bass": (("instrument", "bass"),),
    "synth bass": (("instrument", "bass"), ("instrument", "synthesizer")),
    "distorted guitar": (("instrument", "electric guitar"),),
    "string section": (("instrument", "strings"),),
    "string quartet": (("instrument", "strings"),),
    "bowed strings": (("instrument", "strings"),),
    "synth lead": (("instrument", "synthesizer"),),
    "synthesizer pad": (("instrument", "pad"),),
    "french horn": (("instrument", "horn"),),
    "tuba": (("instrument", "brass"),),
    "pan flute": (("instrument", "flute"),),
    "fiddle": (("instrument", "violin"),),
    "choir": (("instrument", "voice"),),
    "harpsichord": (("instrument", "keyboard"),),
    "vibraphone": (("instrument", "percussion"),),
    "marimba": (("instrument", "percussion"),),
    "xylophone": (("instrument", "percussion"),),
    "glockenspiel": (("instrument", "percussion"),),
    "timpani": (("instrument", "percussion"),),
    "tabla": (("instrument", "percussion"),),
    "congas": (("instrument", "percussion"),),
    "electronic drums": (("instrument", "drums"),),
    "baroque": (("genre", "classical"),),
    "renaissance": (("genre", "classical"),),
    "chamber music": (("genre", "classical"),),
    "opera": (("genre", "classical"),),
    "bluegrass": (("genre", "country"),),
    "salsa": (("genre", "latin"),),
    "tango": (("genre", "latin"),),
    "synthwave": (("genre", "electronic"),),
    "chiptune": (("genre", "electronic"),),
    "heavy metal": (("genre", "metal"),),
    "film music": (("genre", "soundtrack"),),
    "ballad": (("mood", "ballad"),),
    "joyful": (("mood", "happy"),),
    "cheerful": (("mood", "happy"),),
    "lively": (("mood", "energetic"),),
}
"""A value that is no class -> classes that hold where it does. A doubt about such a value denies nothing."""

OPEN: Mapping[str, tuple[str, ...]] = {
    "string section": ("violin", "viola", "cello", "double bass", "orchestra"),
    "strings": ("orchestra", "harp"), "brass": ("orchestra",),
    "drums": ("beat", "sampler"), "organ": ("accordion",), "keyboard": ("synthesizer", "accordion"),
    "synth lead": ("pad", "keyboard"), "synthesizer pad": ("keyboard", "strings"),
    "recorder": ("flute",), "music box": ("bell",), "woodwinds": ("flute", "clarinet", "oboe", "saxophone"),
    "acoustic guitar": ("classical guitar",), "double bass": ("bass",),
    "orchestral": ("classical", "symphonic"), "march": ("classical", "orchestral"), "waltz": ("classical",),
    "lullaby": ("classical", "folk"), "ballad": ("pop", "rock"), "gospel": ("soul",), "celtic": ("folk", "world"),
    "flamenco": ("latin", "folk", "world"), "indian": ("folk", "world"), "japanese": ("folk", "world"),
    "bluegrass": ("folk",), "country": ("folk",), "folk": ("celtic", "country"), "ska": ("reggae",),
    "metal": ("rock",), "rock": ("metal",), "disco": ("funk", "pop"), "funk": ("disco",), "pop": ("electronic",),
    "ambient": ("electronic",), "hip hop": ("electronic",), "house": ("techno",), "techno": ("house",),
    "swing": ("blues",), "jazz": ("swing", "blues"), "blues": ("jazz",), "reggae": (), "latin": ("bossa nova",),
    "calm": ("dream", "ballad"), "dreamy": ("calm", "ballad"), "warm": ("calm", "happy"),
    "happy": ("energetic", "groovy"), "joyful": ("energetic",), "cheerful": ("energetic",),
    "lively": ("happy", "groovy"), "energetic": ("happy", "groovy", "powerful"), "groovy": ("energetic", "happy"),
    "hypnotic": ("dark", "energetic", "groovy"), "aggressive": ("dark", "energetic", "powerful", "dramatic"),
    "powerful": ("energetic", "dramatic"), "intense": ("dramatic", "dark", "energetic", "emotional"),
    "dramatic": ("dark", "emotional", "powerful", "sad"), "dark": ("dramatic", "sad"),
    "sad": ("dark", "emotional", "calm", "dramatic", "ballad"), "nostalgic": ("sad", "emotional", "calm"),
    "emotional": ("sad", "dramatic"), "elegant": ("calm", "happy"), "triumphant": ("powerful", "happy"),
}
"""A value -> classes of the same head about which it says nothing, beside those that are narrower than itself."""
# fmt: on


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value says: `same` is the class that it is, if any; `holds` all that hold; `leaves_open` others."""

    same: Place | None
    holds: frozenset[Place]
    leaves_open: frozenset[Place]


@lru_cache(maxsize=4096)
def meaning_of(kind: str, value: str) -> Meaning | None:
    """What a fact called `kind` ("instrument", "genre", "mood", or "era" for decades) says by `value`.

    Spellings are those of the classes with or without blanks, of the tables here and of the lexicon. The lexicon
    takes narrower words for spellings ("hammond" for organ), so what it finds holds and is never the same. None
    where no class is known to hold.
    """
    head = "genre" if kind == "era" else kind
    plain = " ".join(value.lower().replace("_", " ").replace("-", " ").split())
    terms = [term.name for term in load_lexicon().terms(value) if term.kind == head]
    for name in dict.fromkeys([plain, *terms]):
        exact = SAME[name] if name in SAME and SAME[name][0] == head else _class_called(head, name)
        direct = {*((exact,) if exact else ()), *HOLDS.get(name, ())}
        if direct:
            left = _left_open(head, name, exact)
            holds = frozenset(
                (place[0], wider) for place in direct for wider in (place[1], *_wider(place[1]))
            )
            return Meaning(exact if name == plain else None, holds, left - holds)
    return None


def left_open(kind: str, value: str) -> frozenset[Place]:
    """The classes about which a value says nothing, also where no class is known to hold ("march")."""
    meaning = meaning_of(kind, value)
    if meaning is not None:
        return meaning.leaves_open
    return frozenset((kind, other) for other in OPEN.get(value.lower(), ()))


def _left_open(head: str, name: str, exact: Place | None) -> frozenset[Place]:
    names = {name, exact[1] if exact else name}
    unsaid = frozenset((head, other) for key in names for other in OPEN.get(key, ()))
    return unsaid | (_narrower(exact) if exact else frozenset())


def _class_called(head: str, name: str) -> Place | None:
    found = _classes(head).get(squeezed(name))
    return (head, found) if found else None


@lru_cache(maxsize=8)
def _classes(head: str) -> Mapping[str, str]:
    return {squeezed(name): name for name in HEADS.get(head, ())}


def _wider(name: str) -> frozenset[str]:
    found: set[str] = set()
    for wider in WIDER.get(name, ()):
        found |= {wider, *_wider(wider)}
    return frozenset(found)


def _narrower(place: Place) -> frozenset[Place]:
    head, name = place
    return frozenset((head, other) for other in HEADS[head] if name in _wider(other))
