"""Accuracy of key, chords and tuning on rendered pieces, by mir_eval's measures.

    python benchmarks/harmony.py --audio FOLDER                            # the frozen test set, seeds 0 to 239
    python benchmarks/harmony.py --audio FOLDER --seeds 100000 100100      # development pieces

FOLDER is where `render_set` puts its pieces; what is missing there is rendered first. With --alternatives the same
pieces are heard by librosa (chroma and published key profiles, triad templates) and libsonare, where installed.
Needs the [render] and [mir] extras.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mir_eval
import numpy as np
import soundfile
import soxr

from linernotes.clip import Fact
from linernotes.datasets.rendered.library import FROZEN_TEST_SEEDS, RenderedPiece, render_set
from linernotes.features.frames import Frames
from linernotes.features.harmony.chords import estimate_chords
from linernotes.features.harmony.chroma import SAMPLE_RATE, ChromaListener
from linernotes.features.harmony.key import estimate_key


@dataclass(frozen=True, slots=True)
class Chord:
    """A label in Harte's syntax over its span."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Guess:
    """What a method says of a recording; None and nothing where it is silent."""

    key: str | None
    key_confidence: float
    chords: Sequence[Chord]
    tuning_cents: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Scores of one piece."""

    piece: RenderedPiece
    key_score: float
    key_confidence: float
    majmin: float
    thirds: float
    root: float
    sevenths: float
    tuning_error_cents: float


def hear(path: Path) -> Guess:
    """What linernotes says."""
    waveform, rate = soundfile.read(path, dtype="float32", always_2d=True)
    listener = ChromaListener()
    listener.push(soxr.resample(waveform.mean(axis=1), rate, SAMPLE_RATE).astype(np.float32))
    frames = Frames(0.0, len(waveform) / rate, listener.finish())
    facts = {fact.id: fact for fact in estimate_key(frames)}
    chords = [fact for fact in estimate_chords(frames) if fact.name == "chord"]
    key, tuning = facts.get("key"), facts.get("tuning")
    return Guess(
        str(key.value) if key else None,
        key.confidence if key else 0.0,
        [_chord(fact) for fact in chords],
        float(tuning.value) if tuning else None,
    )


def _chord(fact: Fact) -> Chord:
    return Chord(str(fact.value), fact.start_s, fact.end_s)


def score(piece: RenderedPiece, guess: Guess) -> Result:
    """mir_eval's weighted key score and chord overlaps over the chords of the piece."""
    truth = piece.piece
    spans = truth.chords
    reference = np.array([[span.start_s, span.end_s] for span in spans]), [span.label for span in spans]
    chords = guess.chords or [Chord("N", 0.0, truth.duration_s)]
    estimate = np.array([[chord.start_s, chord.end_s] for chord in chords]), [chord.label for chord in chords]
    overlaps = mir_eval.chord.evaluate(*reference, *estimate)
    key_score = mir_eval.key.weighted_score(truth.key, guess.key) if guess.key else 0.0
    error = np.nan if guess.tuning_cents is None else abs(guess.tuning_cents - truth.tuning_cents)
    return Result(
        piece,
        key_score,
        guess.key_confidence,
        *(overlaps[name] for name in ("majmin", "thirds", "root", "sevenths")),
        error,
    )


def table(name: str, results: Sequence[Result]) -> None:
    """Means with 95 % intervals (bootstrap over pieces)."""
    print(f"\n{name}, {len(results)} pieces")
    for field in ("key_score", "majmin", "root", "thirds", "sevenths"):
        values = np.array([getattr(result, field) for result in results])
        generator = np.random.default_rng(0)
        means = generator.choice(values, (1000, len(values))).mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        print(f"  {field:10s} {values.mean():.3f}  [{low:.3f}, {high:.3f}]")
    exact = np.array([result.key_score == 1.0 for result in results])
    confidence = np.array([result.key_confidence for result in results])
    print(f"  key exactly right {exact.mean():.3f}, mean confidence {confidence.mean():.3f}")
    errors = np.array([result.tuning_error_cents for result in results])
    if np.isfinite(errors).any():
        stated = np.isfinite(errors)
        print(f"  tuning stated {stated.mean():.2f}, median error {np.nanmedian(errors):.1f} cents")
        print(f"  tuning within 10 cents where stated {np.mean(errors[stated] <= 10):.3f}")


def by_genre(results: Sequence[Result]) -> None:
    """The two target scores of each genre."""
    for genre in sorted({result.piece.piece.genre for result in results}):
        chosen = [result for result in results if result.piece.piece.genre == genre]
        key, majmin = np.mean([r.key_score for r in chosen]), np.mean([r.majmin for r in chosen])
        print(f"  {genre:18s} n {len(chosen):3d}  key {key:.3f}  majmin {majmin:.3f}")


def calibration(results: Sequence[Result]) -> None:
    """How often the key is right, by the confidence that was stated."""
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01)):
        chosen = [result for result in results if low <= result.key_confidence < high]
        if chosen:
            right = np.mean([result.key_score == 1.0 for result in chosen])
            print(f"  confidence {low:.2f} to {high:.2f}: {len(chosen):3d} pieces, right {right:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--audio", type=Path, required=True)
    parser.add_argument(
        "--seeds", type=int, nargs=2, default=(FROZEN_TEST_SEEDS.start, FROZEN_TEST_SEEDS.stop)
    )
    parser.add_argument("--alternatives", action="store_true")
    options = parser.parse_args()
    pieces = render_set(range(*options.seeds), options.audio)
    methods: dict[str, Callable[[Path], Guess]] = {"linernotes": hear}
    if options.alternatives:
        from harmony_alternatives import ALTERNATIVES

        methods |= ALTERNATIVES
    for name, method in methods.items():
        results = [score(piece, method(piece.audio_path)) for piece in pieces]
        table(name, results)
        if name == "linernotes":
            by_genre(results)
            calibration(results)


if __name__ == "__main__":
    main()
