"""Choose the settings of chords, key and tuning on held-out development pieces, and show how calibrated they are.

    python scripts/tune_harmony.py --cache CACHE

Prints what each setting gives; the chosen values stand in `chord_segments.py`, `chord_loop.py`, `key.py`.
Run it after scripts/train_chords.py and scripts/train_key.py.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from harmony_data import Example, frames_of, load_examples
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.harmony import key as key_finding
from linernotes.features.harmony.chord_loop import ChordSpan, find_loop
from linernotes.features.harmony.chord_net import NO_CHORD, QUALITIES
from linernotes.features.harmony.chord_segments import (
    FAMILIES,
    NONE_COST,
    NONE_STATE,
    decode,
    family_logs,
    segment_chords,
)
from linernotes.features.harmony.chroma import RATE_HZ, cents_of

FAMILY_OF = np.array([next(f for f, names in enumerate(FAMILIES) if name in names) for name in QUALITIES])


def true_states(example: Example) -> NDArray[np.int64]:
    """Family state of every frame; -1 where nothing is known."""
    labels = example.frame_labels()
    root, quality = labels // len(QUALITIES), labels % len(QUALITIES)
    states = root * len(FAMILIES) + FAMILY_OF[quality]
    return np.where(labels < 0, -1, np.where(labels == NO_CHORD, NONE_STATE, states))


def chord_settings(examples: list[Example], frames: list[Frames]) -> None:
    """Share of the time with the right triad (major and minor only), and of toneless time called none."""
    truth = np.concatenate([true_states(example) for example in examples])
    triads = (truth >= 0) & (truth < NONE_STATE) & (truth % len(FAMILIES) < 2)
    toneless = truth == NONE_STATE
    print("cost of a change, of rare families, of none: major/minor right, toneless right, chords a piece")
    for change in (1.0, 2.0, 3.0, 4.0, 6.0, 8.0):
        for rare in (0.0, 1.0, 2.0):
            for none in (0.0, 2.0, 3.0):
                paths = []
                for part in frames:
                    logs = family_logs(part["chords"].values.astype(np.float32), (0.0, 0.0, rare, rare + 0.5))
                    logs[:, NONE_STATE] += NONE_COST - none
                    paths.append(decode(logs, change))
                guess = np.concatenate(paths)
                right = np.mean(guess[triads] == truth[triads])
                silent = np.mean(guess[toneless] == NONE_STATE)
                count = np.mean([1 + np.count_nonzero(np.diff(path)) for path in paths])
                print(f"  {change:4.1f} {rare:4.1f} {none:4.1f}: {right:.4f}  {silent:.3f}  {count:.1f}")


def chord_confidence(examples: list[Example], frames: list[Frames]) -> None:
    """How often a frame's triad and its seventh are right, by the stated confidence."""
    rows, sevenths = [], []
    for example, part in zip(examples, frames, strict=True):
        labels = example.frame_labels()
        states = true_states(example)
        for segment in segment_chords(part):
            first, last = int(segment.start_s * RATE_HZ) + 1, int(segment.end_s * RATE_HZ) + 1
            if segment.root < 0 or example.key < 0:
                continue
            family = next(f for f, names in enumerate(FAMILIES) if segment.quality in names)
            for state, label in zip(states[first:last], labels[first:last], strict=True):
                if state >= 0:
                    rows.append((segment.probability, state == segment.root * len(FAMILIES) + family))
                    if segment.quality in ("7", "maj7", "min7"):
                        same = label == segment.root * len(QUALITIES) + QUALITIES.index(segment.quality)
                        sevenths.append(same)
    table = np.array(rows, float)
    print(f"named sevenths right: {np.mean(sevenths):.3f} of {len(sevenths)} frames")
    for low in (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        high = {0.0: 0.3, 0.3: 0.5}.get(low, low + 0.1)
        chosen = (table[:, 0] >= low) & (table[:, 0] < high + (low == 0.9))
        right = table[chosen, 1].mean() if chosen.any() else np.nan
        print(
            f"  chord confidence {low:.1f} to {high:.1f}: right {right:.3f}, {chosen.mean():.3f} of the time"
        )


def key_confidence(examples: list[Example], frames: list[Frames]) -> None:
    """How often the key is right, by the stated confidence, on whole pieces and on the middle 12 s of each."""
    for name, length_s in (("whole", None), ("12 s", 12.0)):
        rows = []
        for example, part in zip(examples, frames, strict=True):
            middle = part.duration_s / 2
            cut = part if length_s is None else part.between(middle - length_s / 2, middle + length_s / 2)
            fact = next((fact for fact in key_finding.estimate_key(cut) if fact.id == "key"), None)
            right = fact is not None and fact.value == key_finding.key_name(example.key)
            rows.append((fact.confidence if fact else 0.0, example.key >= 0 and right, example.key < 0))
        table = np.array(rows, float)
        toneless, tonal = table[table[:, 2] == 1], table[table[:, 2] == 0]
        print(
            f"{name}: key right {tonal[:, 1].mean():.3f}; "
            f"toneless sounds given a key {np.mean(toneless[:, 0] > 0):.3f}"
        )
        for low, high in ((0.0, 0.01), (0.01, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01)):
            chosen = tonal[(tonal[:, 0] >= low) & (tonal[:, 0] < high)]
            if len(chosen):
                print(
                    f"  key confidence {low:.2f} to {high:.2f}: right {chosen[:, 1].mean():.3f} of {len(chosen)}"
                )


def key_changes(examples: list[Example]) -> None:
    """Changes found where two pieces, each played twice, follow one another, and in a piece played four times."""
    tonal = [example for example in examples if example.name.startswith("piece")]
    found = alarms = pairs = 0
    for before, after in zip(tonal[::2], tonal[1::2], strict=False):
        alarms += len(_spans([before] * 4)) > 1
        if before.key == after.key:
            continue
        pairs += 1
        keys = [span.key for span in _spans([before, before, after, after])]
        found += keys == [before.key, after.key]
    print(f"changes of key: exactly right {found} of {pairs}; false alarms {alarms} of {len(tonal) // 2}")


def _spans(parts: list[Example]) -> list[key_finding.KeySpan]:
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("semitones", "level_db", "tuning")
    }
    frames = frames_of(replace(parts[0], **joined))
    return key_finding.key_spans(frames, segment_chords(frames))


def tuning(examples: list[Example], frames: list[Frames]) -> None:
    """Error of the stated tuning, by the agreement of the peaks."""
    means = [part["tuning"].values.astype(float).mean(axis=0) for part in frames]
    agreement = np.array([np.hypot(*mean) for mean in means])
    errors = np.array(
        [cents_of(mean) - example.tuning_cents for mean, example in zip(means, examples, strict=True)]
    )
    tonal = np.array([example.key >= 0 for example in examples])
    for low, high in ((0, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 1)):
        chosen = (agreement >= low) & (agreement < high)
        wrapped = np.abs((errors[chosen & tonal] + 50) % 100 - 50)
        median = np.median(wrapped) if len(wrapped) else np.nan
        close = np.mean(wrapped <= 10) if len(wrapped) else np.nan
        count = np.count_nonzero(chosen & ~tonal)
        print(
            f"  agreement {low:.1f} to {high:.1f}: {len(wrapped)} pieces, median error {median:.1f}, "
            f"within 10 cents {close:.2f}; {count} toneless"
        )


def loops(examples: list[Example], frames: list[Frames]) -> None:
    """Progressions found against those that the true chords contain."""
    same = wrong = missed = invented = 0
    rows: list[tuple[float, bool]] = []
    for example, part in zip(examples, frames, strict=True):
        if example.key < 0:
            continue
        spans = zip(example.states, example.starts_s, example.ends_s, strict=True)
        true = [
            ChordSpan((int(s) // len(QUALITIES), FAMILIES[FAMILY_OF[s % len(QUALITIES)]][0]), a, b)
            for s, a, b in spans
        ]
        heard = [ChordSpan(s.triad, s.start_s, s.end_s) for s in segment_chords(part) if s.root >= 0]
        wanted, found = find_loop(true, part.duration_s), find_loop(heard, part.duration_s)
        right = bool(wanted and found and _turned(wanted.chords, found.chords))
        same += right
        if found:
            rows.append((found.confidence, right))
        wrong += bool(wanted and found and not _turned(wanted.chords, found.chords))
        missed += bool(wanted and not found)
        invented += bool(found and not wanted)
    for low, high in ((0.4, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        chosen = [right for confidence, right in rows if low <= confidence < high]
        if chosen:
            print(f"  loop confidence {low:.1f} to {high:.1f}: right {np.mean(chosen):.2f} of {len(chosen)}")
    print(f"loops: right {same}, another {wrong}, missed {missed}, found where the truth has none {invented}")


def _turned(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and any(one[i:] + one[:i] == other for i in range(len(one)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--chords", action="store_true", help="sweep the chord settings too, which takes a minute"
    )
    options = parser.parse_args()
    examples = load_examples(options.cache, held_out=True)
    frames = [frames_of(example) for example in examples]
    print(f"{len(examples)} held-out examples")
    if options.chords:
        chord_settings(examples, frames)
    chord_confidence(examples, frames)
    key_confidence(examples, frames)
    key_changes(examples)
    tuning(examples, frames)
    loops(examples, frames)


if __name__ == "__main__":
    main()
