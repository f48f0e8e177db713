"""What finds the tempo best: the beat network with or without its choice of level, or onsets alone; and the metre.

    python benchmarks/rhythm.py --cache CACHE --fretsonfire /usr/share/games/fretsonfire/data/songs

On the frozen test seeds and on the Frets on Fire songs, on which nothing was fitted. "Accuracy 1" is the share of
recordings whose tempo is within 4 % of the truth, "accuracy 2" also takes half, double, a third and three times.
`benchmarks/facts.py` sets the shipped answers beside those of other programs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from linernotes.audio import decode
from linernotes.clip import Fact
from linernotes.datasets.rendered import FROZEN_TEST_SEEDS, render_set
from linernotes.features.frames import Frames, Series
from linernotes.features.rhythm.beat_level import LevelWeights, beats_of_pulses
from linernotes.features.rhythm.beats import BeatDecoder, BeatModel, beat_positions, beat_times
from linernotes.features.rhythm.beats_net import RATE_HZ, SAMPLE_RATE, BeatNet, spectral_features
from linernotes.features.rhythm.local_tempo import dominant_bpm, local_tempo
from linernotes.features.rhythm.metre import estimate_metre
from linernotes.features.rhythm.onsets import onset_filters
from linernotes.features.rhythm.tempo import estimate_tempo

TOLERANCE = 0.04
LEVELS = (1.0, 2.0, 0.5, 3.0, 1 / 3)
PULSE_ONLY = LevelWeights(0, 0, 0, 0, 0, 1, 0, 0)
"""Level weights under which the decoded pulse is always the beat."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """One recording: its truth and what the network and the onsets gave."""

    name: str
    group: str
    bpm: float
    metre: str
    activation: Floats  # (frames, 2)
    onset_bands: Floats  # (frames, 5)


def hear(name: str, group: str, bpm: float, metre: str, waveform: Callable[[], Floats], cache: Path) -> Heard:
    """Run the network, or read what it gave last time."""
    kept = cache / f"rhythm-{name}.npz"
    if not kept.is_file():
        features = spectral_features(waveform())
        onset_bands = features[:, features.shape[1] // 2 :] @ onset_filters()
        np.savez(kept, activation=BeatNet().activation(features)[:, :2], onset_bands=onset_bands)
    with np.load(kept) as found:
        return Heard(name, group, bpm, metre, found["activation"], found["onset_bands"])


def frozen_pieces(count: int, cache: Path) -> Iterator[Heard]:
    """The first `count` frozen test pieces."""
    for item in render_set(list(FROZEN_TEST_SEEDS)[:count], cache):
        piece, path = item.piece, item.audio_path
        name = f"{piece.seed:06d}"
        read = lambda path=path: decode(path, SAMPLE_RATE).waveform  # noqa: E731
        yield hear(name, "rendered", piece.tempo_bpm, piece.metre, read, cache)


def songs(folder: Path, cache: Path) -> Iterator[Heard]:
    """Frets on Fire songs: the mix of backing and guitar, and the tempo that holds longest in the tempo map."""
    for notes in sorted(folder.glob("*/*/notes.mid")):
        read = lambda notes=notes: mixed(notes.parent)  # noqa: E731
        yield hear(notes.parent.name.replace(" ", "_"), "songs", dominant_of(notes), "4/4", read, cache)


def mixed(folder: Path) -> Floats:
    """Sum of a song's stems, mono at the network's rate, (samples,)."""
    stems = []
    for stem in ("song.ogg", "guitar.ogg"):
        waveform, rate = soundfile.read(folder / stem, dtype="float32", always_2d=True)
        stems.append(soxr.resample(waveform.mean(axis=1), rate, SAMPLE_RATE))
    total = np.zeros(max(map(len, stems)), np.float32)
    for waveform in stems:
        total[: len(waveform)] += waveform
    return total


def dominant_of(midi: Path) -> float:
    """The tempo of a MIDI file that holds longest, in BPM."""
    import mido

    file = mido.MidiFile(midi)
    tempo, seconds = 500_000, {}
    for message in mido.merge_tracks(file.tracks):
        passed = mido.tick2second(message.time, file.ticks_per_beat, tempo)
        seconds[tempo] = seconds.get(tempo, 0.0) + passed
        if message.type == "set_tempo":
            tempo = message.tempo
    return 60e6 / max(seconds, key=lambda one: seconds[one])


def frames_of(heard: Heard, weights: LevelWeights) -> Frames:
    """What the listener gives to the estimators under some level weights."""
    decoder = BeatDecoder(BeatModel())
    decoder.push(heard.activation.sum(axis=1))
    beats = beats_of_pulses(decoder.finish(), heard.activation, heard.onset_bands, weights)
    count = len(heard.activation)
    series = {
        "beat_activation": Series(heard.activation, RATE_HZ),
        "onset_strength": Series(heard.onset_bands.mean(axis=1), RATE_HZ),
        "beat_position": Series(beat_positions(beats, count), RATE_HZ),
    }
    return Frames(0.0, count / RATE_HZ, series)


def bpm_of_beats(heard: Heard, weights: LevelWeights) -> float:
    times_s = beat_times(frames_of(heard, weights))
    return dominant_bpm(local_tempo(times_s)) if len(times_s) > 1 else 0.0


def bpm_of_onsets(heard: Heard) -> float:
    """Autocorrelation of onset strength at a period and twice it, under the log-normal prior of Ellis (2007)."""
    onsets = heard.onset_bands.mean(axis=1).astype(np.float64)
    onsets -= onsets.mean()
    spectrum = np.abs(np.fft.rfft(onsets, 2 * len(onsets))) ** 2
    correlation = np.fft.irfft(spectrum)[: int(6 * RATE_HZ)]
    bpm = 40.0 * 2.0 ** (np.arange(0, 2.6, 1 / 120))
    lags = 60.0 * RATE_HZ / bpm
    strength = sum(np.interp(k * lags, np.arange(len(correlation)), correlation) / k for k in (1, 2))
    prior = np.exp(-0.5 * (np.log2(bpm / 120.0) / 0.9) ** 2)
    return float(bpm[np.argmax(np.maximum(strength, 0) * prior)])


METHODS: Mapping[str, Callable[[Heard], float]] = {
    "beat network, level chosen (shipped)": lambda heard: bpm_of_beats(heard, LevelWeights()),
    "beat network, pulse as decoded": lambda heard: bpm_of_beats(heard, PULSE_ONLY),
    "onset autocorrelation": bpm_of_onsets,
}


def report_tempo(heard: list[Heard]) -> None:
    print("| method | set | n | accuracy 1 | accuracy 2 |\n|---|---|---|---|---|")
    truth = np.array([item.bpm for item in heard])
    groups = np.array([item.group for item in heard])
    for name, method in METHODS.items():
        ratio = np.array([method(item) for item in heard]) / truth
        close = np.abs(ratio[:, None] / np.array(LEVELS) - 1) < TOLERANCE
        for group in dict.fromkeys(groups):
            own = close[groups == group]
            print(
                f"| {name} | {group} | {len(own)} | {own[:, 0].mean():.3f} | {own.any(axis=1).mean():.3f} |"
            )


def report_facts(heard: list[Heard]) -> None:
    """Calibration of stated tempi, and precision and recall of stated metres."""
    stated: list[tuple[Heard, dict[str, Fact]]] = []
    for item in heard:
        frames = frames_of(item, LevelWeights())
        facts = [*estimate_metre(frames), *estimate_tempo(frames)]
        stated.append((item, {fact.id: fact for fact in facts}))
    confidence = np.array([facts["tempo"].confidence if "tempo" in facts else 0.0 for _, facts in stated])
    right = np.array([_is_right(item, facts.get("tempo")) for item, facts in stated])
    for low, high in ((0, 0.3), (0.3, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 1.01)):
        at = (confidence >= low) & (confidence < high)
        if at.any():
            said = f"said {confidence[at].mean():.2f}, is {right[at].mean():.2f}" if low else "not stated"
            print(f"tempo confidence {low:.1f}-{min(high, 1.0):.1f}: n {at.sum()}, {said}")
    for metre in ("4/4", "3/4", "6/8"):
        own = [facts for item, facts in stated if item.metre == metre]
        named = [item for item, facts in stated if "metre" in facts and facts["metre"].value == metre]
        hits = sum("metre" in facts and facts["metre"].value == metre for facts in own)
        print(f"metre {metre}: n {len(own)}, stated {len(named)} times, {hits} of them right")


def _is_right(item: Heard, tempo: Fact | None) -> bool:
    return tempo is not None and abs(float(tempo.value) / item.bpm - 1) < TOLERANCE


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=len(FROZEN_TEST_SEEDS))
    parser.add_argument("--fretsonfire", type=Path)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    heard = list(frozen_pieces(options.pieces, options.cache))
    if options.fretsonfire:
        heard += songs(options.fretsonfire, options.cache)
    report_tempo(heard)
    report_facts([item for item in heard if item.group == "rendered"])
    for item in heard:
        if item.group == "songs":
            print(f"{item.name}: {item.bpm:.1f}, heard {bpm_of_beats(item, LevelWeights()):.1f}")


if __name__ == "__main__":
    main()
