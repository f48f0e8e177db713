"""What is said of a whole song, from what its segments and the whole are heard as."""

from __future__ import annotations

import pytest

from linernotes.building.singing import ATTRIBUTES, UNSURE, Attribute, unsure
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.describing import (
    NOT_SUNG,
    NOT_SURE,
    TOO_SHORT,
    SungSegment,
    caption_of,
    together,
)
from linernotes.clip import Fact

EARS = "gender-network"


def segment(
    gender: str, hertz: float, seconds: float, source: str = f"{EARS} of mix and voice"
) -> SungSegment:
    known = {
        "singer_gender": Attribute("singer_gender", gender, 0.9, source),
        "pitch": Attribute("pitch", Thresholds().pitch(hertz, gender), 0.9, "f0", hertz, "Hz"),
    }
    return SungSegment(0.0, seconds, "singer 1", {name: known.get(name, unsure(name)) for name in ATTRIBUTES})


def whole(gender: str) -> list[Fact]:
    return [Fact("f1", "singer_gender", gender, "", 0.9, EARS, 0.0, 60.0)]


def test_most_of_the_time_decides() -> None:
    told = together(
        (segment("female", 300.0, 20.0), segment("male", 150.0, 5.0)), whole("female"), Thresholds()
    )
    assert (told["singer_gender"].value, told["pitch"].value) == ("female", "medium")
    assert told["singer_gender"].confidence == pytest.approx(0.72)
    assert told["pitch"].number == 300.0


def test_a_whole_that_is_heard_as_the_other_makes_it_unsure() -> None:
    told = together(
        (segment("female", 240.0, 20.0), segment("male", 208.0, 5.0)), whole("male"), Thresholds()
    )
    assert told["singer_gender"].value == UNSURE
    assert told["pitch"].value == UNSURE
    low = together((segment("female", 100.0, 20.0),), whole("male"), Thresholds())
    assert (low["singer_gender"].value, low["pitch"].value) == (UNSURE, "low")


def test_who_was_asked_stands_for_itself() -> None:
    told = together((segment("female", 240.0, 20.0, "ears listening prompt 1"),), whole("male"), Thresholds())
    assert told["singer_gender"].value == "female"


def test_the_sentence_claims_no_singing_that_is_not_sure() -> None:
    assert caption_of("sung", "A man sings.", is_sung=True) == "A man sings."
    assert caption_of("unsure", "A man sings.", is_sung=True) == f"{NOT_SURE} If so: A man sings."
    assert caption_of("sung", "", is_sung=True) == TOO_SHORT
    assert caption_of("unsure", "", is_sung=True) == NOT_SURE
    assert caption_of("unsure", "", is_sung=False) == NOT_SUNG
    assert (
        caption_of("spoken", "", is_sung=False) == caption_of("instrumental", "", is_sung=False) == NOT_SUNG
    )
