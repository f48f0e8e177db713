"""Windows fill a recording, whatever they are snapped to."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from linernotes import audio
from linernotes.captioner import Analysis
from linernotes.features.rhythm.beats import beat_times
from linernotes.longform.options import WindowKind
from linernotes.longform.windows import SHORTEST_TAIL_S, WINDOW_S, Span, waveforms, window_spans


@pytest.mark.parametrize("kind", WindowKind)
def test_windows_follow_one_another_to_the_end(analysis: Analysis, kind: WindowKind) -> None:
    spans = window_spans(kind, analysis)
    assert (spans[0].start_s, spans[-1].end_s) == (0.0, analysis.frames.end_s)
    assert all(one.end_s == other.start_s for one, other in itertools.pairwise(spans))
    assert all(0 < span.end_s - span.start_s <= WINDOW_S + SHORTEST_TAIL_S for span in spans)


def test_fixed_windows_keep_the_tail(analysis: Analysis) -> None:
    assert [round(span.end_s, 1) for span in window_spans(WindowKind.fixed, analysis)] == [10.0, 20.0, 25.4]


def test_a_tail_of_a_moment_joins_the_window_before(analysis: Analysis) -> None:
    shorter = replace(analysis, frames=replace(analysis.frames, end_s=20.4))
    assert [span.end_s for span in window_spans(WindowKind.fixed, shorter)] == [10.0, 20.4]


def test_windows_end_on_beats(analysis: Analysis) -> None:
    beats = beat_times(analysis.frames)
    ends = [span.end_s for span in window_spans(WindowKind.beats, analysis)[:-1]]
    assert all(float(np.abs(beats - end_s).min()) < 1e-9 for end_s in ends)


def test_no_window_crosses_a_section(analysis: Analysis) -> None:
    borders = [fact.start_s for fact in analysis.facts if fact.name == "section"]
    assert len(borders) == 2
    for span in window_spans(WindowKind.sections, analysis):
        assert not any(span.start_s + 1e-6 < border < span.end_s - 1e-6 for border in borders)


def test_samples_of_windows_are_those_of_the_recording(analysis: Analysis) -> None:
    path, rate = analysis.info.path, 8000
    whole = np.concatenate([block[rate] for block in audio.stream(path, [rate])])
    spans = [Span(0.0, 9.5), Span(9.5, 21.25), Span(21.25, analysis.frames.end_s)]
    parts = list(waveforms(path, spans, rate))
    assert [len(part) for part in parts[:2]] == [76_000, 94_000]
    np.testing.assert_array_equal(np.concatenate(parts), whole[: sum(map(len, parts))])
    assert abs(sum(map(len, parts)) - len(whole)) <= 1
