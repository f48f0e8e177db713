"""pyannote through a stand-in of the same shape, and its own types where it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from linernotes.audio import Audio
from linernotes.building.singing.diarising import Pyannote, alone, load_diariser
from linernotes.building.singing.hearing import Turn
from linernotes.registry import MissingExtraError

RATE = 16_000
VOICE = Audio(np.zeros(20 * RATE, np.float32), RATE)
SAID = [(0.0, 8.0, "SPEAKER_00"), (7.5, 15.0, "SPEAKER_01"), (15.5, 20.0, "SPEAKER_00")]
PARTED = [
    Turn(0.0, 7.5, "SPEAKER_00"),
    Turn(8.0, 15.0, "SPEAKER_01"),
    Turn(15.5, 20.0, "SPEAKER_00"),
]


@dataclass
class Span:
    start: float
    end: float


class Annotation:
    """As pyannote.core's: tracks with a segment, a track's name and a label."""

    def itertracks(self, yield_label: bool = False) -> Iterator[tuple[Any, ...]]:
        assert yield_label
        for number, (start, end, who) in enumerate(SAID):
            yield Span(start, end), f"t{number}", who


@dataclass
class Output:
    """As pyannote 4's DiarizeOutput."""

    speaker_diarization: Annotation
    exclusive_speaker_diarization: Annotation


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands in for pyannote.audio; notes what it was given, answers with `says`."""
    state: dict[str, Any] = {"says": Annotation(), "is_there": True}

    class Pipeline:
        @classmethod
        def from_pretrained(cls, checkpoint: str) -> Pipeline | None:
            state["checkpoint"] = checkpoint
            state["reports"] = os.environ.get("PYANNOTE_METRICS_ENABLED")
            if checkpoint == "broken":
                raise KeyError("pipeline")
            return cls() if state["is_there"] else None

        def to(self, device: Any) -> Pipeline:
            state["device"] = device.type
            return self

        def __call__(self, file: dict[str, Any]) -> Any:
            state["file"] = file
            return state["says"]

    package, module = ModuleType("pyannote"), ModuleType("pyannote.audio")
    module.Pipeline = Pipeline  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyannote", package)
    monkeypatch.setitem(sys.modules, "pyannote.audio", module)
    monkeypatch.delenv("PYANNOTE_METRICS_ENABLED", raising=False)
    return state


def test_the_voice_goes_to_the_pipeline_as_it_takes_it(heard: dict[str, Any]) -> None:
    diariser = load_diariser("pyannote")
    assert diariser.name == "pyannote pyannote/speaker-diarization-3.1"
    assert heard["checkpoint"] == "pyannote/speaker-diarization-3.1"
    assert diariser(None, VOICE) == PARTED  # type: ignore[arg-type]
    assert tuple(heard["file"]["waveform"].shape) == (1, 20 * RATE)
    assert heard["file"]["sample_rate"] == RATE
    assert heard["reports"] == "false"


def test_what_pyannote_4_gives_is_read_as_well(heard: dict[str, Any]) -> None:
    heard["says"] = Output(Annotation(), Annotation())
    assert load_diariser("pyannote:my/pipeline")(None, VOICE) == PARTED  # type: ignore[arg-type]
    assert heard["checkpoint"] == "my/pipeline"


def test_a_pipeline_that_can_not_be_had_is_one_error(heard: dict[str, Any]) -> None:
    heard["is_there"] = False
    with pytest.raises(ValueError, match="accept its terms"):
        Pyannote()
    with pytest.raises(ValueError, match=r"'broken' .*'pipeline'"):
        Pyannote("broken")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyannote.audio", None)
    with pytest.raises(MissingExtraError, match="singing-models"):
        load_diariser("pyannote")
    with pytest.raises(ValueError, match="tells no singers apart"):
        load_diariser("ears")


def test_moments_of_two_singers_belong_to_neither() -> None:
    inside = [Turn(0.0, 10.0, "a"), Turn(2.0, 3.0, "b"), Turn(2.5, 4.0, "c"), Turn(9.0, 9.5, "a")]
    assert alone(inside) == [Turn(0.0, 2.0, "a"), Turn(4.0, 10.0, "a"), Turn(9.0, 9.5, "a")]
    assert alone([Turn(0.0, 5.0, "a"), Turn(0.0, 5.0, "b")]) == []
    assert alone([]) == []
