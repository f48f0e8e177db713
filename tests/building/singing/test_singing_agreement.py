"""What was measured of a rendered corpus is read again, but never as somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from linernotes.audio import Audio
from linernotes.building.singing import ATTRIBUTES, Attribute, agreement, unsure
from linernotes.building.singing.agreement import AgreementReport, judge
from linernotes.clip import Clip

TRUTH = {"volume": "low", "pitch": "low", "singer_gender": "male", "tempo": "fast"}
NUMBERS = {"volume_db": -30.0, "pitch_hz": 110.0, "tempo_bpm": 150.0}
CLIP = Clip("a", "a.wav", extra={"vocals_path": "stem.wav", "truth": {**TRUTH, **NUMBERS, "degraded": False}})


@dataclass
class Named:
    """A demixer that changes nothing, and counts what it was given."""

    name: str
    given: list[Audio] = field(default_factory=list)

    def __call__(self, audio: Audio) -> Audio:
        self.given.append(audio)
        return audio


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One clip of noise, of which nothing but the volume is measured."""

    def measured(
        facts: object, vocals: object, singer: object, *, made_by: str, **_: Any
    ) -> Mapping[str, Attribute]:
        volume = Attribute("volume", "low", 1.0, f"rms of {made_by}", -30.0, "dBFS")
        return {name: unsure(name) for name in ATTRIBUTES} | {"volume": volume}

    for name in ("frames_of", "facts_of", "hear_singer"):
        monkeypatch.setattr(agreement, name, lambda *given: None)
    monkeypatch.setattr(agreement, "measure", measured)
    for name in ("a.wav", "stem.wav"):
        soundfile.write(tmp_path / name, 0.1 * np.random.default_rng(0).standard_normal(16_000), 16_000)
    return tmp_path


def judged(corpus: Path, demixer: Named) -> AgreementReport:
    return judge([CLIP], corpus, demixer, kept=corpus / "kept")


def test_what_was_measured_is_read_again(corpus: Path) -> None:
    first, demixer = judged(corpus, Named("one")), Named("one")
    assert judged(corpus, demixer) == first
    assert not demixer.given
    assert [one.right for one in first.agreements if one.attribute == "volume"] == [1, 1]


def test_of_another_demixer_or_corpus_it_is_measured_anew(corpus: Path) -> None:
    judged(corpus, Named("one"))
    assert judged(corpus, other := Named("two")).demixer == "two"
    assert len(other.given) == 1
    soundfile.write(corpus / "a.wav", 0.1 * np.random.default_rng(1).standard_normal(32_000), 16_000)
    judged(corpus, longer := Named("two"))
    assert len(longer.given) == 1


def test_a_damaged_file_is_measured_anew(corpus: Path) -> None:
    first = judged(corpus, Named("one"))
    (corpus / "kept" / "a.json").write_text('{"mix": ')
    judged_again = judged(corpus, demixer := Named("one"))
    assert len(demixer.given) == 1
    assert judged_again == first


def test_by_other_methods_it_is_measured_anew(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(corpus, Named("one"))
    monkeypatch.setattr(agreement, "MEASURED_BY", "ears 1")
    judged(corpus, demixer := Named("one"))
    assert len(demixer.given) == 1
