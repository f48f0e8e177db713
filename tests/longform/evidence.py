"""A made-up song of a minute and a half whose facts are known: who plays when, one change of key."""

from __future__ import annotations

from linernotes.clip import AudioInfo, Caption, Fact, Notes, Producer, Section
from linernotes.longform.checking import Evidence, Stretch

DURATION_S = 95.5


def fact(
    identity: str, name: str, value: str | float, start_s: float, end_s: float, sure: float = 0.9
) -> Fact:
    unit = {"tempo": "BPM"}.get(name, "")
    return Fact(identity, name, value, unit, sure, "test", start_s, end_s)


def section(number: int, label: str, start_s: float, end_s: float, *heard: tuple[str, str]) -> Section:
    facts = tuple(fact(f"s{number}/{name}:{value}", name, value, start_s, end_s) for name, value in heard)
    return Section(start_s, end_s, Caption("Something."), facts, label)


SECTIONS = (
    section(1, "A", 0.0, 20.0, ("instrument", "piano"), ("voice", "instrumental"), ("level", "quieter")),
    section(2, "B", 20.0, 50.0, ("instrument", "piano"), ("instrument", "drums"), ("voice", "sung")),
    section(3, "A", 50.0, 70.0, ("instrument", "piano"), ("voice", "instrumental"), ("level", "quieter")),
    section(4, "C", 70.0, DURATION_S, ("instrument", "drums"), ("instrument", "strings"), ("voice", "sung")),
)
SPANS = tuple(
    fact(f"section:{number}", "section", part.label, part.start_s, part.end_s)
    for number, part in enumerate(SECTIONS, 1)
)
FACTS = (
    fact("tempo", "tempo", 120.0, 0.0, DURATION_S),
    fact("key", "key", "C major", 0.0, DURATION_S),
    fact("key:1", "key", "C major", 0.0, 71.0),
    fact("key:2", "key", "D major", 71.0, DURATION_S),
    fact("chord_loop", "chord_loop", "C-F-G-Am", 4.0, 60.0),
    fact("voice", "voice", "sung", 0.0, DURATION_S),
    fact("instrument:piano", "instrument", "piano", 0.0, DURATION_S),
    *SPANS,
)
EVIDENCE = Evidence(
    DURATION_S,
    FACTS,
    tuple(Stretch(part.start_s, part.end_s, part.facts) for part in SECTIONS),
    frozenset({0.0, 20.0, 50.0, 70.0, 71.0, DURATION_S}),
)
NOTES = Notes(
    AudioInfo("song.wav", DURATION_S, 44_100, "0" * 64),
    Caption("A song with piano."),
    SECTIONS,
    FACTS,
    (),
    Producer("0", (), {}),
)
TRUE = (
    "This song with piano runs at 120 BPM in C major and circles through C-F-G-Am. At 0:20 drums come in and a "
    "voice starts to sing. At 0:50 the piano is instrumental again. From 1:10 on strings join the drums, and the "
    "key is D major."
)
