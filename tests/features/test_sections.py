"""Known boundaries are found, nothing is found where nothing changes, and size is bounded for any duration."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from linernotes.clip import Fact
from linernotes.features.frames import Frames, Series
from linernotes.features.sections import estimate_sections, grid_of


def frames_of(
    kinds: list[int],
    seconds: float,
    *,
    leave_out: tuple[str, ...] = (),
    start_s: float = 0.0,
    noise: float = 1.0,
) -> Frames:
    """Stretches of `seconds` each; equal kinds have equal tags, chords, loudness and brightness."""
    rng = np.random.default_rng(0)
    looks = np.random.default_rng(7)
    tags = looks.beta(0.2, 2.0, (8, 50))
    chroma = looks.uniform(0, 3, (8, 12))
    level = looks.uniform(-26, -12, 8)
    centroid = looks.uniform(800, 3000, 8)
    duration_s = len(kinds) * seconds

    def series(values: np.ndarray, rate_hz: float, spread: float) -> Series:
        times = np.arange(0, duration_s, 1 / rate_hz)
        rows = values[np.array(kinds)[np.minimum((times / seconds).astype(int), len(kinds) - 1)]]
        return Series(rows * (1 + noise * spread * rng.standard_normal(rows.shape)), rate_hz, start_s)

    everything = {
        "tags_mtt": series(tags, 1 / 3, 0.2),
        "tags_msd": series(tags[:, ::-1], 1 / 3, 0.2),
        "chroma": series(chroma, 10.0, 0.3),
        "loudness": series(level, 10.0, 0.05),
        "brightness": series(centroid, 10.0, 0.1),
    }
    kept = {name: one for name, one in everything.items() if name not in leave_out}
    return Frames(start_s, start_s + duration_s, kept)


def boundaries(facts: list[Fact]) -> list[float]:
    return [fact.start_s for fact in facts[1:]]


def check_cover(facts: list[Fact], frames: Frames) -> None:
    assert facts[0].start_s == frames.start_s
    assert facts[-1].end_s == frames.end_s
    assert all(one.end_s == other.start_s for one, other in pairwise(facts))
    assert [fact.id for fact in facts] == [f"section:{i + 1}" for i in range(len(facts))]
    assert all(fact.name == "section" and 0 < fact.confidence < 1 for fact in facts)
    assert facts[0].value == "A"


def test_known_boundaries_and_labels() -> None:
    frames = frames_of([0, 1, 0, 1, 2, 1], 30.0)
    facts = estimate_sections(frames)
    check_cover(facts, frames)
    assert boundaries(facts) == pytest.approx([30, 60, 90, 120, 150], abs=2.0)
    assert [fact.value for fact in facts] == ["A", "B", "A", "B", "C", "B"]


def test_clear_cuts_are_surer_than_faint_ones() -> None:
    clear = estimate_sections(frames_of([0, 1], 30.0))
    faint = estimate_sections(frames_of([0, 1], 30.0, leave_out=("tags_mtt", "tags_msd", "loudness")))
    assert len(clear) == len(faint) == 2
    assert clear[0].confidence > faint[0].confidence


@pytest.mark.parametrize("noise", [0.0, 1.0, 1.5])
@pytest.mark.parametrize("seconds", [30.0, 180.0, 1200.0])
def test_what_does_not_change_is_one_section(seconds: float, noise: float) -> None:
    frames = frames_of([3], seconds, noise=noise)
    (fact,) = estimate_sections(frames)
    assert (fact.start_s, fact.end_s, fact.value) == (0.0, seconds, "A")


def test_a_chord_progression_that_goes_round_is_no_change() -> None:
    chords = np.zeros((4, 12))
    for row, root in zip(chords, (0, 9, 5, 7), strict=True):
        row[[root, (root + 4) % 12, (root + 7) % 12]] = 3.0
    rows = chords[(np.arange(0, 120, 0.1) // 2).astype(int) % 4]
    (fact,) = estimate_sections(Frames(0.0, 120.0, {"chroma": Series(rows, 10.0)}))
    assert fact.value == "A"


def test_a_short_file_is_one_section() -> None:
    assert len(estimate_sections(frames_of([0, 1], 9.5))) == 1


@pytest.mark.parametrize(
    "leave_out", [("tags_mtt", "tags_msd"), ("chroma",), ("loudness", "brightness", "chroma"), ("tags_msd",)]
)
def test_missing_series_cost_accuracy_but_nothing_else(leave_out: tuple[str, ...]) -> None:
    frames = frames_of([0, 1, 2], 30.0, leave_out=leave_out)
    facts = estimate_sections(frames)
    check_cover(facts, frames)
    assert boundaries(facts) == pytest.approx([30, 60], abs=3.0)


def test_without_any_series_there_is_one_section() -> None:
    (fact,) = estimate_sections(Frames(0.0, 60.0, {}))
    assert (fact.start_s, fact.end_s) == (0.0, 60.0)
    (fact,) = estimate_sections(Frames(0.0, 60.0, {"chroma": Series(np.zeros((0, 12)), 10.0)}))
    assert (fact.start_s, fact.end_s) == (0.0, 60.0)


def test_times_are_those_of_the_recording() -> None:
    frames = frames_of([0, 1], 30.0, start_s=100.0)
    facts = estimate_sections(frames)
    check_cover(facts, frames)
    assert boundaries(facts) == pytest.approx([130], abs=2.0)


@pytest.mark.parametrize("hours", [1, 10])
def test_long_recordings_keep_grid_and_sections_few(hours: int) -> None:
    frames = frames_of([0, 1, 2, 3] * 3, hours * 300.0, leave_out=("chroma", "loudness", "brightness"))
    facts = estimate_sections(frames)
    assert len(grid_of(frames).values) <= 641
    assert len(facts) == 12
    check_cover(facts, frames)


def test_silence_and_broken_values_are_survived() -> None:
    loudness = np.full(600, -np.inf)
    loudness[300:] = np.nan
    frames = Frames(
        0.0, 60.0, {"loudness": Series(loudness, 10.0), "brightness": Series(np.zeros(600), 10.0)}
    )
    check_cover(estimate_sections(frames), frames)
