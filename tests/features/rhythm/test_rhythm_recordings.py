"""What must not be said of the rhythm of real recordings; nothing was tuned on them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rhythms import heard

from linernotes.audio import decode
from linernotes.features.rhythm.beats_net import SAMPLE_RATE
from linernotes.features.rhythm.metre import estimate_metre
from linernotes.features.rhythm.tempo import estimate_tempo

FOLDER = Path(os.environ.get("LINERNOTES_AUDIO", Path(__file__).parents[3] / ".." / "shared" / "audio"))

pytestmark = [
    pytest.mark.recordings,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recordings in {FOLDER}: set LINERNOTES_AUDIO"),
]


def facts(pattern: str) -> dict[str, object]:
    (path,) = FOLDER.glob(f"*/{pattern}")
    frames = heard(decode(path, SAMPLE_RATE).waveform)
    return {fact.id: fact.value for fact in (*estimate_tempo(frames), *estimate_metre(frames))}


@pytest.mark.parametrize("pattern", ["5703-47212-0000.ogg", "glacier-bay-humpback.ogg"])
def test_speech_and_whales_have_no_tempo(pattern: str) -> None:
    assert facts(pattern) == {}


def test_a_waltz_is_not_in_four() -> None:
    assert facts("147793__setuniman__sweet-waltz*.ogg").get("metre") != "4/4"
