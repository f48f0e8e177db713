"""Who takes the voice out of a mix: Demucs by name or folder, or the offline stand-in; each says its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from linernotes.audio import Audio
from linernotes.building.singing.demucs_weights import EXTRA, fingerprint_of, load_by_name, load_from_folder
from linernotes.building.singing.masking import SAMPLE_RATE, vocals_of
from linernotes.registry import need_extra

Floats = NDArray[np.float32]

STAND_IN = "melody-comb"
DEMUCS = "demucs"
FORMS = "melody-comb, demucs:NAME (as demucs:htdemucs) or demucs:FOLDER"
BLOCK_S = 30.0
DEMUCS_MODEL = "htdemucs"


class Demixer(Protocol):
    """Takes the voice out of a recording."""

    @property
    def name(self) -> str:
        """What made the voice, as manifests say it."""
        ...

    def __call__(self, audio: Audio) -> Audio:
        """The voice of a mix, as long as the mix, at whatever rate suits the method."""
        ...


class MelodyComb:
    """The stand-in (`masking`): follows the melody block by block and keeps its harmonics."""

    name = "melody-comb 2 (stand-in)"

    def __call__(self, audio: Audio) -> Audio:
        """The voice at 16 kHz."""
        waveform = at_rate(audio, SAMPLE_RATE)
        length = round(BLOCK_S * SAMPLE_RATE)
        pieces = [
            vocals_of(part).vocals
            for first in range(0, max(1, len(waveform)), length)
            if len(part := waveform[first : first + length])
        ]
        return Audio(np.concatenate([np.zeros(0, np.float32), *pieces]), SAMPLE_RATE)


class Demucs:
    """A model of the package demucs: `which` is a name (weights are fetched once) or a folder (`demucs_weights`).

    Used as its own `Separator` does it, but for the random shifts: the same track gives the same voice.

    Raises:
        MissingExtraError: demucs is not installed.
        ValueError: there is no such model.
    """

    def __init__(self, which: str = DEMUCS_MODEL) -> None:
        folder = Path(which)
        if folder.is_dir():
            self._model: Any = load_from_folder(folder)
            self.name = f"{DEMUCS} {folder.name} ({fingerprint_of(folder)})"
        else:
            self._model = load_by_name(which)
            self.name = f"{DEMUCS} {which}"

    def __call__(self, audio: Audio) -> Audio:
        """The voice at the model's rate, mono; on a GPU where there is one."""
        torch, apply = need_extra("torch", EXTRA), need_extra("demucs.apply", EXTRA)
        rate = int(self._model.samplerate)
        mono = torch.from_numpy(at_rate(audio, rate).copy())
        mean, spread = mono.mean(), mono.std() + 1e-8
        stereo = ((mono - mean) / spread)[None, None].repeat(1, int(self._model.audio_channels), 1)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        with torch.no_grad():
            sources = apply.apply_model(self._model, stereo, shifts=0, device=device)[0]
        vocals = sources[list(self._model.sources).index("vocals")].mean(dim=0) * spread
        return Audio(vocals.numpy().astype(np.float32), rate)


def load_demixer(where: str) -> Demixer:
    """The demixer that a person names (`FORMS`).

    Raises:
        ValueError: it is none of these.
        MissingExtraError: its package is not installed.
    """
    kind, _, rest = where.partition(":")
    if where == STAND_IN:
        return MelodyComb()
    if kind == DEMUCS:
        return Demucs(rest or DEMUCS_MODEL)
    raise ValueError(f"{where!r} is no demixer: give {FORMS}")


def at_rate(audio: Audio, sample_rate: int) -> Floats:
    """The samples of a recording at another rate, (samples,)."""
    if audio.sample_rate == sample_rate:
        return audio.waveform
    return np.asarray(soxr.resample(audio.waveform, audio.sample_rate, sample_rate, quality="HQ"), np.float32)
