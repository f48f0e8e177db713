"""From an analysis to notes with a long description, whoever writes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from linernotes.captioner import Analysis, load_captioner
from linernotes.clip import Fact, Licence, Notes
from linernotes.decoding import DecodingOptions, FloatArray
from linernotes.export import FORMATS
from linernotes.llm import LanguageModel, Message, ServerError
from linernotes.llm.scripted import Scripted
from linernotes.longform.long_captioner import LongCaptioner
from linernotes.longform.options import LongOptions, WindowKind
from linernotes.models.word_search import Explanation
from linernotes.notes_json import notes_from_dict, notes_to_json
from linernotes.trained_captioner import UNTRACED, TrainedCaptioner

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "notes-schema.json").read_text("utf-8"))


class Parrot:
    """A captioning model that says the next of its captions for every window."""

    sample_rate, keeps_heard, frame_s = 8000, False, 1.0

    def __init__(self, *captions: str) -> None:
        self._captions = list(captions)
        self.heard_s: list[float] = []

    def hear(self, waveform: FloatArray) -> FloatArray:
        self.heard_s.append(len(waveform) / self.sample_rate)
        return waveform

    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        del heard, options
        return self._captions.pop(0)

    def score(self, heard: FloatArray, captions: Sequence[str]) -> FloatArray:
        raise AssertionError("nothing to score")

    def explain(self, heard: FloatArray, caption: str) -> Explanation:
        raise AssertionError("nothing to explain")


def write(analysis: Analysis, model: LanguageModel | None = None, **options: object) -> Notes:
    return LongCaptioner(load_captioner(), LongOptions(**options), model).write(analysis)  # type: ignore[arg-type]


def test_offline_the_turn_is_told_at_its_time(analysis: Analysis) -> None:
    told = write(analysis).description
    assert told is not None
    assert told.writer == "composer"
    assert told.caption.stand_in == ""
    assert "120 B" in told.caption.text or "120 beats" in told.caption.text
    assert "A minor" in told.caption.text
    assert "It lasts 0:25" in told.caption.text
    assert len(told.moments) == 2
    assert told.moments[1].start_s == pytest.approx(12.0, abs=1.5)
    assert len(told.windows) == 3


@pytest.mark.parametrize("kind", WindowKind)
def test_notes_follow_the_schema_and_come_back(analysis: Analysis, kind: WindowKind) -> None:
    notes = write(analysis, windows=kind)
    data = json.loads(notes_to_json(notes))
    jsonschema.validate(data, SCHEMA)
    assert data["schema_version"] == "1.1"
    assert notes_from_dict(data).description == notes.description
    assert notes.producer.settings["windows"] == kind.value


def test_notes_without_a_description_are_as_before() -> None:
    from notes_fixture import NOTES

    assert "description" not in json.loads(notes_to_json(NOTES))


def test_every_format_tells_the_moments(analysis: Analysis) -> None:
    notes = write(analysis)
    assert notes.description is not None
    first, second = notes.description.moments
    assert FORMATS["txt"].make(notes) == notes.description.caption.text + "\n"
    assert f"| 0:00 | 0:1{int(second.start_s) % 10} | {first.text} |" in FORMATS["md"].make(notes)
    assert FORMATS["srt"].make(notes).count(" --> ") == 2
    assert FORMATS["vtt"].make(notes).endswith(second.text + "\n")


def test_a_language_model_that_keeps_to_the_facts_is_believed(analysis: Analysis) -> None:
    text = write(analysis).description.caption.text  # type: ignore[union-attr]
    notes = write(analysis, Scripted([text, text], name="a model"))
    assert notes.description is not None
    assert notes.description.caption.stand_in == ""
    assert (notes.description.writer, notes.description.caption.text) == ("a model", text)
    assert notes.description.caption.claims
    assert notes.warnings == ()
    assert Licence("a model", "not known to linernotes: as its provider says", False) in notes.licences
    assert notes.producer.settings["language_model"] == "a model"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["", ""], "it is empty"),
        (["banana " * 40] * 2, "it says nothing about the music"),
        (["At 9:59 a piano plays in A minor at 120 BPM, and so it goes on to the end."] * 2, "after the end"),
        (
            ["This is in F sharp major at 120 BPM, and at 0:12 it grows, to the very end of it."] * 2,
            "A minor was",
        ),
        ([ServerError("HTTP 500")], "ServerError: HTTP 500"),
    ],
)
def test_one_that_does_not_is_replaced_and_that_is_said(
    analysis: Analysis, answers: list[str], reason: str
) -> None:
    notes = write(analysis, Scripted(answers, name="a model"))
    offline = write(analysis).description
    assert notes.description is not None
    assert offline is not None
    assert notes.description.caption.text == offline.caption.text
    assert reason in notes.description.caption.stand_in
    assert notes.description.writer == "composer"
    assert notes.description.refused == (answers[-1].strip() if isinstance(answers[-1], str) else "")
    assert any(
        warning.startswith("the composer wrote the description: a model: ") for warning in notes.warnings
    )
    jsonschema.validate(json.loads(notes_to_json(notes)), SCHEMA)


def test_the_prompt_gives_every_window_its_own_time(analysis: Analysis) -> None:
    asked: list[str] = []

    def remember(conversation: Sequence[Message]) -> str:
        asked.append(conversation[1].content)
        return ""

    write(analysis, Scripted(remember))
    for times in (
        '"from": "0:00", "to": "0:10"',
        '"from": "0:10", "to": "0:20"',
        '"from": "0:20", "to": "0:25"',
    ):
        assert times in asked[0]


def test_what_is_no_music_is_not_put_to_a_model(analysis: Analysis) -> None:
    speech = Fact("content", "content", "speech", "", 0.99, "test", 0.0, 25.4)
    notes = write(replace(analysis, facts=(speech,)), Scripted([]))
    assert notes.description is not None
    assert "speech" in notes.description.caption.text
    assert notes.description.windows == ()


def test_a_trained_model_captions_the_windows(analysis: Analysis) -> None:
    parrot = Parrot("A calm piece in A minor.", "A man sings.", "A loud piece in A minor.")
    trained = TrainedCaptioner(parrot, "parrot", DecodingOptions(beams=1), (Licence("parrot", "MIT", True),))
    notes = LongCaptioner(load_captioner(), LongOptions(), None, trained).write(analysis)
    assert notes.description is not None
    assert [round(seconds, 1) for seconds in parrot.heard_s] == [10.0, 10.0, 5.4]
    dropped = [window.dropped for window in notes.description.windows]
    assert dropped[0] == dropped[2] == ""
    assert dropped[1].startswith("it says “man”")
    assert "“A calm piece in A minor.”" in notes.description.caption.text
    assert "man" not in notes.description.caption.text.split()
    assert notes.caption.text == "A calm piece in A minor."
    assert UNTRACED in notes.warnings
    assert "parrot" in notes.producer.models
