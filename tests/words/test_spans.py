"""Spans answer as a look at every one of them would."""

from __future__ import annotations

from linernotes.words.spans import Spans

TAKEN = ((5, 8), (0, 2), (8, 9), (20, 30))


def test_overlaps_are_those_that_a_look_at_every_span_finds() -> None:
    spans = Spans(TAKEN[:2])
    for span in TAKEN[2:]:
        spans.add(*span)
    for start in range(32):
        assert spans.holds(start) == any(first <= start < last for first, last in TAKEN)
        for end in range(start + 1, 33):
            expected = any(first < end and start < last for first, last in TAKEN)
            assert spans.overlaps(start, end) == expected, (start, end)


def test_no_spans_hold_nothing() -> None:
    assert not Spans().holds(0)
