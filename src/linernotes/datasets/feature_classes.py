"""The classes that music feature detectors are trained on, in the order of MTG-Jamendo's, and labels from facts.

Class names are spelled with blanks here ("electric guitar"); without them they are MTG-Jamendo's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact

PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
INSTRUMENTAL, FEMALE, MALE = VOCALS = ("instrumental", "female", "male")
LIKELY = 0.5
"""Confidence from which a fact is taken for true."""
UNLIKELY = 0.1
"""Confidence up to which a fact says that its class is absent (`annotate --with-absent` writes such)."""
_SEVERAL = ("instrument", "mood", "genre")
"""Features of which several classes may hold at once."""
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

# Tables, kept as such.
# fmt: off
INSTRUMENTS = (
    "accordion", "acoustic bass guitar", "acoustic guitar", "bass", "beat", "bell", "bongo", "brass", "cello",
    "clarinet", "classical guitar", "computer", "double bass", "drum machine", "drums", "electric guitar",
    "electric piano", "flute", "guitar", "harmonica", "harp", "horn", "keyboard", "oboe", "orchestra", "organ",
    "pad", "percussion", "piano", "pipe organ", "rhodes", "sampler", "saxophone", "strings", "synthesizer",
    "trombone", "trumpet", "viola", "violin", "voice",
)
MOODS = (
    "action", "adventure", "advertising", "background", "ballad", "calm", "children", "christmas", "commercial",
    "cool", "corporate", "dark", "deep", "documentary", "drama", "dramatic", "dream", "emotional", "energetic",
    "epic", "fast", "film", "fun", "funny", "game", "groovy", "happy", "heavy", "holiday", "hopeful", "inspiring",
    "love", "meditative", "melancholic", "melodic", "motivational", "movie", "nature", "party", "positive",
    "powerful", "relaxing", "retro", "romantic", "sad", "sexy", "slow", "soft", "soundscape", "space", "sport",
    "summer", "trailer", "travel", "upbeat", "uplifting",
)
GENRES = (
    "60s", "70s", "80s", "90s", "acid jazz", "alternative", "alternative rock", "ambient", "atmospheric", "blues",
    "blues rock", "bossa nova", "breakbeat", "celtic", "chanson", "chillout", "choir", "classical", "classic rock",
    "club", "contemporary", "country", "dance", "dark ambient", "darkwave", "deep house", "disco", "downtempo",
    "drum n bass", "dub", "dubstep", "easy listening", "edm", "electronic", "electronica", "electropop", "ethno",
    "eurodance", "experimental", "folk", "funk", "fusion", "groove", "grunge", "hard", "hard rock", "hip hop",
    "house", "idm", "improvisation", "indie", "industrial", "instrumental pop", "instrumental rock", "jazz",
    "jazz fusion", "latin", "lounge", "medieval", "metal", "minimal", "new age", "new wave", "orchestral", "pop",
    "pop folk", "pop rock", "post rock", "progressive", "psychedelic", "punk rock", "rap", "reggae", "rnb", "rock",
    "rock n roll", "singer songwriter", "soul", "soundtrack", "swing", "symphonic", "synth pop", "techno",
    "trance", "trip hop", "world", "world fusion",
)
WIDER = {
    "electric bass": ("bass",), "synth bass": ("bass", "synthesizer"), "upright bass": ("double bass",),
    "string section": ("strings",), "synthesizer lead": ("synthesizer",),
    "synthesizer pad": ("synthesizer", "pad"), "distorted electric guitar": ("electric guitar",),
    "french horn": ("horn",), "pan flute": ("flute",), "dreamy": ("dream",),
}
"""What a value is counted as where it is no class itself."""
# fmt: on
KEYS = tuple(f"{pitch} {mode}" for mode in ("major", "minor") for pitch in PITCHES)
CLASSES: Mapping[str, tuple[str, ...]] = {
    "instrument": INSTRUMENTS,
    "mood": MOODS,
    "genre": GENRES,
    "key": KEYS,
    "vocals": VOCALS,
}
"""Feature -> its classes. The order of keys and vocals is this project's own."""


def squeezed(name: str) -> str:
    """A class name as MTG-Jamendo writes it: letters and digits alone."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def labels_of_facts(facts: Sequence[Fact], feature: str, classes: Sequence[str]) -> NDArray[np.float32]:
    """1 for the classes that facts name, 0 for the others, NaN where the facts do not tell, (classes,).

    Facts that name none of the classes tell nothing: of a genre that is no class it is not known which it is near.
    Where facts of a clip, of any feature, are `UNLIKELY`, only their classes are 0: what no fact names is NaN.
    """
    unlikely = [fact for fact in facts if fact.confidence <= UNLIKELY and fact.name in _SEVERAL]
    denied = {_identity(str(fact.value), feature) for fact in unlikely if fact.name == feature}
    facts = [fact for fact in facts if fact.confidence >= LIKELY]
    if feature == "vocals":
        return _vocals(facts, classes)
    values = [str(fact.value) for fact in facts if fact.name == feature]
    if feature == "instrument" and any(fact.name == "voice" and fact.value == "sung" for fact in facts):
        values.append("voice")
    named = _named(values, feature)
    identities = [_identity(name, feature) for name in classes]
    is_exclusive = feature not in _SEVERAL
    others = 0.0 if named & set(identities) and (is_exclusive or not unlikely) else np.nan
    row = [1.0 if one in named else 0.0 if one in denied else others for one in identities]
    return np.array(row, np.float32)


def _named(values: Iterable[str], feature: str) -> set[str]:
    return {_identity(name, feature) for value in values for name in (value, *WIDER.get(value.lower(), ()))}


def _identity(name: str, feature: str) -> str:
    """Equal for names of the same class; keys are compared by pitch, so that F# is Gb."""
    if feature != "key":
        return squeezed(name)
    tonic, _, mode = name.strip().partition(" ")
    semitone = _SEMITONES.get(tonic[:1].upper())
    if semitone is None:
        return squeezed(name)
    return f"{(semitone + tonic.count('#') - tonic[1:].count('b')) % 12} {mode.lower()}"


def _vocals(facts: Sequence[Fact], classes: Sequence[str]) -> NDArray[np.float32]:
    voice = next((fact.value for fact in facts if fact.name == "voice"), None)
    gender = next((fact.value for fact in facts if fact.name == "singer_gender"), None)
    known = {INSTRUMENTAL: np.nan, FEMALE: np.nan, MALE: np.nan}
    if voice == "instrumental":
        known = {INSTRUMENTAL: 1.0, FEMALE: 0.0, MALE: 0.0}
    elif voice == "sung":
        known[INSTRUMENTAL] = 0.0
        if gender in (FEMALE, MALE, "mixed"):
            known[FEMALE] = float(gender != MALE)
            known[MALE] = float(gender != FEMALE)
    return np.array([known.get(name, np.nan) for name in classes], np.float32)
