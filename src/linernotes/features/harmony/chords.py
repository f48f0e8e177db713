"""Facts about chords: each with its span, and the progression that comes back."""

from __future__ import annotations

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.harmony.chord_loop import ChordSpan, find_loop
from linernotes.features.harmony.chord_segments import segment_chords
from linernotes.features.harmony.key import LEAST_HARMONY, most_likely_key, share_of_harmony
from linernotes.features.harmony.pitch_names import harte, progression_name

SOURCE = "chord-net"


def estimate_chords(frames: Frames) -> list[Fact]:
    """Facts "chord:1", "chord:2", ... over their time spans, and "chord_loop" where a progression comes back."""
    segments = segment_chords(frames)
    if all(segment.root < 0 for segment in segments) or share_of_harmony(frames) < LEAST_HARMONY:
        return []
    key = most_likely_key(frames)
    facts = [
        Fact(
            f"chord:{number}",
            "chord",
            segment.label(key),
            "",
            segment.probability,
            SOURCE,
            segment.start_s,
            segment.end_s,
        )
        for number, segment in enumerate(segments, 1)
    ]
    named = [segment for segment in segments if segment.root >= 0]
    loop = find_loop([ChordSpan(each.triad, each.start_s, each.end_s) for each in named], frames.duration_s)
    if loop is not None:
        name = progression_name([harte(root, family, key) for root, family in loop.chords])
        facts.append(
            Fact("chord_loop", "chord_loop", name, "", loop.confidence, SOURCE, loop.start_s, loop.end_s)
        )
    return facts
