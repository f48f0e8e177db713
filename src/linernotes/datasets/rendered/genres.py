"""Templates of genres: what instruments play which patterns over which progressions, how fast and in what metre.

Programs are those of General MIDI, counted from 0. Numerals count degrees from the major scale in either mode.
"""

from __future__ import annotations

from dataclasses import dataclass

Weighted = tuple[tuple[str, float], ...]

INSTRUMENTS: dict[str, tuple[int, ...]] = {
    "piano": (0, 1),
    "electric piano": (4, 5),
    "organ": (16, 18),
    "accordion": (21,),
    "harmonica": (22,),
    "acoustic guitar": (24, 25),
    "electric guitar": (26, 27),
    "distorted electric guitar": (29, 30),
    "double bass": (32,),
    "electric bass": (33, 34, 35),
    "synth bass": (38, 39),
    "violin": (40,),
    "cello": (42,),
    "strings": (48, 49),
    "harp": (46,),
    "trumpet": (56,),
    "trombone": (57,),
    "brass": (61,),
    "saxophone": (65, 66),
    "clarinet": (71,),
    "flute": (73,),
    "synthesizer lead": (80, 81),
    "synthesizer pad": (88, 89, 90),
    "banjo": (105,),
    "vibraphone": (11,),
}
"""General MIDI programs by the plain name of the instrument."""

POP_MAJOR = (
    "I V vi IV",
    "I vi IV V",
    "vi IV I V",
    "I IV vi V",
    "I iii IV V",
    "IV I V vi",
    "I IV I V",
    "I ii IV V",
)
POP_MINOR = (
    "i bVI bIII bVII",
    "i bVII bVI bVII",
    "i iv bVI V",
    "i bVI iv V",
    "i iv bVII bIII",
    "i bIII bVII iv",
)
ROCK_MAJOR = ("I bVII IV I", "I IV V IV", "I V IV IV", "I IV I V", "I bIII IV I", "vi IV I V")
ROCK_MINOR = ("i bVII bVI bVII", "i bVI bVII i", "i bIII bVII IV", "i iv i V", "i bVII IV i")
CLASSICAL_MAJOR = ("I IV V I", "I vi ii V", "I V vi iii IV I ii V", "I ii V I", "I IV viidim iii vi ii V I")
CLASSICAL_MINOR = ("i iv V i", "i bVI iidim V", "i V i iv", "i iv bVII bIII bVI iidim V i", "i bVI bIII V")
JAZZ_MAJOR = ("ii V I vi", "I vi ii V", "iii VI7 ii V", "I IV iii VI7 ii V I I", "ii V I IV")
JAZZ_MINOR = ("iidim V i i", "i iv bVII bIII bVI iidim V i", "i bVI iidim V", "i i iv V")
FOLK_MAJOR = ("I IV I V", "I V I IV", "I IV V I", "I vi IV V", "I I IV V", "I bVII I V")
FOLK_MINOR = ("i bVII i V", "i bVII bVI V", "i IV i bVII", "i iv i V", "i bIII bVII i")
BLUES_MAJOR = ("I7 I7 IV7 I7", "IV7 IV7 I7 I7", "V7 IV7 I7 V7", "I7 IV7 I7 V7")
BLUES_MINOR = ("i i iv i", "iv iv i i", "bVI V i V", "i iv i V")


@dataclass(frozen=True, slots=True)
class Genre:
    """One template; instruments are names of `INSTRUMENTS`, patterns those of `accompaniment` and `percussion`."""

    name: str
    tempo_bpm: tuple[float, float]
    major: tuple[str, ...]
    minor: tuple[str, ...]
    comping: tuple[str, ...]
    comping_patterns: tuple[str, ...]
    bass: tuple[str, ...]
    bass_patterns: tuple[str, ...]
    melody: tuple[str, ...]
    pads: tuple[str, ...] = ()
    drums: tuple[str, ...] = ()
    metres: Weighted = (("4/4", 1.0),)
    minor_share: float = 0.4
    seventh_share: float = 0.15
    inversion_share: float = 0.12
    borrowed_share: float = 0.04
    secondary_share: float = 0.04
    swing: float = 0.5
    rubato: float = 0.0
    drums_share: float = 1.0
    chords_a_bar: tuple[tuple[float, float], ...] = ((1.0, 0.75), (2.0, 0.15), (0.5, 0.1))
    form: str = "song"


# A table, kept as one: a template a paragraph.
# fmt: off
GENRES: tuple[Genre, ...] = (
    Genre(
        "rock", (100, 165), ROCK_MAJOR, ROCK_MINOR,
        ("distorted electric guitar", "electric guitar"), ("power", "eighths"), ("electric bass",),
        ("eighths", "root"),
        ("electric guitar", "distorted electric guitar", "organ"), ("organ", "piano"),
        ("rock", "rock busy"),
    ),
    Genre(
        "pop", (88, 132), POP_MAJOR, POP_MINOR,
        ("piano", "acoustic guitar", "electric piano", "electric guitar"),
        ("beats", "syncopated", "eighths"),
        ("electric bass", "synth bass"), ("root", "eighths", "syncopated"),
        ("synthesizer lead", "flute", "piano", "saxophone"), ("synthesizer pad", "strings"),
        ("pop", "rock", "four on the floor"),
    ),
    Genre(
        "folk", (80, 140), FOLK_MAJOR, FOLK_MINOR,
        ("acoustic guitar", "banjo", "accordion"), ("arpeggio", "strum", "boom-chick"),
        ("double bass",), ("root-fifth", "root"), ("violin", "flute", "harmonica", "acoustic guitar"),
        metres=(("4/4", 0.5), ("3/4", 0.2), ("6/8", 0.3)), seventh_share=0.06, drums=("shaker",),
        drums_share=0.25,
    ),
    Genre(
        "jazz", (90, 180), JAZZ_MAJOR, JAZZ_MINOR,
        ("piano", "electric piano", "vibraphone"), ("charleston", "beats"), ("double bass",), ("walking",),
        ("saxophone", "trumpet", "clarinet", "piano"), drums=("swing",), seventh_share=0.9,
        inversion_share=0.06,
        secondary_share=0.1, swing=0.64, chords_a_bar=((1.0, 0.6), (2.0, 0.4)), form="letters",
    ),
    Genre(
        "bossa nova", (110, 150), JAZZ_MAJOR, JAZZ_MINOR,
        ("acoustic guitar", "piano"), ("syncopated", "charleston"), ("double bass",), ("root-fifth",),
        ("flute", "saxophone", "trumpet"), drums=("bossa",), seventh_share=0.8, inversion_share=0.1,
        form="letters",
    ),
    Genre(
        "classical strings", (66, 120), CLASSICAL_MAJOR, CLASSICAL_MINOR,
        ("strings",), ("sustain", "beats"), ("cello", "double bass"), ("root", "root-fifth"),
        ("violin",), ("strings",),
        metres=(("4/4", 0.6), ("3/4", 0.4)), inversion_share=0.3, rubato=0.02, seventh_share=0.2,
        secondary_share=0.08,
        chords_a_bar=((1.0, 0.7), (2.0, 0.3)), form="letters",
    ),
    Genre(
        "solo piano", (60, 120), CLASSICAL_MAJOR + POP_MAJOR[:4], CLASSICAL_MINOR + POP_MINOR[:3],
        ("piano",), ("arpeggio", "boom-chick", "broken"), (), ("root",), ("piano",),
        metres=(("4/4", 0.6), ("3/4", 0.25), ("6/8", 0.15)), inversion_share=0.25, rubato=0.02,
        seventh_share=0.2,
        form="letters",
    ),
    Genre(
        "electronic", (118, 140), POP_MAJOR, POP_MINOR,
        ("synthesizer lead", "electric piano"), ("offbeats", "arpeggio", "syncopated"), ("synth bass",),
        ("offbeats", "eighths"), ("synthesizer lead",), ("synthesizer pad",), ("four on the floor",),
        minor_share=0.65,
        chords_a_bar=((1.0, 0.7), (0.5, 0.3)),
    ),
    Genre(
        "metal", (120, 180), ROCK_MAJOR, (*ROCK_MINOR, "i bVI bVII V", "i bII i bVII"),
        ("distorted electric guitar",), ("power", "gallop"), ("electric bass",), ("eighths",),
        ("distorted electric guitar",), ("distorted electric guitar", "strings"), ("metal",),
        minor_share=0.85,
        seventh_share=0.0, inversion_share=0.05, chords_a_bar=((1.0, 0.8), (0.5, 0.2)),
    ),
    Genre(
        "ballad", (60, 88), (*POP_MAJOR, "I V vi iii IV I ii V"), POP_MINOR,
        ("piano", "electric piano", "acoustic guitar"), ("arpeggio", "beats", "broken"),
        ("electric bass",), ("root", "root-fifth"),
        ("saxophone", "violin", "electric guitar", "flute"), ("strings",), ("ballad",),
        metres=(("4/4", 0.8), ("6/8", 0.2)),
        inversion_share=0.25, seventh_share=0.3, borrowed_share=0.08, drums_share=0.8,
    ),
    Genre(
        "waltz", (90, 180), CLASSICAL_MAJOR + FOLK_MAJOR, CLASSICAL_MINOR + FOLK_MINOR,
        ("accordion", "piano", "strings", "acoustic guitar"), ("boom-chick",), ("double bass", "cello"),
        ("root",),
        ("violin", "clarinet", "accordion", "flute"), metres=(("3/4", 1.0),), drums=("waltz",),
        drums_share=0.4,
        inversion_share=0.18, chords_a_bar=((1.0, 0.8), (0.5, 0.2)), form="letters",
    ),
    Genre(
        "blues", (70, 130), BLUES_MAJOR, BLUES_MINOR,
        ("piano", "electric guitar", "organ"), ("beats", "charleston"), ("electric bass", "double bass"),
        ("walking", "eighths"),
        ("harmonica", "electric guitar", "saxophone"), drums=("shuffle",), swing=0.65, minor_share=0.25,
        seventh_share=0.4,
        inversion_share=0.04, metres=(("4/4", 0.85), ("6/8", 0.15)),
    ),
    Genre(
        "reggae", (66, 96), POP_MAJOR + FOLK_MAJOR, POP_MINOR,
        ("electric guitar", "organ"), ("offbeats",), ("electric bass",), ("syncopated",),
        ("trombone", "saxophone", "organ"),
        ("organ",), ("one drop",), seventh_share=0.1,
    ),
    Genre(
        "hip hop", (74, 104), POP_MAJOR, POP_MINOR, ("electric piano", "piano", "harp"),
        ("beats", "broken", "syncopated"),
        ("synth bass", "electric bass"), ("syncopated", "root"),
        ("flute", "vibraphone", "synthesizer lead"), ("strings",),
        ("hip hop",), minor_share=0.7, seventh_share=0.35, swing=0.55,
        chords_a_bar=((1.0, 0.6), (0.5, 0.4)),
    ),
    Genre(
        "country", (90, 150), FOLK_MAJOR + POP_MAJOR[:2], FOLK_MINOR, ("acoustic guitar", "banjo", "piano"),
        ("boom-chick", "strum"), ("double bass", "electric bass"), ("root-fifth",),
        ("violin", "harmonica", "electric guitar"),
        drums=("train",), minor_share=0.2, secondary_share=0.08, seventh_share=0.12,
    ),
    Genre(
        "orchestral", (70, 140), CLASSICAL_MAJOR + POP_MAJOR[:3], CLASSICAL_MINOR + POP_MINOR,
        ("strings", "brass", "harp"),
        ("sustain", "broken", "beats"), ("cello", "double bass"), ("root", "eighths"),
        ("trumpet", "violin", "flute"),
        ("strings",), ("timpani",), metres=(("4/4", 0.7), ("6/8", 0.15), ("3/4", 0.15)),
        inversion_share=0.2,
        borrowed_share=0.08, minor_share=0.55, drums_share=0.5, rubato=0.01,
    ),
)
# fmt: on
