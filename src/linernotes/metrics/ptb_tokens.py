"""Words of the Penn Treebank as the evaluation of image captions takes them (profile `coco`), without Java.

The reference is the tokenizer of CoreNLP 3.4.1 with `-preserveLines -lowerCase`, as pycocoevalcap calls it, less
the marks that pycocoevalcap removes. What it does with words, abbreviations and marks was found by giving it
texts; how often this differs on captions of music is in docs/benchmarks/metrics.md.

At every place the longest of the patterns below wins. They never look beyond white space but for the few
cases of `_spanning` and `_before`, so that the words of a text are cut once and remembered.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache

from linernotes.metrics.tokens import WORDS_REMEMBERED

REMOVED = frozenset(["''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"])
"""Marks that pycocoevalcap takes out. Brackets are -lrb- after lower-casing, so its list of -LRB- misses them."""

_NUMBER_SIGNS = "²³¹¼-¾⁰-₎⅐-ↂↅ-↉①-⒛⓪-⓿❶-➓〇〡-〩〸-〺"
_MARKS = (
    "\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2"
)
_MARKS += (
    "\u0615-\u061a\u064b-\u065e\u0670\u06d6-\u06e4\u06e7-\u06ed\u0900-\u0903\u093c\u093e-\u094e\u0951-\u0955"
)
_MARKS += "\u0962\u0963\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
_A = rf"(?:(?![_{_NUMBER_SIGNS}])[\w{_MARKS}])"  # a letter or digit
_L = rf"(?:(?!\d){_A})"  # a letter
_QUOTE = "['’]"
_WITH_SPACES = re.compile(
    r"<[/!?]?[A-Za-z][^<>]*>"  # a tag
    r"|(?<![\w.,/'-])(?:\d{2,4}[- ])?(?:\(\d{2,3}\) ?|\d{2,4}[- ])\d{3,4}[- ]?\d{3,5}"  # a telephone number
    r"|(?<![\w.,/'-])\d+ \d+/\d+"
)
"""Tokens in which there may be spaces, which the jar turns into no-break spaces."""

_NUMBERS_IN_A_ROW = re.compile(r"\d[ )] ?\d")
_FIRST_WORD = re.compile(r"^[A-Za-z]+")

_ABBREVIATIONS = (
    "adj adm adv al ala alex apr ariz assn assoc asst attys atty aug ave bancorp bhd bldg blvd brig bros calif "
    "capt cf cie cmdr co col comdr colo conn corp cos cpl ct dak dec dept det dr drs elec ens esq est etc ext "
    "feb fla fri ft ga gen gov govs hon inc ind insp intl invt jan jos jr jul jun kan kans ky lt ltd maj mar md "
    "messrs mfg mich minn mlle mme mo mon mont mr mrs ms msgr mt mtg natl neb nev nov oct okla penn pfc ph plc "
    "ppte ppty pres prof profs pte ptes pty ptys pvt rd rep reps rev rt sen sens sep sept seq sfc sgt spc sq sr "
    "st ste supt supts sys tel tenn thu thurs tue tues univ va vs vt wed wis wisc wm wyo"
).split()
_OF_STATES = "Ark Az Del Ill La Mass Miss Ore Pa Tex Wash ARK AZ DEL ILL LA MASS MISS ORE PA TEX WASH".split()
"""Abbreviations with a capital only."""

_BEFORE_A_NUMBER = frozenset(f"{word}." for word in "art ca fig figs no nos op pp prop".split())
_SENTENCE_STARTERS = frozenset(
    "A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Now "
    "Once One Other Our She Since So Some Such That The Their Then There These They This We What When While Yet "
    "You".split()
)
"""Words before which a single letter's full stop ends the sentence."""

_SPLIT = {
    "cannot": ("can", "not"),
    "gonna": ("gon", "na"),
    "gotta": ("got", "ta"),
    "gottas": ("got", "tas"),
    "wanna": ("wan", "na"),
    "gimme": ("gim", "me"),
    "lemme": ("lem", "me"),
    "'tis": ("'t", "is"),
    "'twas": ("'t", "was"),
}
_SPELT = {
    **dict(zip("()[]{}", ["-lrb-", "-rrb-", "-lsb-", "-rsb-", "-lcb-", "-rcb-"], strict=True)),
    **dict(zip("¼½¾⅓⅔£¢", ["1/4", "1/2", "3/4", "1/3", "2/3", "#", "cents"], strict=True)),
    **dict.fromkeys("€¤\x80₠", "$"),
    **dict.fromkeys('"“”‘’‛«»‹›\x91\x92\x93\x94–—―\x96\x97…\xad‐‑֊', "-"),
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": "''",
    "&apos;": "'",
}
"""Marks by what becomes of them; those for a mark that is removed share one."""

_KEPT = r"[!-~\x80¡¢-¹¼-¿×÷;·։‖‗‚„-‣‰-‸※‾-⁂⁄⁰⁴-⁾₀-₎₤℀℁℃-℆℈℉℔№℗℘℞-℣℥℧℩℮℺℻"
_KEPT += r"₠€⅀-⅄⅊-⅍⅏⅓-⅞←-⯿、。〒・！-／：-＠［-｀｛-･￠￡￥￦]"
"""Marks that are tokens; other characters are dropped."""

_CLITIC = re.compile("n?’(?:s|m|d|t|ll|re|ve)")

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"({_A}+(?:-{_A}+)*){_QUOTE}(?i:s|m|d|ll|re|ve)(?!{_A})",  # it|'s
        rf"({_A}*?(?![nN]){_L})[nN]{_QUOTE}[tT](?!{_A})",  # did|n't
        rf"[nN]{_QUOTE}[tT](?!{_A})",
        rf"{_QUOTE}(?i:s|m|d|ll|re|ve)(?!{_A})",
        rf"(?:[dDoOlL]{_QUOTE}{_A})?{_A}+(?:-(?:[dDoOlL]{_QUOTE}{_L})?{_A}+)*",
        rf"{_L}{_A}*(?:[.!?]{_L}{_A}*)+",  # song.the
        r"[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2}",
        r"[A-Za-z0-9][A-Za-z0-9.,]*(?:-(?:[A-Za-z](?:\.[A-Za-z])+\.|[A-Za-z0-9]+))+",
        r"[+-]?(?:\d*(?:[.:,]\d+)+|\d+)",
        rf"({_A}+(?:-{_A}+)*\.)[,;:、]",
        r"[A-Za-z](?:\.[A-Za-z])*\.",
        rf"(?:(?i:{'|'.join(_ABBREVIATIONS)})|{'|'.join(_OF_STATES)})\.",
        r"[pP]h\.D\.",
        r"[A-Z]+(?:(?:[&+]|&amp;)[A-Z]+)+",
        rf"[A-HJ-XZn]{_QUOTE}{_L}{{2}}{_A}*|([jJyYdDlL]{_QUOTE}){_L}|{_L}*[aeiouyAEIOUY]{_QUOTE}[aeiouA-Z]{_A}*",
        rf"{_QUOTE}(?:em|cause|till?|n{_QUOTE}|n(?!\S)|\d\d(?!\S)|[2-9]0[sS](?!{_A}))|(?i:'(?:tis|twas))(?!{_A})",
        rf"(?i:ol{_QUOTE}|c{_QUOTE}mon|ev{_QUOTE}ry|li{_QUOTE}l|nat{_QUOTE}l|s{_QUOTE}mores|somethin{_QUOTE})",
        r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?:-[A-Za-z0-9]+)*|_+",
        r"https?://[^\s\"<>()]*[^\s\"<>().,;:!?]|www\.[^\s\"<>()/]+[A-Za-z]|[A-Za-z0-9][\w.+-]*@[\w-]+(?:\.[\w-]+)*",
        r"@[A-Za-z_]\w*|#[A-Za-z]\w*|C\+\+|[CcFf]#|(?:US|C|A|HK|NZ)\$",
        rf"[:;=]'?-?(?:[()|]|[DPpO](?!{_A}))|\^_\^|>_<",
        r"&(?:amp|lt|gt|quot|apos);|--+|[?!]+|\*+|\.+",
        r"<[/!?]?[A-Za-z][^<>]*>",
        _KEPT,
    )
)
"""What a token may be; where more is needed to know one than belongs to it, group 1 is the token."""


_DEPENDING = frozenset([f"{letter}." for letter in string.ascii_letters]) | frozenset(
    spelling(word) for word in _BEFORE_A_NUMBER for spelling in (str.lower, str.upper, str.capitalize)
)
"""Pieces whose tokens depend on the next."""


def tokenize_ptb(text: str) -> list[str]:
    """Lower-case words of a text, without the marks of punctuation that pycocoevalcap removes."""
    if "<" in text or _NUMBERS_IN_A_ROW.search(text):
        return _around_spaced_tokens(text)
    return _tokens(text)


def ptb_words(text: str) -> list[str]:
    """The tokens as pycocoevalcap's BLEU and CIDEr-D, but not its ROUGE-L, read them: cut at no-break spaces."""
    tokens = tokenize_ptb(text)
    return " ".join(tokens).split() if "\u00a0" in "".join(tokens) else tokens


def _around_spaced_tokens(text: str) -> list[str]:
    tokens, begin = [], 0
    for found in _WITH_SPACES.finditer(text):
        tokens += _tokens(text[begin : found.start()])
        tokens += [token.replace(" ", "\u00a0") for token in _spelt(found.group())]
        begin = found.end()
    return tokens + _tokens(text[begin:])


def _tokens(text: str) -> list[str]:
    chunks = text.split()
    if _DEPENDING.isdisjoint(chunks):
        return [token for chunk in chunks for token in _cut(chunk)]
    return [
        token
        for chunk, after in zip(chunks, [*chunks[1:], ""], strict=True)
        for token in _cut_before(chunk, after)
    ]


def _cut_before(chunk: str, after: str) -> tuple[str, ...]:
    """Tokens of a piece whose full stop belongs to it, or does not, by the piece that follows."""
    if chunk.lower() in _BEFORE_A_NUMBER and after[:1].isdigit():
        return (chunk.lower(),)
    if (
        chunk in _DEPENDING
        and _FIRST_WORD.findall(after)
        and _FIRST_WORD.findall(after)[0] in _SENTENCE_STARTERS
    ):
        return _cut(chunk[:-1])
    return _cut(chunk)


@lru_cache(maxsize=WORDS_REMEMBERED)
def _cut(chunk: str) -> tuple[str, ...]:
    """Tokens of a piece without white space."""
    tokens: list[str] = []
    begin = 0
    while begin < len(chunk):
        found = [match for pattern in _PATTERNS if (match := pattern.match(chunk, begin))]
        longest = max(found, key=lambda match: match.end(), default=None)
        if longest:
            tokens += _spelt(longest[longest.lastindex or 0])
            begin = longest.end(longest.lastindex or 0)
        else:
            begin += 1
    return tuple(token for token in tokens if token not in REMOVED)


def _spelt(token: str) -> tuple[str, ...]:
    """What the jar writes for a piece of the text."""
    token = token.lower()
    if token in _SPELT:
        return (_SPELT[token],)
    if token.startswith(("--", "..")):
        return ("-",)
    if _CLITIC.fullmatch(token):
        token = token.replace("’", "'")
    if token in _SPLIT:
        return _SPLIT[token]
    return ("".join(_SPELT.get(mark, mark) if mark in "()[]{}" else mark for mark in token),)
