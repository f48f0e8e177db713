"""The key of a recording, where it changes, and the tuning.

Each key is scored by how well its profiles fit the evidence: how long each chord is held, which chords open and
close, which progressions arrive on which root, how strong each pitch class is overall and in the bass. This is
key finding by profiles (Krumhansl, "Cognitive Foundations of Musical Pitch", 1990) with chords beside tones;
`scripts/train_key.py` fits the profiles, so that the scores are log probabilities.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.harmony.chord_net import NO_CHORD, QUALITIES
from linernotes.features.harmony.chord_segments import ChordSegment, decode, segment_chords
from linernotes.features.harmony.chroma import cents_of
from linernotes.features.harmony.pitch_names import KEYS, key_name

SOURCE = "chord-profiles"

PLANES = (
    *("major held", "dominant seventh held", "minor held", "diminished held"),
    *("major opens", "minor opens", "major closes", "minor closes"),
    *("fifth falls to major", "fifth falls to minor", "fourth falls to major", "fourth falls to minor"),
    *("tone rises to major", "tone rises to minor"),
    *("strength", "strength in the bass"),
)
"""Kinds of evidence; each has one number a pitch class."""
_HELD = (("maj", "maj7"), ("7",), ("min", "min7"), ("dim", "hdim7"))
_STEPS_TO_ROOT = {5: 8, 7: 10, 2: 12}
"""First plane of each motion by its interval in semitones: a fifth down is five up, a fourth down is seven up."""
_FRAMES_AT_ONCE = 4096
_ENDS_S = 3.0
"""What opens and closes a stretch is what is heard in this many seconds of harmony at its ends."""

LEAST_HARMONY = 0.5
"""Share of the stretch that must sound like chords for it to have a key."""
LEAST_CONFIDENCE = 0.5
"""A key that is as likely wrong as right is not stated."""
WINDOW_S, HOP_S = 20.0, 4.0
CHANGE_COST = 8.0
"""Log probability ratio that a change of key must gain over windows that overlap fivefold."""
LEAST_SPAN_S = 24.0
LEAST_SPAN_CONFIDENCE = 0.5
LEAST_KIN_CONFIDENCE = 0.9
DOUBT_S = 2.0
"""Seconds of music whose evidence counts half; more than rendered pieces ask for, as real ones are looser."""
CLEAR_TUNING = 0.35
"""Agreement of spectral peaks from which a tuning is stated; see docs/harmony.md."""


@dataclass(frozen=True, slots=True)
class KeySpan:
    """A key, as numbered in `pitch_names`, over a stretch, with its probability."""

    key: int
    start_s: float
    end_s: float
    probability: float


def estimate_key(frames: Frames) -> list[Fact]:
    """Fact "key"; "key:1", "key:2", ... over their spans where the key changes; "tuning" in cents where clear."""
    facts: list[Fact] = []
    if len(frames["chords"].values) and (harmony := share_of_harmony(frames)) >= LEAST_HARMONY:
        segments = segment_chords(frames)
        probabilities = key_probabilities(key_evidence(frames, segments), frames.duration_s)
        key = int(probabilities.argmax())
        confidence = float(probabilities[key] * harmony)
        if confidence >= LEAST_CONFIDENCE:
            facts.append(_key_fact("key", KeySpan(key, frames.start_s, frames.end_s, confidence)))
        spans = key_spans(frames, segments)
        if len(spans) > 1:
            facts += [_key_fact(f"key:{number}", span) for number, span in enumerate(spans, 1)]
    return facts + _tuning(frames)


def most_likely_key(frames: Frames) -> int:
    """The number of the best key, however unsure; what chords are spelled by."""
    return int(key_scores(key_evidence(frames, segment_chords(frames)), load_profiles()).argmax())


def share_of_harmony(frames: Frames) -> float:
    """How much of what is not silent sounds like chords, 0..1."""
    logs, level = frames["chords"].values, frames["harmony_level"].values
    sounding = level > max(float(level.max(initial=-120.0)) - 40.0, -70.0)
    if not sounding.any():
        return 0.0
    return float(1 - np.exp(logs[sounding, NO_CHORD].astype(np.float32)).mean())


def key_evidence(frames: Frames, segments: Sequence[ChordSegment]) -> NDArray[np.float64]:
    """What the stretch says about keys, (planes, 12); `segments` may reach beyond it."""
    planes = np.zeros((len(PLANES), 12))
    logs = frames["chords"].values
    if not len(logs):
        return planes
    starts = range(0, len(logs), _FRAMES_AT_ONCE)
    planes[:4] = np.sum([_held(logs[i : i + _FRAMES_AT_ONCE]).sum(axis=0) for i in starts], axis=0) / len(
        logs
    )
    sounding = np.flatnonzero(logs[:, NO_CHORD] < np.log(0.5))
    edge = int(_ENDS_S * frames["chords"].rate_hz)
    if len(sounding):
        planes[4:6] = _held(logs[sounding[:edge]])[:, [0, 2]].mean(axis=0)
        planes[6:8] = _held(logs[sounding[-edge:]])[:, [0, 2]].mean(axis=0)
    planes[8:14] = _motions(frames, segments)
    for plane, name in ((14, "chroma"), (15, "bass_chroma")):
        strength = frames[name].values.mean(axis=0, dtype=np.float64)
        planes[plane] = strength / (strength.sum() + 1e-9)
    return planes


def _held(logs: NDArray[Any]) -> NDArray[np.float32]:
    """Probability of the kinds of chord that the first four planes count, (frames, 4, 12)."""
    chords = np.exp(logs[:, :NO_CHORD].astype(np.float32)).reshape(len(logs), 12, len(QUALITIES))
    kinds = [chords[:, :, [QUALITIES.index(name) for name in names]].sum(axis=2) for names in _HELD]
    return np.stack(kinds, axis=1)


def _motions(frames: Frames, segments: Sequence[ChordSegment]) -> NDArray[np.float64]:
    """Share of the chord changes that arrive on each root by the three strong motions, (6, 12)."""
    counts = np.zeros((6, 12))
    changes = 0
    for before, after in pairwise(segments):
        if before.root < 0 or after.root < 0 or not frames.start_s <= after.start_s < frames.end_s:
            continue
        changes += before.root != after.root
        plane = _STEPS_TO_ROOT.get((after.root - before.root) % 12)
        if plane is not None and before.triad[1] == "maj" and after.triad[1] in ("maj", "min"):
            counts[plane - 8 + (after.triad[1] == "min"), after.root] += 1
    return counts / max(1, changes)


def key_probabilities(evidence: NDArray[np.float64], duration_s: float) -> NDArray[np.float64]:
    """Probability of each of the 24 keys by the fitted profiles, (planes, 12) -> (24,).

    The evidence consists of shares, which don't show on how little they rest, so short stretches are doubted more.
    """
    scores = key_scores(evidence, load_profiles()) / (1 + DOUBT_S / max(duration_s, 1.0))
    odds: NDArray[np.float64] = np.exp(scores - scores.max())
    odds /= odds.sum()
    return odds


def key_scores(evidence: NDArray[np.float64], profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds of the keys: profiles (modes, planes, 12 from the tonic) against the evidence from each tonic."""
    tonics = [np.einsum("mpk,pk->m", profiles, np.roll(evidence, -tonic, axis=1)) for tonic in range(12)]
    return np.asarray(tonics).T.reshape(KEYS)


@lru_cache(maxsize=1)
def load_profiles() -> NDArray[np.float64]:
    """The profiles that ship with the package, (modes, planes, 12)."""
    text = files("linernotes").joinpath("assets", "key_profiles.json").read_text("utf-8")
    table = json.loads(text)["profiles"]
    return np.array([[table[mode][plane] for plane in PLANES] for mode in ("major", "minor")])


def key_spans(frames: Frames, segments: Sequence[ChordSegment]) -> list[KeySpan]:
    """Stretches of one key each; a single one where the music does not really modulate."""
    starts = np.arange(frames.start_s, max(frames.end_s - WINDOW_S, frames.start_s) + HOP_S / 2, HOP_S)
    if len(starts) < 2:
        return []
    logs = np.stack([_window_logs(frames.between(start, start + WINDOW_S), segments) for start in starts])
    path = decode(logs, CHANGE_COST)
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    spans = []
    for first, last in pairwise(edges):
        # A window speaks for its middle.
        start_s = frames.start_s if first == 0 else float(starts[first]) + (WINDOW_S - HOP_S) / 2
        end_s = frames.end_s if last == len(path) else float(starts[last]) + (WINDOW_S - HOP_S) / 2
        probability = float(np.exp(logs[first:last, path[first]]).mean())
        spans.append(KeySpan(int(path[first]), round(start_s, 3), round(end_s, 3), probability))
    return _lasting(spans)


def _window_logs(window: Frames, segments: Sequence[ChordSegment]) -> NDArray[np.float32]:
    """Log probability of the keys in a window, where opening and closing mean nothing, (24,)."""
    near = [
        segment for segment in segments if segment.end_s > window.start_s and segment.start_s < window.end_s
    ]
    evidence = key_evidence(window, near)
    evidence[4:8] = 0.0
    return np.log(key_probabilities(evidence, window.duration_s) + 1e-6).astype(np.float32)


def _lasting(spans: Sequence[KeySpan]) -> list[KeySpan]:
    """Spans long and sure enough to be said; what is not goes to the neighbour before, or after at the start."""
    kept: list[KeySpan] = []
    start_s = spans[0].start_s
    for span in spans:
        last = kept[-1] if kept else None
        if span.end_s - span.start_s < LEAST_SPAN_S or span.probability < _least_confidence(last, span):
            if last:
                kept[-1] = replace(last, end_s=span.end_s)
        elif last and last.key == span.key:
            kept[-1] = replace(last, end_s=span.end_s, probability=max(last.probability, span.probability))
        else:
            kept.append(replace(span, start_s=last.end_s if last else start_s))
    return kept


def _least_confidence(before: KeySpan | None, span: KeySpan) -> float:
    """Relative and parallel keys share so much that a move between them must be beyond doubt."""
    if before is None or before.key // 12 == span.key // 12:
        return LEAST_SPAN_CONFIDENCE
    major, minor = sorted((before.key, span.key))
    return LEAST_KIN_CONFIDENCE if (minor - 12 - major) % 12 in (0, 9) else LEAST_SPAN_CONFIDENCE


def _key_fact(name: str, span: KeySpan) -> Fact:
    return Fact(
        name, "key", key_name(span.key), "", round(span.probability, 3), SOURCE, span.start_s, span.end_s
    )


def _tuning(frames: Frames) -> list[Fact]:
    """The deviation from A = 440 Hz, where the spectral peaks agree on one."""
    deviations = frames["tuning"].values.astype(np.float64)
    heard = np.hypot(deviations[:, 0], deviations[:, 1]) > 0
    if heard.sum() < 20:
        return []
    mean = deviations[heard].mean(axis=0)
    agreement = float(np.hypot(*mean))
    if agreement < CLEAR_TUNING:
        return []
    cents = round(cents_of(mean), 1)
    return [
        Fact(
            "tuning",
            "tuning",
            cents,
            "cents",
            round(min(1.0, agreement), 3),
            "peaks",
            frames.start_s,
            frames.end_s,
        )
    ]
