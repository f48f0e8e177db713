"""What changes at the borders of a recording's sections, and how much each change matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from linernotes.clip import Fact, Section
from linernotes.export import clock
from linernotes.features.harmony.pitch_names import progression_name
from linernotes.words.text_chords import loops_agree
from linernotes.words.text_keys import parse_key
from linernotes.writers.composer.content import Content, Item, measured_content, rounded_bpm
from linernotes.writers.composer.phrase import Phrase, listed, plain, said

MOST_CHORDS, SURE_OF_A_CHORD = 4, 0.5
ALIKE, MOSTLY = 0.5, 0.6
"""A section stays on the chords held at least half as long as the longest, if they fill this share of it."""
NEAR_S: Mapping[str, float] = {"key": 12.0, "tempo": 5.0}
"""A change of key or tempo this close to a section's border is told there; keys are found in windows of 20 s."""
DETAIL = 0.5
"""Weight of what is told only where there is room, or little else to tell."""
SAME_TEMPO = 0.06
SHORTEST_FOR_A_KEY_S = 15.0
COUNTED_OTHERWISE = (1.0, 0.5, 2 / 3, 1.5, 2.0, 3.0, 1 / 3)
"""Ratios of tempi that may be one pulse, counted otherwise."""
_GENDERS = {"male": "a man", "female": "a woman", "mixed": "men and women"}


@dataclass(frozen=True, slots=True)
class Change:
    """Something to say: a clause of its own, or what "it" does; `weight` is how much it matters."""

    weight: float
    phrase: Phrase
    is_clause: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A point of time with everything that changes there."""

    time_s: float
    changes: tuple[Change, ...]

    @property
    def weight(self) -> float:
        """How much the turn matters beside others."""
        return sum(change.weight for change in self.changes)


@dataclass(slots=True)
class _Heard:
    """What the listener knows so far."""

    players: dict[str, Item] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    sings: bool = False
    key: str = ""
    bpm: float = 0.0
    last_bpm: float = 0.0
    level: str = ""
    was_usual: bool = False
    loop: str = ""
    chords: set[str] = field(default_factory=set)
    moods: set[str] = field(default_factory=set)
    began_s: dict[str, float] = field(default_factory=dict)


def turns(facts: Sequence[Fact], sections: Sequence[Section]) -> list[Turn]:
    """The turns of a recording in order of time, the first at its beginning; `facts` are those of the whole."""
    whole = measured_content(fact for fact in facts if not is_of_a_span(fact))
    heard = _Heard(sings=_sings(whole) is not None, moods={item.text for item in whole.all("mood")})
    if whole.one("key"):
        heard.key = _surest([fact for fact in facts if not is_of_a_span(fact)], "key")
    if tempo := whole.one("tempo"):
        heard.bpm = tempo.amount
    if loop := whole.one("chord_loop"):
        heard.loop = loop.text
    keys, tempi = _spans(facts, "key"), _spans(facts, "tempo")
    found: dict[float, list[Change]] = {}
    for number, section in enumerate(sections):
        content = measured_content(section.facts)
        changes = _first(content, heard, whole) if number == 0 else _changes(section, content, heard)
        sound = _sound(content, heard)
        is_told = sound or (number == 0 and heard.loop)
        changes += sound if is_told else _chords(section, heard, facts)
        changes += [] if keys else _key(section, content, heard)
        changes += [] if tempi else _tempo(content, heard)
        found[section.start_s] = changes
        heard.began_s.setdefault(section.label, section.start_s)
    for span in (*keys, *tempi):
        near = min(found, key=lambda time_s: abs(time_s - span.start_s), default=span.start_s)
        time_s = near if abs(near - span.start_s) <= NEAR_S[span.name] else span.start_s
        found.setdefault(time_s, []).extend(_of_span(span, heard))
    return [Turn(time_s, tuple(found[time_s])) for time_s in sorted(found)]


def is_of_a_span(fact: Fact) -> bool:
    """Whether this is the key or tempo of a stretch (`key:2`), not of the whole recording."""
    return fact.name in ("key", "tempo") and ":" in fact.id


def _spans(facts: Sequence[Fact], name: str) -> list[Fact]:
    spans = [fact for fact in facts if fact.name == name and is_of_a_span(fact)]
    return sorted(spans, key=lambda fact: fact.start_s)


def _sings(content: Content) -> Item | None:
    voice = content.one("voice")
    return voice if voice and voice.sure and voice.text == "sung" else None


def _sure(content: Content, role: str) -> list[Item]:
    return [item for item in content.all(role) if item.sure]


def _first(content: Content, heard: _Heard, whole: Content) -> list[Change]:
    """How it opens: with whom, and, of a song, that nobody sings yet."""
    changes = []
    players = _sure(content, "instrument")
    heard.players = {item.text: item for item in players}
    heard.ever = set(heard.players)
    if players and set(heard.players) != {item.text for item in _sure(whole, "instrument")}:
        changes.append(Change(2.0, plain("opens with ") + _named(players)))
    voice = content.one("voice")
    if heard.sings and voice and voice.sure and voice.text == "instrumental":
        changes.append(Change(2.0, plain("starts as an ") + said("instrumental", voice.fact_ids)))
        heard.sings = False
    level = item.text if (item := content.one("level")) else ""
    return changes + _level(content, heard, level, began=False)


def _changes(section: Section, content: Content, heard: _Heard) -> list[Change]:
    """What comes, goes and returns at a section's border."""
    if silence := next((item for item in content.all("content") if item.text == "silence"), None):
        heard.players, heard.sings = {}, False
        return [Change(4.0, plain("there is only ") + said("silence", silence.fact_ids), is_clause=True)]
    changes = []
    if section.label in heard.began_s:
        when = clock(heard.began_s[section.label])
        changes.append(Change(1.0, plain(f"the music of {when} returns"), is_clause=True))
    changes += _voice(content, heard) + _players(content, heard)
    level = item.text if (item := content.one("level")) else ""
    return changes + _level(content, heard, level)


def _voice(content: Content, heard: _Heard) -> list[Change]:
    voice, sung = content.one("voice"), _sings(content)
    if sung and not heard.sings:
        heard.sings = True
        gender = next((item for item in _sure(content, "singer_gender") if item.text in _GENDERS), None)
        who = said(_GENDERS[gender.text], gender.fact_ids) if gender else said("a voice", sung.fact_ids)
        verb = " start" if gender and gender.text == "mixed" else " starts"
        phrase = who + plain(verb + " to ") + said("sing", sung.fact_ids)
        return [Change(3.0, phrase, is_clause=True)]
    if heard.sings and voice and voice.sure and voice.text == "instrumental":
        heard.sings = False
        return [
            Change(3.0, plain("it goes on as an ") + said("instrumental", voice.fact_ids), is_clause=True)
        ]
    return []


def _players(content: Content, heard: _Heard) -> list[Change]:
    """Who comes in. Who falls silent is not told: that a detector finds nothing proves little."""
    now = {item.text: item for item in _sure(content, "instrument")}
    fresh = [item for name, item in now.items() if name not in heard.players]
    new = [item for item in fresh if item.text not in heard.ever]
    back = [item for item in fresh if item.text in heard.ever]
    changes = []
    if new:
        changes.append(Change(2.5, _named(new) + plain(_verb(new, " come in", " comes in")), is_clause=True))
    if back:
        changes.append(
            Change(1.5, _named(back) + plain(_verb(back, " are back", " is back")), is_clause=True)
        )
    present = {item.text for item in content.all("instrument")}
    heard.players = now | {name: item for name, item in heard.players.items() if name in present}
    heard.ever |= set(now)
    return changes


def _level(content: Content, heard: _Heard, now: str, *, began: bool = True) -> list[Change]:
    before, heard.level = heard.level, now
    if now and now != before:
        item = content.one("level")
        assert item is not None
        verb = "is " if began else "begins "
        return [Change(1.5, plain(verb) + said(f"{now} than the rest", item.fact_ids))]
    was_usual, heard.was_usual = heard.was_usual, heard.was_usual or not now
    if before and not now:
        return [Change(1.0, plain("is back at its usual level" if was_usual else "reaches its usual level"))]
    return []


def _sound(content: Content, heard: _Heard) -> list[Change]:
    """Chord loop, mood and how the volume moves within the section."""
    changes = []
    loop = content.one("chord_loop")
    if loop and loop.sure and not (heard.loop and loops_agree(loop.text, heard.loop)):
        heard.loop = loop.text
        changes.append(Change(1.5, plain("circles through the chords ") + said(loop.text, loop.fact_ids)))
    moods = [item for item in _sure(content, "mood") if item.text not in heard.moods]
    if moods:
        heard.moods |= {item.text for item in moods}
        changes.append(Change(1.0, plain("turns ") + _named(moods)))
    moves = content.one("dynamics")
    words = {"building": "the volume builds", "fading": "the volume fades"}
    if moves and moves.sure and moves.text in words:
        changes.append(Change(1.5, said(words[moves.text], moves.fact_ids), is_clause=True))
    return changes


def _chords(section: Section, heard: _Heard, facts: Sequence[Fact]) -> list[Change]:
    """The chords that are held longest in a section, where they are not those of the section before."""
    held: dict[str, float] = {}
    ids: dict[str, list[str]] = {}
    for fact in facts:
        seconds = min(fact.end_s, section.end_s) - max(fact.start_s, section.start_s)
        if fact.name == "chord" and fact.confidence >= SURE_OF_A_CHORD and fact.value != "N" and seconds > 0:
            name = progression_name([str(fact.value).split("/")[0]])
            held[name] = held.get(name, 0.0) + seconds
            ids.setdefault(name, []).append(fact.id)
    longest = sorted(held, key=lambda name: -held[name])
    most = [name for name in longest if held[name] >= ALIKE * held[longest[0]]]
    share = sum(held[name] for name in most) / (section.end_s - section.start_s)
    if not most or len(most) > MOST_CHORDS or share < MOSTLY or set(most) == heard.chords:
        return []
    heard.chords = set(most)
    named = listed([said(name, ids[name]) for name in most])
    return [Change(DETAIL, plain("stays mostly on ") + named + plain(" chords"))]


def _key(section: Section, content: Content, heard: _Heard) -> list[Change]:
    """A key that a section of some length has by itself; relatives share their notes and are not told apart."""
    key = content.one("key")
    if key is None or not key.sure or section.end_s - section.start_s < SHORTEST_FOR_A_KEY_S:
        return []
    name = _surest(section.facts, "key")
    if name == heard.key or (heard.key and _are_relatives(name, heard.key)):
        return []
    verb = "moves to " if heard.key else "is in "
    heard.key = name
    return [Change(3.0, plain(verb) + said(key.text, key.fact_ids))]


def _surest(facts: Sequence[Fact], name: str) -> str:
    return str(max((fact for fact in facts if fact.name == name), key=lambda fact: fact.confidence).value)


def _are_relatives(one: str, other: str) -> bool:
    first, second = parse_key(one), parse_key(other)
    if first.tonic is None or second.tonic is None or first.mode == second.mode:
        return False
    major, minor = (first, second) if first.mode == "major" else (second, first)
    return (major.tonic or 0) == ((minor.tonic or 0) + 3) % 12


def _tempo(content: Content, heard: _Heard) -> list[Change]:
    tempo = content.one("tempo")
    changes = _new_tempo(tempo, heard) if tempo and tempo.sure else []
    heard.last_bpm = tempo.amount if tempo else 0.0
    return changes


def _new_tempo(tempo: Item, heard: _Heard) -> list[Change]:
    """A tempo unlike the one before; what is only counted otherwise (half, double, triplets) is the same."""
    before, now = heard.bpm, tempo.amount
    if before and any(abs(now / (before * ratio) - 1) < SAME_TEMPO for ratio in COUNTED_OTHERWISE):
        return []
    heard.bpm = now
    figure = said(f"{rounded_bpm(tempo)} BPM", tempo.fact_ids)
    if not before or not heard.began_s:
        return [Change(2.0, plain("moves at about ") + figure)]
    verb = "is now" if not _is_same(heard.last_bpm, before) else "rises to" if now > before else "drops to"
    return [Change(2.5, plain(f"the tempo {verb} about ") + figure, is_clause=True)]


def _is_same(one_bpm: float, other_bpm: float) -> bool:
    return abs(one_bpm / other_bpm - 1) < SAME_TEMPO


def _of_span(span: Fact, heard: _Heard) -> list[Change]:
    """A key or tempo that holds for a stretch of the recording."""
    item = measured_content([span]).one(span.name)
    if item is None:
        return []
    if span.name == "tempo":
        changes = _new_tempo(item, heard)
        heard.last_bpm = item.amount
        return changes
    is_first = span.start_s < NEAR_S["key"]
    if is_first and span.value == heard.key:
        return []
    heard.key = str(span.value)
    return [Change(3.0, plain("begins in " if is_first else "moves to ") + said(item.text, item.fact_ids))]


def _named(items: Sequence[Item]) -> Phrase:
    return listed([said(item.text, item.fact_ids) for item in items[:4]])


def _verb(items: Sequence[Item], plural: str, singular: str) -> str:
    is_one = len(items) == 1 and (not items[0].text.endswith("s") or items[0].text.endswith("ss"))
    return singular if is_one else plural
