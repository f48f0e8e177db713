"""What a value says about classes: spellings, wider classes, what stays open; the tables speak of classes only."""

import pytest

from linernotes.building.annotate import NAMED
from linernotes.building.annotate.meanings import HEADS, HOLDS, OPEN, SAME, WIDER, left_open, meaning_of
from linernotes.datasets.feature_classes import squeezed
from linernotes.datasets.rendered.clips.bands import BANDS
from linernotes.datasets.rendered.clips.orchestra import ORCHESTRA
from linernotes.features.tags import second_stage

CLASSES = {name for classes in HEADS.values() for name in classes}


def holds(kind: str, value: str) -> set[str]:
    meaning = meaning_of(kind, value)
    return {name for _, name in meaning.holds} if meaning else set()


@pytest.mark.parametrize("head", HEADS)
def test_every_class_is_itself_with_and_without_blanks(head: str) -> None:
    for name in HEADS[head]:
        for spelling in (name, squeezed(name), name.replace(" ", "-").title()):
            meaning = meaning_of(head, spelling)
            assert meaning is not None
            assert meaning.same == (head, name)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("instrument", "trumpet", {"trumpet", "brass"}),
        ("instrument", "upright bass", {"double bass", "bass", "strings"}),
        ("instrument", "sax", {"saxophone"}),
        ("instrument", "Hammond organ", {"organ", "keyboard"}),
        ("instrument", "synth bass", {"bass", "synthesizer"}),
        ("instrument", "synthesizer pad", {"pad", "synthesizer"}),
        ("genre", "hip-hop", {"hip hop"}),
        ("genre", "R&B", {"rnb"}),
        ("genre", "baroque", {"classical"}),
        ("genre", "ballad", {"ballad"}),
        ("era", "80s", {"80s"}),
        ("mood", "joyful", {"happy"}),
        ("instrument", "koto", set()),
        ("genre", "", set()),
    ],
)
def test_values_hold_for_classes(kind: str, value: str, expected: set[str]) -> None:
    assert holds(kind, value) == expected


def test_what_only_implies_a_class_is_not_the_class() -> None:
    for kind, value in (
        ("instrument", "Hammond organ"),
        ("instrument", "string section"),
        ("mood", "joyful"),
    ):
        meaning = meaning_of(kind, value)
        assert meaning is not None
        assert meaning.same is None


def test_a_wide_word_leaves_the_narrower_open() -> None:
    assert ("instrument", "trumpet") in left_open("instrument", "brass")
    assert ("instrument", "violin") in left_open("instrument", "string section")
    assert ("genre", "orchestral") in left_open("genre", "march")  # no class, and yet it leaves some open
    assert left_open("instrument", "trumpet") == frozenset()


def test_tables_speak_of_classes() -> None:
    assert {*WIDER, *(name for wider in WIDER.values() for name in wider)} <= CLASSES
    assert {name for _, name in SAME.values()} <= CLASSES
    assert {name for places in HOLDS.values() for _, name in places} <= CLASSES
    assert {name for names in OPEN.values() for name in names} <= CLASSES
    assert all(name in HEADS[head] for places in HOLDS.values() for head, name in places)


def test_what_has_no_class_is_known_by_name() -> None:
    """A new instrument or genre must be mapped, or be named here."""
    players = {name for name in ORCHESTRA if not holds("instrument", name)}
    assert players == {"music box", "banjo", "sitar", "koto", "bassoon", "recorder", "bagpipes"}
    genres = {band.genre for band in BANDS if not holds("genre", band.genre)}
    assert genres == {"flamenco", "ska", "gospel", "march", "waltz", "lullaby", "indian", "japanese"}
    targets = {each.name for each in second_stage().targets if not holds(each.kind, each.name)}
    assert targets == {"banjo", "mallets", "sitar", "woodwinds"}
    assert {each.kind for each in second_stage().targets} == set(NAMED)
