"""What measured facts give a writer to say: content items with a role, words, a hedge and their evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from linernotes.clip import Fact
from linernotes.words.lexicon import load_lexicon
from linernotes.writers.composer.grammar import spoken_key

_SECTION_ID = re.compile(r"([A-Za-z]*\d+)/")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From `sure` on a fact is stated, from `likely` on it is hedged, below it is passed over."""

    sure: float = 0.75
    likely: float = 0.5


THRESHOLDS: Mapping[str, Thresholds] = {
    "content": Thresholds(0.8, 0.5),
    "tempo": Thresholds(0.65, 0.4),
    "key": Thresholds(0.65, 0.4),
    "metre": Thresholds(0.7, 0.7),
    "chord_loop": Thresholds(0.65, 0.65),
    "dynamics": Thresholds(0.6, 0.6),
    "level": Thresholds(0.6, 0.6),
    "tempo_change": Thresholds(0.6, 0.6),
    "brightness": Thresholds(0.6, 0.6),
    "loudness_range": Thresholds(0.6, 0.6),
    "section": Thresholds(0.5, 0.5),
}
"""Where a name has equal thresholds it is never hedged: what describes manner is said plainly or not at all."""
DEFAULT_THRESHOLDS = Thresholds()

DARK_BELOW_HZ, BRIGHT_ABOVE_HZ = 1100.0, 3000.0
NARROW_BELOW_LU, WIDE_ABOVE_LU = 4.0, 12.0
SLOW_BELOW_BPM, FAST_ABOVE_BPM = 80.0, 132.0
DETUNED_ABOVE_CENTS = 20.0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to say: `text` is its plainest wording, `sure` decides between "is" and "sounds like"."""

    role: str
    text: str
    sure: bool
    confidence: float
    fact_ids: tuple[str, ...]
    amount: float = 0.0
    start_s: float = 0.0
    end_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Content:
    """Everything sayable of one recording or section, by role, surest first."""

    by_role: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)

    def all(self, role: str) -> tuple[Item, ...]:
        """The items of a role, surest first."""
        return self.by_role.get(role, ())

    def one(self, role: str) -> Item | None:
        """The surest item of a role."""
        return next(iter(self.all(role)), None)


def measured_content(facts: Iterable[Fact]) -> Content:
    """Sayable items of measured facts; what is too uncertain or says nothing (`unsure`) is left out."""
    by_role: dict[str, dict[str, Item]] = {}
    for fact in facts:
        item = _item(fact)
        if item is None:
            continue
        same_role = by_role.setdefault(item.role, {})
        is_apart = item.role == "section" or item.role in _MEASURES
        key = fact.id if is_apart else item.text
        same_role[key] = _merged(same_role.get(key), item)
    ordered = {role: _ordered(role, list(items.values())) for role, items in by_role.items()}
    return Content(_consistent(ordered))


def _merged(known: Item | None, item: Item) -> Item:
    """Two facts that say the same make one item with the evidence of both."""
    if known is None:
        return item
    best = known if known.confidence >= item.confidence else item
    ids = tuple(dict.fromkeys(known.fact_ids + item.fact_ids))
    return Item(item.role, item.text, best.sure, best.confidence, ids, best.amount, best.start_s, best.end_s)


def _ordered(role: str, items: list[Item]) -> tuple[Item, ...]:
    if role == "section":
        return tuple(sorted(items, key=lambda item: item.start_s))
    return tuple(sorted(items, key=lambda item: (-item.confidence, item.start_s - item.end_s)))


def _consistent(by_role: dict[str, tuple[Item, ...]]) -> dict[str, tuple[Item, ...]]:
    """Drop what other facts rule out: a singer in instrumental music, a narrow range that rises and falls."""
    voice = by_role.get("voice", ())[:1]
    if voice and voice[0].text == "instrumental":
        gender = by_role.get("singer_gender", ())
        if gender and gender[0].confidence > voice[0].confidence:
            by_role.pop("voice")
        else:
            by_role.pop("singer_gender", None)
    moves = by_role.get("dynamics", ())[:1]
    if moves and moves[0].text != "steady":
        wide = tuple(item for item in by_role.get("loudness_range", ()) if item.text != "narrow")
        by_role["loudness_range"] = wide
    by_role["instrument"] = _most_telling(by_role.get("instrument", ()))
    return by_role


def _most_telling(instruments: tuple[Item, ...]) -> tuple[Item, ...]:
    """Leave out what a sure instrument implies: a guitar need not be named beside an electric guitar."""
    if len(instruments) < 2:
        return instruments
    lexicon = load_lexicon()
    names = {item.text: {term.name for term in lexicon.terms(item.text)} for item in instruments}
    implied: set[str] = set()
    for item in instruments:
        if item.sure:
            implied.update(*(lexicon.licensed(name) - {name} for name in names[item.text]))
    return tuple(item for item in instruments if not names[item.text] & implied)


def _item(fact: Fact) -> Item | None:
    limits = THRESHOLDS.get(fact.name, DEFAULT_THRESHOLDS)
    if not fact.confidence >= limits.likely:
        return None
    text, amount = _wording(fact)
    if not text:
        return None
    return Item(
        fact.name,
        text,
        fact.confidence >= limits.sure,
        fact.confidence,
        (fact.id,),
        amount,
        fact.start_s,
        fact.end_s,
    )


def _wording(fact: Fact) -> tuple[str, float]:
    """The plainest words for a fact and its number, if it has one; no words where it says nothing."""
    amount = float(fact.value) if isinstance(fact.value, (int, float)) else 0.0
    value = " ".join(str(fact.value).split())
    if fact.name in _MEASURES:
        return _MEASURES[fact.name](amount) if isinstance(fact.value, (int, float)) else "", amount
    if fact.name in _SILENT_VALUES and value.lower() in _SILENT_VALUES[fact.name]:
        return "", 0.0
    if fact.name == "key":
        return spoken_key(value), 0.0
    if fact.name in _SAYABLE:
        return value, 0.0
    return "", 0.0


def _tempo_word(bpm: float) -> str:
    if not 20.0 <= bpm <= 400.0:
        return ""
    return "slow" if bpm < SLOW_BELOW_BPM else "fast" if bpm > FAST_ABOVE_BPM else "moderate"


def _brightness_word(centroid_hz: float) -> str:
    return "dark" if 0 < centroid_hz < DARK_BELOW_HZ else "bright" if centroid_hz > BRIGHT_ABOVE_HZ else ""


def _range_word(range_lu: float) -> str:
    return "narrow" if 0 < range_lu < NARROW_BELOW_LU else "wide" if range_lu > WIDE_ABOVE_LU else ""


def _tuning_word(cents: float) -> str:
    return "" if abs(cents) < DETUNED_ABOVE_CENTS else "sharp" if cents > 0 else "flat"


_MEASURES = {
    "tempo": _tempo_word,
    "brightness": _brightness_word,
    "loudness_range": _range_word,
    "tuning": _tuning_word,
}
_SILENT_VALUES: Mapping[str, frozenset[str]] = {
    "content": frozenset({"music", "unsure", ""}),
    "voice": frozenset({"unsure", ""}),
    "singer_gender": frozenset({"unsure", ""}),
    "key": frozenset({"n", "unsure", ""}),
    "chord_loop": frozenset({"n", ""}),
}
_SAYABLE = frozenset(
    "content voice singer_gender chord_loop metre dynamics level tempo_change instrument genre mood era "
    "section".split()
)


def rounded_bpm(item: Item) -> str:
    """The tempo as people say it: a whole number where it is sure, the nearest five where it is not."""
    return str(round(item.amount)) if item.sure else str(5 * round(item.amount / 5))


def split_sections(facts: Sequence[Fact]) -> tuple[list[Fact], dict[str, list[Fact]]]:
    """Facts of the whole recording, and those of its sections by prefix (`s2/tempo` belongs to `s2`)."""
    whole: list[Fact] = []
    sections: dict[str, list[Fact]] = {}
    for fact in facts:
        match = _SECTION_ID.match(fact.id)
        if match:
            sections.setdefault(match[1], []).append(fact)
        else:
            whole.append(fact)
    return whole, sections
