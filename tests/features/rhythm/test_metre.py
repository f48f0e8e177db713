"""Metre on drum loops, and nothing where downbeats do not come back."""

from __future__ import annotations

import numpy as np
import pytest
from rhythms import drum_loop, heard, steady_beats

from linernotes.features.rhythm.beat_level import recurrence
from linernotes.features.rhythm.beats_net import SAMPLE_RATE
from linernotes.features.rhythm.metre import estimate_metre


@pytest.mark.parametrize(("beats_in_bar", "metre"), [(4, "4/4"), (3, "3/4")])
def test_metre_of_a_drum_loop(beats_in_bar: int, metre: str) -> None:
    (fact,) = estimate_metre(heard(drum_loop(steady_beats(90, 25), beats_in_bar)))
    assert (fact.name, fact.value) == ("metre", metre)
    assert 0.5 < fact.confidence <= 1.0


def test_noise_has_no_metre() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(15 * SAMPLE_RATE).astype(np.float32)
    assert estimate_metre(heard(noise)) == []


def test_a_few_beats_are_too_few() -> None:
    assert estimate_metre(heard(drum_loop(steady_beats(120, 5)))) == []


def test_recurrence_is_one_at_the_period_and_zero_where_there_is_too_little() -> None:
    values = np.tile(np.array([1, 0, 0, 0], np.float32), 10)
    assert recurrence(values, 4) == pytest.approx(1.0, abs=0.02)
    assert recurrence(values, 3) < 0
    assert recurrence(values[:5], 4) == 0.0
