"""Systems that listen to a file: linernotes as installed, and what people would use instead."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path

import numpy as np

from linernotes.clip import Fact
from listening.recordings import Span

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Key profiles of Krumhansl and Kessler (1982)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a system says of a recording; None and nothing where it is silent."""

    tempo_bpm: float | None = None
    metre: str | None = None
    key: str | None = None
    chords: tuple[Span, ...] = ()
    sections: tuple[Span, ...] = ()
    voice: str | None = None
    gender: str | None = None


@lru_cache(maxsize=1)
def _captioner():
    from linernotes.captioner import load_captioner

    return load_captioner(threads=1)


def hear_linernotes(path: Path) -> Heard:
    """The everyday path: everything that `linernotes facts` would say."""
    facts = _captioner().analyse(path).facts
    whole = {fact.id: fact for fact in facts}
    by_name = {}
    for fact in facts:
        by_name.setdefault(fact.name, fact.value)
    return Heard(
        tempo_bpm=by_name.get("tempo"),
        metre=by_name.get("metre"),
        key=whole["key"].value if "key" in whole else by_name.get("key"),
        chords=tuple(
            Span(str(fact.value), fact.start_s, fact.end_s) for fact in facts if fact.name == "chord"
        ),
        sections=tuple(
            Span(str(fact.value), fact.start_s, fact.end_s) for fact in facts if fact.name == "section"
        ),
        voice=by_name.get("voice"),
        gender=by_name.get("singer_gender"),
    )


def _spans(facts: Iterable[Fact], name: str) -> tuple[Span, ...]:
    return tuple(Span(str(fact.value), fact.start_s, fact.end_s) for fact in facts if fact.name == name)


def hear_librosa(path: Path) -> Heard:
    """Beat tracker; mean constant-Q chroma against key profiles; triad templates; agglomerative sections."""
    import librosa
    from scipy.ndimage import median_filter

    waveform, rate = librosa.load(path, sr=22_050)
    tempo = float(np.atleast_1d(librosa.beat.beat_track(y=waveform, sr=rate)[0])[0])
    chroma = librosa.feature.chroma_cqt(y=librosa.effects.harmonic(waveform), sr=rate, hop_length=2048)
    frame_s, duration_s = 2048 / rate, len(waveform) / rate
    smooth = median_filter(chroma, (1, 11))
    best = (_triads() @ (smooth / (np.linalg.norm(smooth, axis=0) + 1e-9))).argmax(axis=0)
    labels = [f"{NAMES[row % 12]}:{'maj' if row < 12 else 'min'}" for row in best]
    edges = librosa.segment.agglomerative(
        np.vstack([chroma, librosa.feature.mfcc(y=waveform, sr=rate, hop_length=2048) / 100]),
        max(1, round(duration_s / 15.0)),
    )
    bounds = [*(float(edge) * frame_s for edge in edges), duration_s]
    return Heard(
        tempo_bpm=tempo if tempo > 0 else None,
        key=_best_key(chroma.mean(axis=1)),
        chords=_runs(labels, frame_s),
        sections=tuple(Span("", start, end) for start, end in pairwise(bounds) if end > start),
    )


def hear_libsonare(path: Path) -> Heard:
    """Its whole analysis, with the tuning measured from the audio."""
    import librosa
    import libsonare

    waveform, rate = librosa.load(path, sr=22_050)
    found = libsonare.analyze(waveform, rate, tuning="auto")
    quality = {"major": "maj", "minor": "min"}
    chords = [
        Span(
            f"{NAMES[int(chord.root)]}:{quality[chord.quality]}" if chord.quality in quality else "N",
            chord.start,
            chord.end,
        )
        for chord in found.chords
        if chord.end > chord.start
    ]
    meter = found.time_signature
    return Heard(
        tempo_bpm=float(found.bpm) or None,
        metre=f"{meter.numerator}/{meter.denominator}",
        key=f"{NAMES[int(found.key.root)]} {str(found.key.mode).lower()}",
        chords=tuple(chords),
        sections=tuple(Span("", section.start, section.end) for section in found.sections),
    )


def hear_essentia(path: Path) -> Heard:
    """RhythmExtractor2013, KeyExtractor with its default profile, and ChordsDetection on HPCP frames."""
    import essentia
    import essentia.standard as es
    import librosa

    essentia.log.infoActive = False
    essentia.log.warningActive = False
    waveform, rate = librosa.load(path, sr=44_100)
    tempo = float(es.RhythmExtractor2013(method="multifeature")(waveform)[0])
    tonic, mode, _ = es.KeyExtractor()(waveform)
    window, spectrum = es.Windowing(type="blackmanharris62"), es.Spectrum()
    peaks = es.SpectralPeaks(magnitudeThreshold=0.00001, maxFrequency=3500, minFrequency=60, maxPeaks=60)
    profile = es.HPCP(size=12, maxFrequency=3500, harmonics=8)
    frames = [
        profile(*peaks(spectrum(window(frame))))
        for frame in es.FrameGenerator(waveform, frameSize=8192, hopSize=2048, startFromZero=True)
    ]
    names, _ = es.ChordsDetection(hopSize=2048, windowSize=1)(essentia.array(frames))
    labels = [f"{name[:-1]}:min" if name.endswith("m") else f"{name}:maj" for name in names]
    return Heard(tempo_bpm=tempo or None, key=f"{tonic} {mode}", chords=_runs(labels, 2048 / rate))


def _triads() -> np.ndarray:
    """Unit templates of the 12 major and the 12 minor triads, (24, 12)."""
    templates = np.zeros((24, 12))
    for row in range(24):
        templates[row, [row % 12, (row + (4 if row < 12 else 3)) % 12, (row + 7) % 12]] = 1 / np.sqrt(3)
    return templates


def _best_key(strength: np.ndarray) -> str:
    scores = {
        f"{NAMES[tonic]} {mode}": np.corrcoef(np.roll(profile, tonic), strength)[0, 1]
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
        for tonic in range(12)
    }
    return max(scores, key=lambda name: scores[name])


def _runs(labels: list[str], frame_s: float) -> tuple[Span, ...]:
    """Equal neighbours as one span."""
    spans: list[Span] = []
    for i, label in enumerate(labels):
        if spans and spans[-1].label == label:
            spans[-1] = Span(label, spans[-1].start_s, (i + 1) * frame_s)
        else:
            spans.append(Span(label, i * frame_s, (i + 1) * frame_s))
    return tuple(spans)


SYSTEMS: dict[str, Callable[[Path], Heard]] = {
    "linernotes": hear_linernotes,
    "librosa": hear_librosa,
    "libsonare": hear_libsonare,
    "essentia": hear_essentia,
}


def installed() -> list[str]:
    """Names of the systems that can run here, linernotes first."""
    return [name for name in SYSTEMS if name == "linernotes" or _version(name)]


@lru_cache(maxsize=8)
def fingerprint(system: str) -> str:
    """What an estimate depends on: the package's version, of linernotes every file that listens."""
    if system != "linernotes":
        return _version(system) or "absent"
    import linernotes

    root = Path(linernotes.__file__).parent
    code = ("audio/*.py", "spectra.py", "captioner.py", "features/**/*.py", "encoders/*.py")
    parts = (*code, "assets/*.onnx", "assets/*.npz", "assets/*.json")
    digest = hashlib.sha256()
    for file in sorted(file for part in parts for file in root.glob(part)):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
