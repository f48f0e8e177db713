"""A small, complete `Notes` that export tests share."""

from __future__ import annotations

from linernotes.clip import AudioInfo, Caption, Claim, Fact, Licence, Notes, Producer, Section

TEMPO = Fact("tempo", "tempo", 120.25, "BPM", 0.9, "beats", 0.0, 65.0)
KEY = Fact("key", "key", "F# minor", "", 0.8, "chroma-key", 0.0, 65.0)
PIANO = Fact("instrument:piano", "instrument", "piano", "", 0.95, "musicnn", 0.0, 65.0)
CHORD = Fact("chord:1", "chord", "F#:min", "", 0.7, "chords", 0.0, 2.0)
IN_SECTION = Fact("s1/instrument:piano", "instrument", "piano", "", 0.9, "musicnn", 0.0, 30.0)

NOTES = Notes(
    audio=AudioInfo("music/a | b\n\udcff.mp3", 65.0, 44100, "0" * 64),
    caption=Caption(
        "A piano piece at 120 BPM.", (Claim(2, 7, ("instrument:piano",)), Claim(17, 24, ("tempo",)))
    ),
    sections=(
        Section(
            0.0, 30.0, Caption("Piano | alone.", (Claim(0, 5, ("s1/instrument:piano",)),)), (IN_SECTION,), "A"
        ),
        Section(30.0, 65.0, Caption("More --> of it."), (), "B"),
    ),
    facts=(TEMPO, KEY, PIANO, CHORD),
    licences=(Licence("musicnn-mtt", "ISC", True),),
    producer=Producer("0.1.0", ("musicnn-mtt", "composer"), {"style": "short", "seed": 0}),
    warnings=("ends early",),
)
