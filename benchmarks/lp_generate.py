"""Captions a second of LP-MusicCaps on one thread, beside a plain use of transformers with the same weights.

    python benchmarks/lp_generate.py --out docs/benchmarks/lp-generate.md

BART-base size (6 + 6 layers, 768, 50,265 tokens), random weights that are sure of what they say, 5 hypotheses, 64
tokens whether or not a caption would end sooner. From the spectrograms to token ids, for one clip of 10 s and for
the 18 windows of a recording of 3 min. PyTorch is set to one thread, and ONNX Runtime's sessions have one. The
baseline hands the audio's embeddings to `model.generate(inputs_embeds=...)`, as the authors' code does. Systems
take turns within a round, so that what else the machine does slows them alike; medians over the rounds count, and
ratios are medians of the rounds' ratios. The ids must be those of the baseline in every float32 system, or nothing
is reported. About six minutes where something else runs too.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from linernotes.decoding import DecodingOptions
from linernotes.encoders.audio_encoder import AudioEmbeddings
from linernotes.models.exported import ExportedPieces, load_exported
from linernotes.models.lp_musiccaps import LpMusicCaps, LpMusicCapsConfig
from linernotes.models.lp_musiccaps.bart import new_bart
from linernotes.models.lp_musiccaps.config import BartSizes
from linernotes.models.lp_musiccaps.writing import write_ids
from linernotes.models.onnx_export import TrainedAs, export_onnx
from linernotes.models.subwords import train_subwords

BEAMS, TOKENS = 5, 64
VOCABULARY = 50_265
CLIP_S, WINDOWS = 10.0, 18
BASELINE = "transformers `generate`"
Ids = list[list[int]]


@dataclass(frozen=True)
class System:
    """Something that turns spectrograms into token ids."""

    name: str
    write: Callable[[Sequence[np.ndarray]], Ids]
    exact: bool = True


@dataclass(frozen=True)
class Row:
    """One system on one amount of audio."""

    system: str
    seconds: float
    captions_per_s: float
    ratio: float
    equal_tokens: float
    """Share of the baseline's tokens that stand at the same place."""
    different_tokens: int
    """How many tokens of the vocabulary it wrote."""


@dataclass(frozen=True)
class Table:
    """All systems on some windows."""

    windows: int
    rows: Sequence[Row]


def main() -> None:
    """Measure, print the tables and write them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="Markdown file to write.")
    parser.add_argument("--rounds", type=int, nargs=2, default=(3, 2), help="For one clip and for 18.")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    load = os.getloadavg()[0]
    model = sure_model()
    with tempfile.TemporaryDirectory() as scratch, torch.inference_mode():
        systems, sizes = all_systems(model, Path(scratch))
        clips = spectrograms(model, WINDOWS)
        tables = [
            Table(count, measured(systems, clips[:count], rounds))
            for count, rounds in zip((1, WINDOWS), arguments.rounds, strict=True)
        ]
        off = int8_difference(model, Path(scratch), clips)
    text = report(tables, sizes, off, load)
    print(text)
    if arguments.out:
        arguments.out.write_text(text)


def sure_model() -> LpMusicCaps:
    """BART-base size, random weights: long embeddings to be sure of a token, long positions to change it."""
    torch.manual_seed(0)
    subwords = train_subwords(["A low hum, long."], 300)
    bart = new_bart(BartSizes(dropout=0.0), subwords)
    bart.resize_token_embeddings(VOCABULARY, mean_resizing=False)
    model = LpMusicCaps(LpMusicCapsConfig(), subwords, bart).eval()
    with torch.no_grad():
        for weight in bart.parameters():
            if weight.ndim > 1:
                weight *= 1.2
        bart.model.shared.weight.normal_(std=0.12)
        bart.model.decoder.embed_positions.weight.normal_(std=1.0)
    return model


def spectrograms(model: LpMusicCaps, count: int) -> list[np.ndarray]:
    """Of noise that swells and fades in a way of its own for each window, (1001, 128)."""
    dice = np.random.default_rng(0)
    samples = round(CLIP_S * model.sample_rate)
    t = np.arange(samples) / samples
    waves = [dice.normal(0, 0.1, samples) * (1 + np.sin(2 * np.pi * (n + 1) * t)) for n in range(count)]
    waveforms = torch.from_numpy(np.stack(waves).astype(np.float32))
    return list(model.encode(waveforms, torch.full((count,), samples)).states.numpy())


def all_systems(model: LpMusicCaps, scratch: Path) -> tuple[list[System], Mapping[str, float]]:
    """The baseline first, and the size of each exported folder in MB."""
    options = DecodingOptions(beams=BEAMS, max_tokens=TOKENS, min_tokens=TOKENS)
    about = TrainedAs("lp-musiccaps", "random", options, (), {})
    sizes = {}
    systems = [
        System(BASELINE, lambda clips: by_transformers(model, clips)),
        System("linernotes, PyTorch", lambda clips: by_pytorch(model, clips, options)),
    ]
    for name, int8 in (("linernotes, ONNX float32", False), ("linernotes, ONNX int8", True)):
        folder = scratch / ("int8" if int8 else "float32")
        sizes[name] = export_onnx(model, about, folder, int8=int8).size_bytes / 1e6
        loaded = load_exported(folder)
        assert isinstance(loaded, ExportedPieces)
        systems.append(System(name, by_onnx(loaded, options), exact=not int8))
    return systems, sizes


def by_transformers(model: LpMusicCaps, clips: Sequence[np.ndarray]) -> Ids:
    """What one would write with the documentation at hand."""
    network, config = model.network, model.network.bart.config
    heard = network.audio_encoder.embed(AudioEmbeddings.of_clips([torch.from_numpy(clip) for clip in clips]))
    ids = network.bart.generate(
        inputs_embeds=heard.states,
        attention_mask=heard.mask.long(),
        num_beams=BEAMS,
        do_sample=False,
        early_stopping=False,
        min_new_tokens=TOKENS,
        max_new_tokens=TOKENS + 1,
        forced_eos_token_id=config.eos_token_id,
    )
    return [row[1 : TOKENS + 1] for row in ids.tolist()]


def by_pytorch(model: LpMusicCaps, clips: Sequence[np.ndarray], options: DecodingOptions) -> Ids:
    """Our search over the same modules."""
    heard = model.network.listen(AudioEmbeddings.of_clips([torch.from_numpy(clip) for clip in clips]))
    return write_ids(model.network.bart, heard, options)


def by_onnx(loaded: ExportedPieces, options: DecodingOptions) -> Callable[[Sequence[np.ndarray]], Ids]:
    """Our search over exported graphs."""
    return lambda clips: loaded.write_ids([loaded.hear_rows(clip) for clip in clips], options)


def measured(systems: Sequence[System], clips: Sequence[np.ndarray], rounds: int) -> list[Row]:
    """All systems in turn, round after round."""
    times: dict[str, list[float]] = {system.name: [] for system in systems}
    found: dict[str, Ids] = {}
    for _ in range(rounds):
        for system in systems:
            started = time.perf_counter()
            found[system.name] = system.write(clips)
            times[system.name].append(time.perf_counter() - started)
            print(
                f"{len(clips)} x {system.name}: {times[system.name][-1]:.2f} s", file=sys.stderr, flush=True
            )
    expected = found[BASELINE]
    for system in systems:
        if system.exact and found[system.name] != expected:
            raise SystemExit(f"{system.name} wrote other tokens than {BASELINE}: nothing is reported")
    return [
        Row(
            system.name,
            statistics.median(times[system.name]),
            len(clips) / statistics.median(times[system.name]),
            statistics.median(b / a for a, b in zip(times[system.name], times[BASELINE], strict=True)),
            float(np.mean(np.array(found[system.name]) == np.array(expected))),
            len(np.unique(found[system.name])),
        )
        for system in systems
    ]


@dataclass(frozen=True)
class Int8Difference:
    """What eight bits change along the captions that float32 writes."""

    nats_per_token: float
    """Mean absolute change of a token's log-probability."""
    nats_of_all: float
    """Mean change of it: below zero where int8 finds the captions less likely."""
    same_best: float
    """Share of the places at which both find the same token likeliest."""


def int8_difference(model: LpMusicCaps, scratch: Path, clips: Sequence[np.ndarray]) -> Int8Difference:
    """Float32 and int8 read the same greedy captions of some clips."""
    options = DecodingOptions(beams=1, max_tokens=TOKENS, min_tokens=TOKENS)
    some = clips[:6]
    fine, coarse = load_exported(scratch / "float32"), load_exported(scratch / "int8")
    assert isinstance(fine, ExportedPieces)
    assert isinstance(coarse, ExportedPieces)
    heard = [fine.hear_rows(clip) for clip in some]
    rows = np.array(fine.write_ids(heard, options))
    expected = read_along(fine, heard, rows)
    found = read_along(coarse, [coarse.hear_rows(clip) for clip in some], rows)
    said = np.take_along_axis(found, rows[..., None], 2) - np.take_along_axis(expected, rows[..., None], 2)
    return Int8Difference(
        float(np.abs(said).mean()), float(said.mean()), float((found.argmax(2) == expected.argmax(2)).mean())
    )


def read_along(loaded: ExportedPieces, heard: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Log-probabilities (clips, time, vocabulary) of what follows each token, the given ones being read."""
    decoder = loaded.decoder(heard)
    state, newest, found = decoder.start, np.full(len(rows), loaded.marks.start), []
    for tokens in rows.T:
        result = decoder(state, newest)
        found.append(result.log_probs)
        state, newest = result.state, tokens
    return np.stack(found, 1)


def report(tables: Sequence[Table], sizes: Mapping[str, float], off: Int8Difference, load: float) -> str:
    """All of it in Markdown."""
    parts = [
        "# LP-MusicCaps: captions a second on one thread\n",
        f"`python benchmarks/lp_generate.py`: BART-base size, random weights, {BEAMS} hypotheses, {TOKENS} forced",
        f"tokens, from spectrograms to token ids, one thread for everything ({platform.machine()}, {processor()};",
        f"PyTorch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}; load of the machine {load:.1f}",
        "at the start). Systems take turns, so that other work slows them alike; medians of the rounds, and of",
        "the rounds' ratios. Every float32 row wrote exactly the tokens of the baseline in this run.\n",
    ]
    for table in tables:
        one = table.windows == 1
        parts.append(f"## {'One clip of 10 s' if one else f'The {table.windows} windows of 3 minutes'}\n")
        parts.append("| system | s | captions/s | x baseline | tokens as the baseline | different tokens |")
        parts.append("|---|---|---|---|---|---|")
        parts += [
            f"| {row.system} | {row.seconds:.2f} | {row.captions_per_s:.3f} | {row.ratio:.2f} "
            f"| {row.equal_tokens:.1%} | {row.different_tokens} |"
            for row in table.rows
        ]
        parts.append("")
    stored = ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items())
    parts += [
        "Keys and values of the sound are computed once a clip and read by its hypotheses together; those of the",
        "past stay where they were written, and a search that reorders hypotheses moves lists of places only.",
        "ONNX Runtime packs the weights once, when it opens the graphs, as its kernels read them.\n",
        "## What eight bits cost\n",
        "Reading the same greedy captions of six clips, int8 changes the log-probability of a token by",
        f"{off.nats_per_token:.3f} nats on average (mean change {off.nats_of_all:+.3f}) and finds the same token",
        f"likeliest at {off.same_best:.1%} of the places. These are random weights: nothing is said here of a",
        "trained model's captions. Where a search takes one other token it goes on in another way. Sums are exact",
        "on processors with VNNI; older x86 processors may cut off the largest.\n",
        f"Size of the folder: {stored}.\n",
    ]
    return "\n".join(parts)


def processor() -> str:
    """Its name where the system tells."""
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown processor"
    return next(
        (line.split(": ")[1] for line in told.splitlines() if line.startswith("model name")), "unknown"
    )


if __name__ == "__main__":
    main()
