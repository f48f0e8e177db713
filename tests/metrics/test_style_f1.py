"""What captions of singing say, and how two of them agree."""

from __future__ import annotations

import math

import pytest

from linernotes.metrics.singing_style import style_f1, style_in_text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "A male vocalist sings with low volume, a high pitch, a dark mood and a moderate tempo.",
            {"singer_gender:male", "volume:low", "pitch:high", "mood:dark", "tempo:moderate"},
        ),
        (
            "A female singer performs at a medium pitch and low volume; the tempo is slow and the mood groovy.",
            {"singer_gender:female", "pitch:medium", "volume:low", "tempo:slow", "mood:groovy"},
        ),
        (
            "At a fast tempo and with an energetic mood, a male singer performs in a low register, loudly and "
            "with a bright tone.",
            {
                "tempo:fast",
                "mood:energetic",
                "singer_gender:male",
                "pitch:low",
                "volume:high",
                "timbre:bright",
            },
        ),
        (
            "This is a sad song at a slow tempo, sung at a medium volume by a female voice of low pitch and warm "
            "timbre.",
            {
                "mood:sad",
                "tempo:slow",
                "volume:medium",
                "singer_gender:female",
                "pitch:low",
                "timbre:warm",
            },
        ),
        (
            "A dark male voice sings softly in a high range over fast music of happy mood.",
            {"timbre:dark", "singer_gender:male", "volume:low", "pitch:high", "tempo:fast", "mood:happy"},
        ),
        ("The mood is calm.", {"mood:calm"}),
        ("A piano plays a low note.", set()),
    ],
)
def test_what_is_read(text: str, told: set[str]) -> None:
    assert style_in_text(text) == told


def test_f1_counts_statements() -> None:
    references = {"a": ["A male voice of low pitch."], "b": ["A female voice.", "The tempo is slow."]}
    perfect = {"a": "A low pitch, sung by a man.", "b": "A woman sings at a slow tempo."}
    assert style_f1(perfect, references).corpus == 1.0
    half = {"a": "A woman sings with a low pitch.", "b": "Nothing is said."}
    assert style_f1(half, references).corpus == pytest.approx(2 * 1 / (2 + 4))
    assert math.isnan(style_f1({"a": "A piano."}, {"a": ["A guitar."]}).corpus)
