"""Aspects sorted: each phrase a person gave gets a role by the lexicon, and repetitions are folded together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from linernotes.clip import Fact
from linernotes.words.figures import find_figures
from linernotes.words.lexicon import Lexicon, Mention, load_lexicon, singular, tokenise
from linernotes.words.stem import STOP_WORDS
from linernotes.writers.composer.grammar import PROPER_WORDS, proper

NEGATORS = frozenset("no without not zero".split())
GENERIC_HEADS = frozenset("song songs music track tune piece genre".split())
MOOD_HEADS = frozenset(
    "mood moods feel feeling feels vibe vibes atmosphere energy aura emotion emotions".split()
)
PART_HEADS = frozenset(
    "melody melodies harmony harmonies chord chords accompaniment lead solo solos riff riffs rhythm "
    "rhythms beat beats arrangement arrangements articulation arpeggio arpeggios progression pattern "
    "patterns tune tunes playing strumming plucking picking notes note instrument instruments line "
    "lines licks fills loop".split()
)
SPEAKING = frozenset(
    "singing talking speaking rapping narrating shouting chanting humming screaming laughing".split()
)
SOUND_HEADS = frozenset(
    "sound sounds noise noises effect effects audience crowd crowds cheering chirping talking "
    "chattering laughing laugh laughter howling footsteps applause tone tones vibration vibrations "
    "impact impacts feedback echo echoes tapping ringing beep beeping ticking clicking click buzz "
    "buzzing static sample samples crickets birds fans bell resonance overtones gunshots waves scratch "
    "clap drone frequency distortion vibrato tremolo reverb silence crackle crackling hiss rain thunder acoustics "
    "wind water".split()
)
_PEOPLE = frozenset(
    "player players performer performers composer composers conductor guide teacher band dj".split()
)
PITCH_HEADS = frozenset("pitch key register range scale meter metre octave octaves signature".split())
FEATURE_HEADS = frozenset(
    "theme motif intro outro introduction ending fade build-up buildup improvisation technique band duo "
    "trio quartet ensemble performer composer composers conductor dj virtuoso soloist player players "
    "artist backing section polyrhythms crescendo glissando staccato arpeggiator vocables lyrics "
    "production style mix arrangement composition ad- libs climax bend slide drop riser".split()
)
_TAKES = frozenset(
    "live performance,live recording,live concert,live music,home recording,home video,amateur recording,"
    "field recording,studio recording,cover,song cover,cover song,remix,jam,compilation,tutorial,demonstration,"
    "playback,concert,medley,rehearsal,lesson,interview".split(",")
)
_TAKE_HEADS = frozenset("cover tutorial lesson performance recording".split())
_SOUND_TRAITS = frozenset(
    "noisy mono stereo muffled muddy boomy tinny thin distorted reverberant loud quiet unbalanced dull "
    "live crackling static echoing echoey reverb clean harsh wide mixed".split()
)
_ADJECTIVE = re.compile(r"(ful|ous|ic|ive|less|able|ible|al|ish|esque|some|y|ed|ant|ent|ary)$")
_MOOD_NOUN = re.compile(
    r"(ness|tion|sion|ity|ence|ance|algia|ement|oria)$|^(drama|joy|love|peace|party|mystery|sorrow|grief|anger|rage|fear"
    r"|horror|pain|hope|chaos|danger|adventure|power|excitement|suspense|romance|comedy|adrenaline|longing|breakup)$"
)
"""Moods named by a noun: music is not `celebration`, it brings celebration to mind."""
_NOT_PLAYED = frozenset({"crowd", "laughter", "fx"})
_NOUN_ENDING = re.compile(r"(ity|ety|lty|ody|edy|phy|tory|asy|ment)$")
_ADJECTIVES = frozenset(
    "grim dense hip clear cold modern vintage fresh light sharp shrill tense cute clean".split()
)
_DESCRIBES = re.compile(r"(pitched|sounding|paced|based|inspired|like|hitting|driven|oriented|charged)$")
_NOUNISH = frozenset(
    "string singing clapping recording drumming being thing spring melody harmony symphony comedy party "
    "country energy vocal festival rehearsal animal signal music finger baby key prayer recital "
    "cathedral commercial ritual taal delay announcement advertisement documentary memory story city "
    "army ceremony".split()
)


@dataclass(frozen=True, slots=True)
class Aspect:
    """A phrase with its role and the facts that gave it."""

    role: str
    text: str
    fact_ids: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The phrase's words in lower case."""
        return tuple(self.text.lower().split())

    @property
    def is_plural(self) -> bool:
        """Whether the head noun is plural: `strings are`, `brass is`."""
        last = self.words[-1] if self.words else ""
        return len(last) > 3 and last.endswith("s") and not last.endswith(("ss", "us", "is"))


def sort_aspects(facts: Iterable[Fact]) -> tuple[Aspect, ...]:
    """Every given aspect in its order, with a role; one that another one repeats or contains joins it."""
    lexicon = load_lexicon()
    found: list[Aspect] = []
    for fact in facts:
        text = " ".join(str(fact.value).replace("_", " ").split()).strip(" .,;")
        if text:
            spoken = f"{text} voice" if text.lower() in ("male", "female") else text
            found.append(Aspect(role_of(text, lexicon), proper(spoken), (fact.id,)))
    return _folded(found)


def role_of(phrase: str, lexicon: Lexicon) -> str:
    """What a phrase speaks of.

    One of: instrumental, negation, tempo, low (sound quality), trait (of the sound), take (kind of recording),
    mood, feel, voice, drums, instrument, genre, key, metre, sound, pitch, language, feature, other.
    """
    words = tuple(token.text for token in tokenise(phrase))
    if not words:
        return "other"
    whole = {term.kind: term.name for term in lexicon.terms(phrase)}
    figure = next(find_figures(phrase), None)
    if figure and figure.name in ("tempo", "key", "metre"):
        return figure.name
    is_said_so = words[0] == "instrumental" and words[-1] in GENERIC_HEADS
    if is_said_so or whole.get("voice") == "instrumental":
        return "negation" if words[0] in NEGATORS else "instrumental"
    if words[0] in NEGATORS:
        return "negation"
    if words[-1] in ("tempo", "paced", "pace") or "tempo" in whole:
        return "tempo"
    return _role_by_sound(phrase, words, whole) or _role_by_terms(
        words, list(lexicon.mentions(phrase)), whole
    )


def _role_by_sound(phrase: str, words: tuple[str, ...], whole: dict[str, str]) -> str:
    """The roles that speak of the recording instead of the music; empty for the others."""
    lower = phrase.lower()
    is_low = "quality" in words or "fidelity" in words
    if lower in _TAKES or (words[-1] in _TAKE_HEADS and len(words) < 4):
        return "low" if is_low else "take"
    if is_low or whole.get("quality") in ("low quality", "high quality"):
        return "low"
    if lower in _SOUND_TRAITS or whole.get("quality") in ("mono", "noisy", "unbalanced stereo", "muffled"):
        return "trait"
    return ""


def _role_by_terms(words: tuple[str, ...], mentions: Sequence[Mention], whole: dict[str, str]) -> str:
    """The roles that speak of the music, by the terms a phrase mentions."""
    if "mood" in whole and not whole.keys() & {"instrument", "voice"}:
        if _MOOD_NOUN.search(words[-1]):
            return "other"
        return "genre" if "genre" in whole else "mood"
    if words[-1] in MOOD_HEADS:
        return "mood" if _is_felt(words, mentions) else "feel"
    kinds = [mention.terms[0] for mention in mentions if mention.terms[0].name not in _NOT_PLAYED]
    named = {term.kind for term in kinds}
    if words[-1] in ("instrumental", "instrumentals"):
        return "instrumental"
    if words[-1] in GENERIC_HEADS and named - {"mood", "tempo"}:
        return "genre"
    if words[-1] in SOUND_HEADS and not named & {"voice", "instrument"}:
        return "sound"
    if words[-1] in _PEOPLE or (words[-1] in FEATURE_HEADS and not named & {"voice", "genre", "instrument"}):
        return "feature"
    if "voice" in named:
        return "voice" if not _ends_on_instrument(mentions) else "instrument"
    if "instrument" in named:
        lexicon = load_lexicon()
        is_drum = any(
            "percussion" in lexicon.licensed(term.name) for term in kinds if term.kind == "instrument"
        )
        return "drums" if is_drum else "instrument"
    if len(words) == 1 and words[0] in PART_HEADS:
        return "feature"
    if words[-1] in PART_HEADS:
        return "drums" if words[-1] in ("beat", "beats", "rhythm", "rhythms") else "instrument"
    if len(words) > 1 and words[-1].endswith("ing") and not _mentions_last(words, mentions):
        return "sound"
    if len(words) == 1 and words[0].endswith("music"):
        return "genre"
    if "genre" in named or words[-1] in GENERIC_HEADS | {"soundtrack", "hits", "hit"}:
        return "genre"
    if named == {"mood"} and len(mentions) == len(words):
        return "mood"
    return _role_by_head(words)


def _role_by_head(words: tuple[str, ...]) -> str:
    """The role of a phrase that mentions no known term, by its last word."""
    head = words[-1]
    if head in ("language", "accent", "dialect"):
        return "language"
    if head in PITCH_HEADS:
        return "pitch"
    if _DESCRIBES.search(head) or head in _ADJECTIVES:
        return "mood"
    if head in SOUND_HEADS or (len(words) > 1 and head.endswith("ing") and head not in _NOUNISH):
        return "sound"
    if head in PROPER_WORDS:
        return "genre"
    if head in FEATURE_HEADS or head.endswith(("ist", "ists")):
        return "feature"
    is_adjective = _ADJECTIVE.search(head) and not _NOUN_ENDING.search(head) and head not in _NOUNISH
    return "mood" if is_adjective and len(words) == 1 else "other"


def _is_felt(words: tuple[str, ...], mentions: Sequence[Mention]) -> bool:
    """Whether `happy` in `happy mood` can stand alone; a `happy vibe` is said whole."""
    senses = {term.kind for mention in mentions for term in mention.terms}
    is_mood = words[-1] in ("mood", "moods") and len(words) == 2
    return is_mood and ("mood" in senses or bool(_ADJECTIVE.search(words[0])))


def _mentions_last(words: tuple[str, ...], mentions: Sequence[Mention]) -> bool:
    """Whether the last word belongs to a known term."""
    return bool(mentions) and mentions[-1].first_token + len(mentions[-1].tokens) == len(words)


def _ends_on_instrument(mentions: Sequence[Mention]) -> bool:
    return mentions[-1].terms[0].kind == "instrument"


def _folded(aspects: Sequence[Aspect]) -> tuple[Aspect, ...]:
    """Fold an aspect into one that says at least as much under the same head (`bass` into `groovy bass`)."""
    contents = [_content(aspect) for aspect in aspects]
    kept: dict[int, tuple[str, ...]] = {}
    for index in sorted(range(len(aspects)), key=lambda index: -len(contents[index])):
        for place in kept:
            if _contains(aspects[place], contents[place], aspects[index], contents[index]):
                kept[place] += aspects[index].fact_ids
                break
        else:
            kept[index] = aspects[index].fact_ids
    return tuple(replace(aspects[place], fact_ids=kept[place]) for place in sorted(kept))


def _content(aspect: Aspect) -> tuple[str, ...]:
    return tuple(singular(token.text) for token in tokenise(aspect.text) if token.text not in STOP_WORDS)


def _contains(larger: Aspect, more: tuple[str, ...], smaller: Aspect, less: tuple[str, ...]) -> bool:
    """Whether `larger` (with content words `more`) says all that `smaller` says, of the same thing."""
    if (larger.role == "negation") != (smaller.role == "negation"):
        return False
    if not more or not less or not set(less) <= set(more):
        return larger.text.lower() == smaller.text.lower()
    if more[-1] == less[-1]:
        return True
    return larger.role == smaller.role and larger.words[-1] in GENERIC_HEADS | MOOD_HEADS
