"""What words an aspect list licenses: shared by the cleaning of training captions and by constrained decoding.

A word is free when it says nothing about the recording ("song", "with", "features"); every other word needs a
licence: it, or a word of its family, stands in the aspects. A word whose only licence is denied ("no vocals") may
be used only right after a denial.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

WORD = re.compile(r"\w+(?:[-'&]\w+)*")
DENIALS = frozenset(
    "no not without non none never lacks lacking absence nor any isn't aren't doesn't don't free less".split()
)
DENIAL_REACH = 4
"""How many words back a denial is looked for."""

_FOLD = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "}
)
_SUFFIXES = ("ically", "ings", "ing", "ies", "ied", "ily", "ally", "ly", "ed", "es", "s", "y", "e")
_VOICE = "voice voices vocal vocals vocally vocalist vocalists vocalisation vocalization singer singers sing sings sang"
_FAMILIES = (
    f"{_VOICE} sung singing sings",
    "drum drums drummer drummers drumming drumbeat drumbeats drumset",
    "percussion percussions percussive percussively percussionist percussionists percussively",
    "guitar guitars guitarist guitarists guitar's",
    "bass bassline basslines bassist basses",
    "piano pianos pianist pianists",
    "violin violins violinist", "trumpet trumpets trumpeter", "flute flutes flautist flutist",
    "saxophone saxophones sax saxes saxophonist", "keyboard keyboards keyboardist keys",
    "synth synths synthesizer synthesizers synthesiser synthesisers synthesized synthesised",
    "ukulele ukelele ukuleles", "bagpipe bagpipes", "hi-hat hi-hats hihat hihats",
    "harmony harmonies harmonic harmonize harmonizing harmonising harmonized harmonious",
    "melody melodies melodic melodically melodious",
    "rhythm rhythms rhythmic rhythmical rhythmically",
    "medium moderate mid", "fast faster", "slow slower slowly",
    "male man men male's males", "female woman women females", "kid kids child children children's childrens",
    "rap raps rapper rappers rapping", "speech speaking speaks talking talks speak spoken talk",
    "narrating narrates narration narrator narrators narrate narrated",
    "emotional emotion emotions emotionally emotive", "happy happiness", "sad sadness", "joyful joy joyous",
    "melancholic melancholy", "romantic romance", "energetic energy energetically energizing",
    "passionate passion passionately", "mystical mystic", "poor poorly", "noisy noise noises", "echo echoes echoing echoey",
    "reverb reverberant reverberated reverberating reverberation reverbs",
    "suspense suspenseful", "clap claps clapping", "cheer cheers cheering", "strum strums strumming strummed",
    "chord chords chordal", "arpeggio arpeggios arpeggiated arpeggiating", "classical classic classically",
    "jazz jazzy", "rock rocky", "funk funky", "groove groovy grooves grooving", "folk folky folksy", "soul soulful soulfully",
    "electronic electro electronically electronics", "psychedelic psychedelia", "hip-hop hiphop", "r&b rnb",
    "orchestra orchestral orchestras orchestrated orchestration", "choir choirs choral", "distortion distorted",
    "atmosphere atmospheric", "instrument instruments instrumentation instrumental", "string strings stringed",
    "dance dancing danceable dancer dances", "repetition repetitive repetitively repeating repeats repeated repeat",
    "accompaniment accompanied accompanying accompany accompanies", "indian india", "spain spanish", "arab arabic",
    "meditation meditative", "hypnosis hypnotic hypnotizing", "relaxing relaxed relaxation", "calm calming calmly calmness",
    "uplift uplifting", "tranquil tranquility", "recording recorded recordings", "performance performed performances performing",
)  # fmt: skip
_PHRASES = (
    ("e guitar", "electric guitar"), ("electric guitar", "e-guitar"), ("e bass", "electric bass"),
    ("electric bass", "e-bass"), ("bass guitar", "e-bass"), ("e piano", "electric piano"), ("electric piano", "e-piano"),
    ("hi hat", "hi-hat"), ("hi hats", "hi-hats"), ("hip hop", "hip-hop"), ("uptempo", "fast tempo"),
    ("up tempo", "fast tempo uptempo"), ("upbeat tempo", "fast tempo"), ("slow tempo", "slow-paced"),
    ("fast tempo", "fast-paced uptempo"), ("slow paced", "slow tempo"), ("fast paced", "fast tempo"),
    ("lofi", "lo-fi"), ("lo fi", "lo-fi"), ("drum and bass", "drum'n'bass"), ("rhythm and blues", "r&b"),
    ("poor audio quality", "low bad"), ("low quality", "poor bad"), ("low quality recording", "poor bad"),
    ("bad quality", "poor low"), ("poor quality", "low bad"), ("bad audio quality", "poor low"),
    ("no voice", "instrumental"), ("no voices", "instrumental"), ("no vocals", "instrumental"), ("no vocal", "instrumental"),
    ("no singer", "instrumental"), ("no singing", "instrumental"), ("no vocalist", "instrumental"),
)  # fmt: skip
"""(phrase that stands in an aspect, words it licenses besides its own)."""


def fold(text: str) -> str:
    """Typographic quotes and dashes as ASCII, one space between words, a space after commas and full stops."""
    text = " ".join(text.translate(_FOLD).split())
    text = re.sub(r"(?<=[a-z]{2})([,.;!?])(?=[A-Za-z]{2})", r"\1 ", text)
    return re.sub(r"\s+([,.;!?])", r"\1", text)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A crude common root of a word's inflections; words shorter than five letters lose only a plural s."""
    word = word.removesuffix("'s")
    if len(word) < 5:
        return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4 and not word.endswith("ss"):
            word = word[: -len(suffix)]
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.removesuffix("i")


def _family_index() -> Mapping[str, frozenset[str]]:
    index: dict[str, frozenset[str]] = {}
    for line in _FAMILIES:
        members = frozenset(line.split())
        for member in members:
            index[member] = index.get(member, frozenset()) | members
    return index


_FAMILY_OF = _family_index()


@lru_cache(maxsize=65536)
def relatives(word: str) -> frozenset[str]:
    """Keys that stand for a word: itself, its stem (marked ~) and the members of its families."""
    own = {word, f"~{stem(word)}"}
    for member in _FAMILY_OF.get(word, frozenset()):
        own.add(member)
    return frozenset(own)


@dataclass(frozen=True)
class Licences:
    """What one aspect list permits: keys of stated words, and of words that are only denied."""

    stated: frozenset[str]
    denied: frozenset[str]

    def permits(self, word: str, before: Sequence[str] = ()) -> bool:
        """Whether `word` (lower case) may follow the words `before`; compounds may also pass part by part."""
        if self._permits_whole(word, before):
            return True
        parts = re.split(r"[-&]", word)
        return len(parts) > 1 and all(len(part) < 2 or self._permits_whole(part, before) for part in parts)

    def mentions(self, word: str) -> bool:
        """Whether `word` has any licence, stated or denied."""
        return self.permits(word, ("no",))

    def _permits_whole(self, word: str, before: Sequence[str]) -> bool:
        keys = relatives(word)
        if not keys.isdisjoint(self.stated):
            return True
        near = before[-DENIAL_REACH:] if before else ()
        return not keys.isdisjoint(self.denied) and not DENIALS.isdisjoint(near)


def words_of(text: str) -> list[str]:
    """Lower-case words of a text."""
    return WORD.findall(fold(text).lower())


def licences_of(aspects: Iterable[str]) -> Licences:
    """The licences that a list of aspects gives."""
    stated: set[str] = set()
    denied: set[str] = set()
    for aspect in aspects:
        words = words_of(aspect)
        parts = [part for word in words for part in re.split(r"[-&]", word)]
        padded = f" {' '.join(parts)} "
        extra = [word for phrase, more in _PHRASES if f" {phrase} " in padded for word in more.split()]
        negative = bool(words) and words[0] in DENIALS and words[0] not in ("free", "less")
        target = denied if negative else stated
        for word in [*words, *parts]:
            target |= relatives(word)
        for word in extra:
            stated |= relatives(word)
    return Licences(frozenset(stated), frozenset(denied))


@dataclass(frozen=True)
class WordLists:
    """Data the lexicon script makes from the train half: `free` words, known `words`, and `cased` spellings."""

    free: frozenset[str]
    words: tuple[str, ...]
    cased: Mapping[str, str]

    @classmethod
    def load(cls, path: str | Path) -> WordLists:
        """Read the JSON file that `scripts/build_writer_words.py` writes."""
        table = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls(frozenset(table["free"]), tuple(table["words"]), dict(table["cased"]))


def content_words(aspects: Iterable[str], free: frozenset[str]) -> frozenset[str]:
    """The words of a list of aspects that say something."""
    return frozenset(word for aspect in aspects for word in words_of(aspect)) - free


def fix_articles(text: str) -> str:
    """`a` or `an` by the first letters of the word that follows."""

    def right(match: re.Match[str]) -> str:
        vowel = re.match(r"(?:[aeio]|u(?!k|n[ia]|s)|r&b)", match.group(3).lower())
        return f"{match.group(1)}{'n' if vowel else ''} {match.group(3)}"

    return re.sub(r"\b([Aa])(n?) (\w+(?:&\w)?)", right, text)


def cased(text: str, spellings: Mapping[str, str]) -> str:
    """Capitals at the start of sentences and where `spellings` (lower-case word -> spelling) has them."""
    text = WORD.sub(lambda match: spellings.get(match.group(), match.group()), text)
    return re.sub(r"(^|[.!?]\s+)(\w)", lambda match: match.group(1) + match.group(2).upper(), text)
