"""From facts to classes: what is unknown is masked, and what excludes what."""

import numpy as np
import pytest

from linernotes.building.annotate import Bounds
from linernotes.building.annotate.class_labels import class_labels, key_class, known, present, reach_of
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import CLASSES, KEYS

BOUNDS = Bounds()


def fact(name: str, value: str, confidence: float = 1.0) -> Fact:
    return Fact(f"{name}:{value}", name, value, "", confidence, "test", 0.0, 10.0)


def chance(facts: list[Fact], head: str, name: str, **more: object) -> float:
    labels = class_labels(facts, BOUNDS, **more)  # type: ignore[arg-type]
    return float(labels.chances[head][CLASSES[head].index(name)])


def test_without_facts_everything_is_unknown() -> None:
    for row in class_labels([], BOUNDS).chances.values():
        assert np.isnan(row).all()
        assert not known(row, BOUNDS).any()


def test_present_absent_and_unknown_are_three_things() -> None:
    facts = [
        fact("instrument", "piano", 0.9),
        fact("instrument", "harp", 0.05),
        fact("instrument", "flute", 0.3),
    ]
    row = class_labels(facts, BOUNDS).chances["instrument"]
    column = CLASSES["instrument"].index
    assert [bool(known(row, BOUNDS)[column(name)]) for name in ("piano", "harp", "flute", "cello")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [bool(present(row, BOUNDS)[column(name)]) for name in ("piano", "keyboard", "harp")] == [
        True, True, False,
    ]  # fmt: skip


def test_a_doubt_denies_its_class_and_no_wider_one() -> None:
    doubted = [fact("instrument", "trumpet", 0.02), fact("instrument", "hammond", 0.02)]
    assert chance(doubted, "instrument", "trumpet") == pytest.approx(0.02)
    assert np.isnan(chance(doubted, "instrument", "brass"))
    assert np.isnan(chance(doubted, "instrument", "organ"))


def test_of_several_facts_the_likeliest_counts() -> None:
    facts = [fact("genre", "techno", 0.6), fact("genre", "electronic", 0.8), fact("genre", "house", 0.7)]
    assert chance(facts, "genre", "electronic") == pytest.approx(0.8)


def test_claims_without_a_class_are_told_and_doubts_are_not() -> None:
    labels = class_labels([fact("instrument", "koto"), fact("genre", "ska", 0.1), fact("key", "H")], BOUNDS)
    assert labels.unmapped == ("instrument: koto", "key: H")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("A minor", "A minor"),
        ("Bb major", "A# major"),
        ("cb maj", "B major"),
        ("F## min", "G minor"),
        ("B# minor", "C minor"),
    ],
)
def test_keys_are_compared_by_sound(written: str, meant: str) -> None:
    column = key_class(written)
    assert column is not None
    assert KEYS[column] == meant


@pytest.mark.parametrize("written", ["H minor", "C dorian", "", "Cx major", "minor"])
def test_what_is_no_key(written: str) -> None:
    assert key_class(written) is None


def test_a_key_excludes_the_others_and_two_keys_are_both_there() -> None:
    one = class_labels([fact("key", "A minor", 0.54)], BOUNDS).chances["key"]
    assert present(one, BOUNDS).sum() == 1
    assert known(one, BOUNDS).all()
    assert float(one.sum()) == pytest.approx(1.0, abs=1e-5)
    two = class_labels([fact("key", "A minor", 0.9), fact("key", "C major", 0.8)], BOUNDS).chances["key"]
    assert present(two, BOUNDS).sum() == 2


def test_the_head_of_voices() -> None:
    def voices(*facts: Fact) -> list[float]:
        return [round(float(value), 3) for value in class_labels(facts, BOUNDS).chances["vocals"]]

    assert voices(fact("voice", "instrumental", 0.9)) == [0.9, 0.05, 0.05]
    assert voices(fact("voice", "sung", 0.8), fact("singer_gender", "female", 0.75)) == [0.2, 0.6, 0.2]
    assert voices(fact("voice", "sung"), fact("singer_gender", "mixed")) == [0.0, 1.0, 1.0]
    unsure = class_labels([fact("voice", "sung"), fact("singer_gender", "unsure")], BOUNDS).chances["vocals"]
    assert np.isnan(unsure[1:]).all()
    assert np.isnan(class_labels([fact("voice", "unsure")], BOUNDS).chances["vocals"]).all()
    assert chance([fact("voice", "instrumental", 0.95)], "instrument", "voice") == pytest.approx(0.05)
    assert chance([fact("voice", "sung", 0.95)], "instrument", "voice") == pytest.approx(0.95)


def test_exact_truth_denies_what_it_could_have_said() -> None:
    closed = reach_of({"instrument": ["piano", "trumpet", "trombone", "brass", "koto"], "genre": ["rock"]})
    names = frozenset({"instrument"})
    trumpet = [fact("instrument", "trumpet")]
    assert chance(trumpet, "instrument", "piano", closed=closed, exact_names=names) == 0.0
    assert chance(trumpet, "instrument", "trombone", closed=closed, exact_names=names) == 0.0
    assert np.isnan(
        chance(trumpet, "instrument", "harp", closed=closed, exact_names=names)
    )  # it never says harp
    assert np.isnan(
        chance(trumpet, "genre", "rock", closed=closed, exact_names=names)
    )  # no word about the genre
    brass = [fact("instrument", "brass")]
    assert np.isnan(chance(brass, "instrument", "trombone", closed=closed, exact_names=names))
    koto = [fact("instrument", "koto")]
    assert chance(koto, "instrument", "trumpet", closed=closed, exact_names=names) == 0.0


@pytest.mark.parametrize("bounds", [(0.5, 0.5), (0.2, 0.4), (1.1, 0.1), (0.5, -0.1), (float("nan"), 0.1)])
def test_bounds_must_leave_room(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="two numbers from 0 to 1"):
        Bounds(*bounds)
