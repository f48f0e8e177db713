"""Where a caption says what its tags rule out: a singer in an instrumental, a fast tempo under `slow`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from linernotes.words.agreement import key_is, says
from linernotes.words.text_facts import TextFact, read_facts
from linernotes.words.text_keys import parse_key
from linernotes.words.text_tempo import parse_tempo

PLAIN_FROM = 0.5
"""Statements with less confidence (hedged ones, above all) are not held against a caption."""


def contradictions(text: str, tags: Iterable[str]) -> list[str]:
    """Every statement of `text` that the `tags` rule out, with the reason, in words.

    Tags that disagree with one another rule out nothing; what they are silent about may be said.
    """
    read = [_read_tag(tag) for tag in tags]
    given = [fact for tag in read for fact in tag.facts]
    found: list[str] = []
    for claim in read_facts(text).facts:
        if claim.confidence >= PLAIN_FROM and not any(tag.gives(claim, text) for tag in read):
            reason = _against(claim, given)
            if reason:
                found.append(f"{claim.quote(text)!r}: {reason}")
    return found


@dataclass(frozen=True, slots=True)
class _ReadTag:
    text: str
    facts: tuple[TextFact, ...]

    def gives(self, claim: TextFact, text: str) -> bool:
        """Whether a statement is in the tag's own words: `male` of `male bravado`, `non` of `non-tertiary`.

        The words of a tag that denies (`no voice`) are not given: they may be turned over.
        """
        if claim.negation is not None:
            return text[claim.negation[0] :].casefold().startswith(self.text)
        said = re.escape(claim.quote(text).casefold())
        return not any(fact.is_denied for fact in self.facts) and bool(
            re.search(rf"(?<!\w){said}(?!\w)", self.text)
        )


def _read_tag(tag: str) -> _ReadTag:
    """What a tag says; of `male and female singers`, also that some are male."""
    found = list(read_facts(tag).facts)
    words = set(re.findall(r"\w+", tag.lower()))
    for gender, spelt in _GENDERS.items():
        if words & spelt and not any(fact.value == gender for fact in found):
            found.append(TextFact("singer_gender", gender, 0, len(tag), False, 1.0))
    return _ReadTag(tag.casefold(), tuple(found))


def _against(claim: TextFact, given: Sequence[TextFact]) -> str:
    if any(says(claim, fact) for fact in given):
        return ""
    return _against_polarity(claim, given) or _against_value(claim, given) or _against_silence(claim, given)


def _against_polarity(claim: TextFact, given: Sequence[TextFact]) -> str:
    """Denied by the caption and stated by a tag, or the other way round."""
    if claim.is_denied:
        affirmed = replace(claim, is_denied=False)
        if any(says(affirmed, fact) for fact in given if not fact.is_denied):
            return f"the tags say {claim.value}"
        return ""
    denied = replace(claim, is_denied=True)
    if any(says(denied, fact) for fact in given if fact.is_denied):
        return f"the tags deny {claim.value}"
    return ""


def _against_value(claim: TextFact, given: Sequence[TextFact]) -> str:
    """Of two values that exclude each other, one stands in the caption and the other in the tags."""
    agrees = _EXCLUSIVE.get(claim.attribute)
    if agrees is None or claim.is_denied:
        return ""
    values = [fact.value for fact in given if fact.attribute == claim.attribute and not fact.is_denied]
    if not values or any(agrees(claim.value, value) for value in values):
        return ""
    return f"the tags say {' and '.join(dict.fromkeys(values))}"


def _against_silence(claim: TextFact, given: Sequence[TextFact]) -> str:
    """A voice of some gender where the tags say that nobody sings."""
    if claim.attribute != "singer_gender" or claim.is_denied:
        return ""
    voices = [fact for fact in given if fact.attribute == "voice"]
    is_silent = any(fact.value == "sung" and fact.is_denied for fact in voices)
    return "the tags say that nobody sings" if is_silent and all(fact.is_denied for fact in voices) else ""


def _keys_agree(one: str, other: str) -> bool:
    return key_is(parse_key(one), parse_key(other)) or key_is(parse_key(other), parse_key(one))


_GENDERS: Mapping[str, set[str]] = {
    "male": {"male", "man", "men", "boy", "boys", "males", "tenor", "baritone"},
    "female": {"female", "woman", "women", "girl", "girls", "females", "soprano"},
}
_EXCLUSIVE: Mapping[str, Callable[[str, str], bool]] = {
    "tempo": lambda one, other: parse_tempo(one).agrees(parse_tempo(other)),
    "key": _keys_agree,
    "metre": lambda one, other: one == other,
    "singer_gender": lambda one, other: one == other,
}
"""Attributes of which a piece mostly has one value -> whether two values may be one."""
