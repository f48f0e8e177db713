"""What other methods say of a recording's key and chords, for benchmarks/harmony.py.

librosa: key from its mean chroma by the profiles of Krumhansl and Kessler (1982), chords from triad templates,
smoothed over about a second. libsonare: its own key and chord analysis.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path

import librosa
import libsonare
import numpy as np
from harmony import Chord, Guess, hear
from mir_eval.key import weighted_score
from numpy.typing import NDArray
from scipy.ndimage import median_filter

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
HOP = 2048


def hear_with_librosa(path: Path) -> Guess:
    """Constant-Q chroma of the harmonic part, profiles and templates."""
    waveform, rate = librosa.load(path, sr=22050)
    chroma = librosa.feature.chroma_cqt(y=librosa.effects.harmonic(waveform), sr=rate, hop_length=HOP)
    return Guess(_best_key(chroma.mean(axis=1)), 1.0, _template_chords(chroma, HOP / rate))


def _best_key(strength: NDArray[np.float64]) -> str:
    scores = {
        f"{NAMES[tonic]} {mode}": float(np.corrcoef(np.roll(profile, tonic), strength)[0, 1])
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
        for tonic in range(12)
    }
    return max(scores, key=lambda name: scores[name])


def _template_chords(chroma: NDArray[np.float64], frame_s: float) -> list[Chord]:
    triads = [
        (f"{NAMES[root]}:{quality}", root, third)
        for quality, third in (("maj", 4), ("min", 3))
        for root in range(12)
    ]
    templates = np.zeros((len(triads), 12))
    for row, (_, root, third) in enumerate(triads):
        templates[row, [root, (root + third) % 12, (root + 7) % 12]] = 1 / np.sqrt(3)
    smooth = median_filter(chroma, (1, 11))
    best = (templates @ (smooth / (np.linalg.norm(smooth, axis=0) + 1e-9))).argmax(axis=0)
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    return [Chord(triads[best[first]][0], first * frame_s, last * frame_s) for first, last in pairwise(edges)]


def hear_with_libsonare(path: Path) -> Guess:
    """Key and triads, with the tuning measured from the audio."""
    waveform, rate = librosa.load(path, sr=22050)
    key = libsonare.detect_key(waveform, rate, tuning="auto")
    found = libsonare.detect_chords(waveform, rate, tuning="auto", use_triads_only=True, use_hmm=True)
    chords = []
    for chord in found.chords:
        quality = {"major": "maj", "minor": "min"}.get(chord.quality)
        label = f"{NAMES[int(chord.root)]}:{quality}" if quality else "N"
        if chord.end > chord.start:
            chords.append(Chord(label, chord.start, chord.end))
    return Guess(f"{NAMES[int(key.root)]} {str(key.mode).lower()}", 1.0, chords)


ALTERNATIVES: dict[str, Callable[[Path], Guess]] = {
    "librosa": hear_with_librosa,
    "libsonare": hear_with_libsonare,
}


def main() -> None:
    """Print how well the keys of real recordings, whose truth is unknown, agree between the methods."""
    parser = argparse.ArgumentParser(description="Agreement of keys on recordings: FILE...")
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args()
    methods = {"linernotes": hear} | ALTERNATIVES
    keys = [{name: method(path).key for name, method in methods.items()} for path in options.files]
    for path, said in zip(options.files, keys, strict=True):
        print(path.name, said)
    for one, other in combinations(methods, 2):
        scores = [weighted_score(said[one], said[other]) for said in keys if said[one] and said[other]]
        same = np.mean(np.array(scores) == 1.0)
        print(
            f"{one} and {other}: {len(scores)} recordings, same key {same:.2f}, weighted {np.mean(scores):.2f}"
        )


if __name__ == "__main__":
    main()
