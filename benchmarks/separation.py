"""How well the voice is taken out of a mix, and how fast.

    python benchmarks/separation.py sung --limit 60                  # a corpus of `linernotes singing render`
    python benchmarks/separation.py --mix mix.wav --vocals vocals.wav   # one recording whose voice is at hand
    python benchmarks/separation.py sung --limit 60 --network spleeter32.onnx   # and by other weights
    python benchmarks/separation.py sung --limit 60 --level -30 --level -12     # and shown louder or quieter

SDR in dB against the clean stem (energy of the stem over that of what differs), at 16 kHz and in mono; the mix
itself stands beside it, taken for the voice. Other weights, such as those of `convert_spleeter.py --bits 32`,
are compared on the same clips in the same run. Times are of one thread, decoding not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linernotes import audio
from linernotes.audio import Audio
from linernotes.building.singing import spleeter
from linernotes.building.singing.classes import level_db
from linernotes.manifest import audio_file, read_manifest
from linernotes.networks import open_network

Floats = NDArray[np.float32]
STEM_RATE = 16_000


def pairs(corpus: Path, limit: int) -> Iterator[tuple[Audio, Floats]]:
    """Mix at 44.1 kHz and clean stem (samples,) at `STEM_RATE` of every clip."""
    for number, clip in enumerate(read_manifest(corpus / "manifest.jsonl")):
        if number == limit:
            return
        mix, stem = (audio_file(str(path), corpus) for path in (clip.audio_path, clip.extra["vocals_path"]))
        yield audio.decode(mix, spleeter.SAMPLE_RATE), audio.decode(stem, STEM_RATE).waveform


def sdr_db(stem: Floats, found: Floats) -> float:
    length = min(len(stem), len(found))
    stem, found = stem[:length].astype(np.float64), found[:length].astype(np.float64)
    return float(10 * np.log10((stem**2).sum() / ((stem - found) ** 2).sum()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--mix", type=Path)
    parser.add_argument("--vocals", type=Path)
    parser.add_argument("--network", type=Path, help="other weights to compare with")
    parser.add_argument("--level", type=float, action="append", default=[], help="RMS to show recordings at")
    arguments = parser.parse_args()
    if arguments.corpus:
        recordings = list(pairs(arguments.corpus, arguments.limit))
    elif arguments.mix and arguments.vocals:
        mix = audio.decode(arguments.mix, spleeter.SAMPLE_RATE)
        recordings = [(mix, audio.decode(arguments.vocals, STEM_RATE).waveform)]
    else:
        parser.error("give a corpus, or --mix and --vocals")
    shipped = partial(open_network, "spleeter.onnx")
    ways = {"as shipped": (shipped, spleeter.LEVEL_DB)}
    if arguments.network:
        ways[arguments.network.name] = (partial(open_network, arguments.network), spleeter.LEVEL_DB)
    ways |= {f"shown at {level:g} dBFS": (shipped, level) for level in arguments.level}
    rows: dict[str, list[tuple[float, float]]] = {"the mix itself": []}
    spent_s = dict.fromkeys(ways, 0.0)
    for mix, stem in recordings:
        heard = mix.at_rate(STEM_RATE)
        rows["the mix itself"].append((sdr_db(stem, heard), level_db(heard) - level_db(stem)))
    for name, (opened, level_shown_db) in ways.items():
        session, spleeter.LEVEL_DB = opened(), level_shown_db
        spleeter._network = lambda session=session: session
        for mix, stem in recordings:
            begun = time.process_time()
            voice = spleeter.Spleeter()(mix)
            spent_s[name] += time.process_time() - begun
            found = voice.at_rate(STEM_RATE)
            rows.setdefault(name, []).append((sdr_db(stem, found), level_db(found) - level_db(stem)))
    total_s = sum(len(mix.waveform) / mix.sample_rate for mix, _ in recordings)
    print(f"{len(recordings)} recordings, {total_s:.0f} s\n")
    print("| voice by | SDR, median | SDR, mean | level off, mean | spread | s per minute |")
    print("|---|---|---|---|---|---|")
    for name, found_rows in rows.items():
        sdr, off = np.array(found_rows).T
        speed = f"{60 * spent_s[name] / total_s:.2f}" if name in spent_s else ""
        print(
            f"| {name} | {np.median(sdr):.2f} dB | {sdr.mean():.2f} dB | {off.mean():+.2f} dB | "
            f"{off.std():.2f} dB | {speed} |"
        )


if __name__ == "__main__":
    main()
