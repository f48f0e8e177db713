"""Class lists and the labels that facts give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from linernotes.clip import Fact, FactValue
from linernotes.datasets.feature_classes import CLASSES, KEYS, labels_of_facts, squeezed


def facts(**values: FactValue | list[str]) -> list[Fact]:
    return [
        Fact(f"{name}-{number}", name, value, "", 1.0, "truth", 0.0, 1.0)
        for name, given in values.items()
        for number, value in enumerate(given if isinstance(given, list) else [given])
    ]


def named(told: list[Fact], feature: str) -> set[str]:
    row = labels_of_facts(told, feature, CLASSES[feature])
    return {name for name, label in zip(CLASSES[feature], row, strict=True) if label == 1}


@pytest.mark.parity
def test_classes_stand_in_mtg_jamendos_order(reference: Path) -> None:
    published = json.loads((reference / "jamendo_classes.json").read_text())
    for feature in ("instrument", "mood", "genre"):
        assert [squeezed(name) for name in CLASSES[feature]] == published[feature]
    assert [len(classes) for classes in CLASSES.values()] == [40, 56, 87, 24, 3]


def test_instruments_count_as_their_class_and_wider_ones() -> None:
    told = facts(instrument=["synth bass", "electricguitar", "banjo"])
    assert named(told, "instrument") == {"bass", "synthesizer", "electric guitar"}
    assert named(facts(instrument="piano", voice="sung"), "instrument") == {"piano", "voice"}


@pytest.mark.parametrize(
    ("written", "stands"),
    [("Gb minor", "F# minor"), ("F# minor", "F# minor"), ("B# major", "C major"), ("Cb major", "B major")],
)
def test_keys_are_compared_by_pitch(written: str, stands: str) -> None:
    assert named(facts(key=written), "key") == {stands}


def test_what_no_fact_tells_is_not_known() -> None:
    for feature in CLASSES:
        assert np.isnan(labels_of_facts([], feature, CLASSES[feature])).all()
    assert np.isnan(labels_of_facts(facts(genre="gagaku"), "genre", CLASSES["genre"])).all()
    assert len(KEYS) == 24


def test_where_something_is_denied_what_nobody_names_is_unknown() -> None:
    unlikely = Fact("absent:instrument:flute", "instrument", "flute", "", 0.04, "annotate", 0.0, 1.0)
    doubtful = Fact("d", "instrument", "harp", "", 0.3, "annotate", 0.0, 1.0)
    of = dict(zip(CLASSES["instrument"], range(40), strict=True))
    row = labels_of_facts(
        [*facts(instrument="piano"), unlikely, doubtful], "instrument", CLASSES["instrument"]
    )
    assert (row[of["piano"]], row[of["flute"]]) == (1.0, 0.0)
    assert np.isnan(np.delete(row, [of["piano"], of["flute"]])).all()
    alone = labels_of_facts([unlikely], "instrument", CLASSES["instrument"])
    assert alone[of["flute"]] == 0.0
    assert np.isnan(alone).sum() == 39
    assert np.isnan(labels_of_facts([unlikely], "genre", CLASSES["genre"])).all()
    jazz = labels_of_facts([*facts(genre="jazz", key="C major"), unlikely], "genre", CLASSES["genre"])
    assert (np.nansum(jazz), np.isnan(jazz).sum()) == (1.0, 86)
    key = labels_of_facts([*facts(genre="jazz", key="C major"), unlikely], "key", KEYS)
    assert (key.sum(), len(key)) == (1.0, 24)  # a key rules out the others


def test_vocals_and_the_singers_gender_share_a_head() -> None:
    def row(**values: str) -> list[float]:
        return labels_of_facts(facts(**values), "vocals", CLASSES["vocals"]).tolist()

    assert row(voice="instrumental") == [1, 0, 0]
    assert row(voice="sung", singer_gender="male") == [0, 0, 1]
    assert row(voice="sung", singer_gender="mixed") == [0, 1, 1]
    unsure = row(voice="sung", singer_gender="unsure")
    assert unsure[0] == 0
    assert np.isnan(unsure[1:]).all()
