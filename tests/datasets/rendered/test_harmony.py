"""Keys, numerals and Harte labels."""

import pytest

from linernotes.datasets.rendered.harmony import Key, read_roman, with_seventh

C_MAJOR, FS_MINOR, F_MINOR = Key(0, "major"), Key(6, "minor"), Key(5, "minor")


def test_keys_are_spelled_as_people_do() -> None:
    assert [key.name for key in (C_MAJOR, FS_MINOR, Key(10, "major"))] == ["C major", "F# minor", "Bb major"]


@pytest.mark.parametrize(
    ("numeral", "key", "label"),
    [
        ("ii", C_MAJOR, "D:min"),
        ("V7", C_MAJOR, "G:7"),
        ("bVII", C_MAJOR, "A#:maj"),
        ("viidim", C_MAJOR, "B:dim"),
        ("bVI", F_MINOR, "Db:maj"),
        ("V", FS_MINOR, "C#:maj"),
        ("iidim", FS_MINOR, "G#:dim"),
    ],
)
def test_numerals_become_harte_labels(numeral: str, key: Key, label: str) -> None:
    assert read_roman(numeral, key).label(key) == label


def test_sevenths_follow_the_scale() -> None:
    labels = [
        with_seventh(read_roman(numeral, C_MAJOR), C_MAJOR).label(C_MAJOR)
        for numeral in "I ii IV V vi".split()
    ]
    assert labels == ["C:maj7", "D:min7", "F:maj7", "G:7", "A:min7"]


def test_inversions_put_another_tone_into_the_bass() -> None:
    chord = read_roman("V7", C_MAJOR).inverted(1)
    assert (chord.label(C_MAJOR), chord.bass) == ("G:7/3", 11)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="not a roman numeral: 'H'"):
        read_roman("H", C_MAJOR)
