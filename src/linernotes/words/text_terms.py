"""Terms of the lexicon in a text: instruments, genres, moods, tempo words, metres, voices and who sings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from linernotes.words.figures import find_figures
from linernotes.words.grammar import Context, load_contexts, load_grammar, load_reading_lexicon
from linernotes.words.lexicon import Mention, Term
from linernotes.words.passage import STOPS, Passage
from linernotes.words.text_finding import Finding

_TEMPO_CLASSES: Mapping[str, str] = {
    "slow": "slow",
    "medium tempo": "medium",
    "fast": "fast",
    "uptempo": "fast",
    "slow to medium": "slow to medium",
    "medium to uptempo": "medium to fast",
}
_SPOKEN = "speech"
_SILENT_ABOUT_VOICE = frozenset({"crowd", "laughter"})
_GENDERS: Mapping[str, str] = {"male voice": "male", "female voice": "female"}
_PLAIN, _PARTIAL, _WEAK = 0.95, 0.75, 0.6
"""Confidence of a plain term, of an adjective that may speak of one sound only, and of an indirect wording."""


def find_terms(passage: Passage) -> Iterator[Finding]:
    """Every term that is meant musically where it stands."""
    for figure in find_figures(passage.text):
        if figure.name == "metre" and not figure.value.startswith("1/"):  # one half is no metre
            yield Finding(figure.start, figure.end, (("metre", figure.value),), _PLAIN)
    reader = _Terms(passage)
    for mention in passage.mentions:
        yield from reader.findings(mention)
    yield from reader.without()


class _Terms:
    """Judges each mention by its surroundings."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.words = passage.words
        self.grammar = load_grammar()
        self.contexts = load_contexts()
        self.lexicon = load_reading_lexicon()
        self.begins_at = {mention.first_token: mention for mention in passage.mentions}
        self.kind_at = {
            index: mention.terms[0].kind
            for mention in passage.mentions
            for index in range(mention.first_token, mention.first_token + len(mention.tokens))
        }

    def findings(self, mention: Mention) -> Iterator[Finding]:
        """What one mention says, if it is meant musically."""
        term = mention.terms[0]
        last = mention.first_token + len(mention.tokens) - 1
        if not all(self._holds(context, mention) for context in self.contexts.get(mention.tokens, ())):
            return
        ending = self._ending(last)
        if ending in self.grammar["like"] and term.kind in ("instrument", "voice", "tempo"):
            return
        confidence = _WEAK if ending in self.grammar["like"] else _PLAIN
        denied = ending in self.grammar["less"]
        if term.kind == "voice":
            yield from self._voice(mention, denied)
        elif term.kind == "tempo":
            yield from self._tempo(mention, confidence)
        elif term.kind in ("instrument", "genre", "mood", "metre"):
            if term.kind == "mood" and self.kind_at.get(last + 1) == "instrument":
                confidence = min(confidence, _PARTIAL)
            yield Finding(mention.start, mention.end, ((term.kind, term.name),), confidence, denied)

    def _ending(self, last: int) -> str:
        """The word that a hyphen ties to token `last` ("drum-like", "brass sounding"), or ""."""
        if last + 1 == len(self.words):
            return ""
        word, gap = self.words[last + 1], self.passage.gap(last)
        return word if (gap.strip(" ") == "-" and not gap.endswith(" ")) or word == "sounding" else ""

    def _tempo(self, mention: Mention, confidence: float) -> Iterator[Finding]:
        term, last = mention.terms[0], mention.first_token + len(mention.tokens) - 1
        if term.name == "upbeat":
            yield Finding(mention.start, mention.end, (("mood", "upbeat"),), confidence)
        if term.name not in _TEMPO_CLASSES:
            return
        if len(mention.tokens) == 1 and self.kind_at.get(last + 1) == "instrument":
            confidence = _WEAK
        yield Finding(mention.start, mention.end, (("tempo", _TEMPO_CLASSES[term.name]),), confidence)

    def _voice(self, mention: Mention, denied: bool) -> Iterator[Finding]:
        term = mention.terms[0]
        if term.name == "instrumental":
            by_negation = self.grammar["negation"].length_at(self.words, mention.first_token) > 0
            yield Finding(mention.start, mention.end, (("voice", "sung"),), _PLAIN, True, not by_negation)
            return
        if term.name in _SILENT_ABOUT_VOICE or self._is_sound_of_instrument(mention):
            return
        is_person = len(mention.tokens) == 1 and mention.tokens[0] in self.grammar["person"]
        if is_person and not self._sings(mention):
            return
        yield self._voiced(term, mention, denied)

    def _voiced(self, term: Term, mention: Mention, denied: bool) -> Finding:
        """A voice as presence and gender; denying a special one ("no male singer") leaves the others open."""
        gender = next((_GENDERS[name] for name in self.lexicon.licensed(term.name) if name in _GENDERS), None)
        presence = ("voice", "spoken" if self._is_spoken(term, mention) else "sung")
        if gender is not None:
            values: tuple[tuple[str, str], ...] = (("singer_gender", gender),)
            return Finding(mention.start, mention.end, values, _PLAIN, denied, only_stated=(presence,))
        if term.name in ("voice", _SPOKEN, "vocal"):
            return Finding(mention.start, mention.end, (presence,), _PLAIN, denied)
        return Finding(mention.start, mention.end, (), _PLAIN, denied, only_stated=(presence,))

    def _is_spoken(self, term: Term, mention: Mention) -> bool:
        """Speech, or a person of whom the sentence says nothing but that they speak."""
        if term.name == _SPOKEN:
            return True
        names = {
            other.terms[0].name
            for other in self._in_sentence(mention)
            if other.terms[0].kind == "voice" and other.terms[0].name not in _GENDERS
        }
        return _SPOKEN in names and names <= {_SPOKEN} | _SILENT_ABOUT_VOICE

    def _in_sentence(self, mention: Mention) -> Iterator[Mention]:
        reach = self.passage.sentence(mention.first_token)
        return (self.begins_at[index] for index in reach if index in self.begins_at)

    def _sings(self, mention: Mention) -> bool:
        """Whether a man, woman, he or she sings or speaks: the sentence has a voice, and they play nothing."""
        index = mention.first_token
        after = self.words[index + 1 : index + 3]
        if (
            any(word in self.grammar["plays"] for word in after)
            or self.kind_at.get(index + 1) == "instrument"
        ):
            return False
        reach = self.passage.sentence(index)
        if any(self.words[k] in self.grammar["vocal cue"] for k in reach):
            return True
        return any(
            other.terms[0].kind == "voice" and other.tokens[0] not in self.grammar["person"]
            for other in self._in_sentence(mention)
        )

    def _is_sound_of_instrument(self, mention: Mention) -> bool:
        """Whether it is an instrument that "sings" or "screams": its name stands just before."""
        index = mention.first_token
        verb = mention.tokens[-1].endswith(("s", "ing")) and mention.terms[0].name in (
            "voice",
            "scream",
            "whisper",
        )
        nouns = ("vocals", "voices", "vocalists", "singers", "singing")
        return (
            verb
            and mention.tokens[-1] not in nouns
            and self.kind_at.get(index - 1) == "instrument"
            and not self.passage.gap(index - 1).strip()
        )

    def without(self) -> Iterator[Finding]:
        """Words that deny by their ending: "drumless", "beatless"."""
        for index, token in enumerate(self.passage.tokens):
            if token.text.endswith("less") and index not in self.kind_at:
                for term in self.lexicon.terms(token.text.removesuffix("less"))[:1]:
                    value = {"instrument": ("instrument", term.name), "voice": ("voice", "sung")}.get(
                        term.kind
                    )
                    if value is not None:
                        yield Finding(token.start, token.end, (value,), _PLAIN, True, False)

    def _holds(self, context: Context, mention: Mention) -> bool:
        """Whether one condition on the surroundings of an ambiguous spelling holds."""
        first, last = mention.first_token, mention.first_token + len(mention.tokens) - 1
        if context.rule == "never":
            return False
        if context.rule == "unless before":
            return not self._any_of(context, self._after(last, 2))
        if context.rule == "unless after":
            return not self._any_of(context, self._before(first, 1))
        if context.rule == "only near":
            return self._any_of(context, [*self._before(first, 3), *self._after(last, 3)])
        if context.rule == "genre sense":
            return self._is_genre(first, last)
        raise ValueError(f"contexts.tsv has an unknown rule {context.rule!r}")

    def _any_of(self, context: Context, indices: list[int]) -> bool:
        return any(
            self.words[index] in context.words or f"<{self.kind_at.get(index)}>" in context.words
            for index in indices
        )

    def _is_genre(self, first: int, last: int) -> bool:
        """A word such as house or soul names a genre beside music, other genres or a mood, or all on its own."""
        after, before = self._after(last, 2), self._before(first, 2)
        if any(self.words[index] in self.grammar["music"] for index in after):
            return True
        if any(
            self.kind_at.get(index) == "genre" for index in [*self._after(last, 3), *self._before(first, 3)]
        ):
            return True
        if before and self.kind_at.get(before[0]) in ("mood", "tempo"):
            return True
        alone_after = not after
        return alone_after and (not before or self.words[before[0]] in self.grammar["genre before"])

    def _before(self, first: int, count: int) -> list[int]:
        """Up to `count` tokens before `first` with no mark between, nearest first."""
        found: list[int] = []
        for index in range(first - 1, max(-1, first - 1 - count), -1):
            if self._parts(index):
                break
            found.append(index)
        return found

    def _after(self, last: int, count: int) -> list[int]:
        found: list[int] = []
        for index in range(last + 1, min(len(self.words), last + 1 + count)):
            if self._parts(index - 1):
                break
            found.append(index)
        return found

    def _parts(self, index: int) -> bool:
        gap = self.passage.gap(index)
        return STOPS.search(gap) is not None or "," in gap
