"""Small facts of English: a or an, plurals, capitals, how people say keys, tempi and times."""

from __future__ import annotations

import re

_SOUNDED_LETTERS = frozenset("AEFHILMNORSX")
"""Letters whose names begin with a vowel sound: an FM synth, an R&B song."""
_VOWEL_SOUND = ("hour", "honest", "heir", "honor", "honour")
_CONSONANT_SOUND = ("uni", "use", "usu", "uk", "eu", "one", "once", "uto", "ur-", "ubiq", "ura")
_NOT_UNI = ("unin", "unim", "unid")
_WORD = re.compile(r"[^\W_]+(?:[&'’-][^\W_]+)*")


def article(text: str) -> str:
    """`a` or `an`, by the sound of the first word: an 80s song, an R&B song, a unique ukulele, an e-bass."""
    match = _WORD.search(text)
    word = match.group() if match else "x"
    if word[0].isdigit():
        return "an" if word.startswith("8") or re.match(r"(11|18)(?!\d)", word) else "a"
    if re.match(r"[A-Z](?![a-z])", word):  # spelt out letter by letter: EDM, R&B, DJ, K-pop
        return "an" if word[0] in _SOUNDED_LETTERS and not _is_read_as_a_word(word) else "a"
    if re.match(r"[a-zA-Z]-", word):
        return "an" if word[0].upper() in _SOUNDED_LETTERS else "a"
    lower = word.lower()
    if lower.startswith(_VOWEL_SOUND):
        return "an"
    if lower.startswith(_CONSONANT_SOUND) and not lower.startswith(_NOT_UNI):
        return "a"
    if lower in {"rnb", "r&b", "mc", "lo", "fm", "mp3", "edm"}:
        return "a" if lower == "lo" else "an"
    return "an" if lower[0] in "aeiouáàâäåéèêëíìîïóòôöúùûü" else "a"


def _is_read_as_a_word(word: str) -> bool:
    """Whether capitals are read as a word (LOUD, ROCK) instead of letter by letter (MTV, EDM)."""
    return len(word) > 3 and word.isalpha() and bool(re.search(r"[AEIOU]", word))


def capital(text: str) -> str:
    """`text` with its first letter in upper case and the rest as it stands."""
    for index, character in enumerate(text):
        if character.isalpha():
            upper = character.upper()
            return text[:index] + upper + text[index + 1 :] if len(upper) == 1 else text
        if character.isdigit():
            return text
    return text


def plural(noun: str) -> str:
    """The plural of a regular English noun phrase, by its last word."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def spoken_key(key: str) -> str:
    """`F# minor` as people say it: `F sharp minor`; `Bb major` becomes `B flat major`."""
    match = re.fullmatch(r"([A-G])(#|♯|b|♭)?[ :]*(.*)", key.strip())
    if match is None:
        return key.strip()
    accidental = {"#": " sharp", "♯": " sharp", "b": " flat", "♭": " flat"}.get(match[2] or "", "")
    mode = {"maj": "major", "min": "minor", "m": "minor", "": "major"}.get(match[3], match[3])
    return f"{match[1]}{accidental} {mode}"


def clock(seconds: float) -> str:
    """The second that `seconds` lie in, as minutes and seconds: `1:05`."""
    whole = int(seconds + 1e-6)
    return f"{whole // 60}:{whole % 60:02d}"


_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def number(count: int) -> str:
    """A count in words up to twelve, in digits above."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


PROPER_WORDS = frozenset(
    "indian latin arabic spanish african irish hindi christmas american english french german italian "
    "russian chinese japanese korean turkish persian greek mexican brazilian cuban celtic scottish "
    "tibetan asian european hawaiian hindustani carnatic bollywood punjabi tamil bengali urdu "
    "portuguese hebrew jewish christian buddhist islamic hindu caribbean jamaican balkan romanian "
    "polish ukrainian swedish norwegian finnish egyptian moroccan ethiopian nigerian thai vietnamese "
    "indonesian balinese javanese mongolian australian canadian british welsh eastern-european "
    "argentinian colombian peruvian iranian israeli lebanese armenian georgian hungarian austrian swiss "
    "dutch belgian danish icelandic western-african afro-cuban halloween easter santa".split()
)
_INITIALS = {
    "r&b": "R&B",
    "rnb": "RnB",
    "dj": "DJ",
    "edm": "EDM",
    "idm": "IDM",
    "mc": "MC",
    "uk": "UK",
    "usa": "USA",
}
_SPACED_WORD = re.compile(r"[^\s/]+")


def proper(phrase: str) -> str:
    """The phrase with names of peoples, languages and feasts in capitals: `indian r&b` -> `Indian R&B`."""

    def cased(match: re.Match[str]) -> str:
        word = match.group()
        if word.lower() in _INITIALS and word.islower():
            return _INITIALS[word.lower()]
        return word[0].upper() + word[1:] if word in PROPER_WORDS else word

    return _SPACED_WORD.sub(cased, phrase)
