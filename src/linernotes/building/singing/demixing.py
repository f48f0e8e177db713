"""Who takes the voice out of a mix: Spleeter, which ships, or Demucs by name or folder; each says its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from linernotes.audio import Audio
from linernotes.building.singing.demucs_weights import EXTRA, fingerprint_of, load_by_name, load_from_folder
from linernotes.building.singing.spleeter import Spleeter
from linernotes.registry import need_extra

SPLEETER = "spleeter"
DEMUCS = "demucs"
FORMS = "spleeter, demucs:NAME (as demucs:htdemucs) or demucs:FOLDER"
DEMUCS_MODEL = "htdemucs"
VOICE_RATE = 16_000


class Demixer(Protocol):
    """Takes the voice out of a recording."""

    @property
    def name(self) -> str:
        """What made the voice, as manifests say it."""
        ...

    def __call__(self, audio: Audio) -> Audio:
        """The voice of a mix, as long as the mix, at whatever rate suits the method."""
        ...


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
        mono = torch.from_numpy(audio.at_rate(rate).copy())
        mean, spread = mono.mean(), mono.std() + 1e-8
        stereo = ((mono - mean) / spread)[None, None].repeat(1, int(self._model.audio_channels), 1)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        with torch.no_grad():
            sources = apply.apply_model(self._model, stereo, shifts=0, device=device)[0]
        vocals = sources[list(self._model.sources).index("vocals")].mean(dim=0) * spread
        return Audio(vocals.numpy().astype(np.float32), rate)


def voice_of(demixer: Demixer, mix: Audio) -> Audio:
    """The voice of a mix at the rate at which voices are measured, `VOICE_RATE`."""
    return Audio(demixer(mix).at_rate(VOICE_RATE), VOICE_RATE)


def load_demixer(where: str) -> Demixer:
    """The demixer that a person names (`FORMS`).

    Raises:
        ValueError: it is none of these.
        MissingExtraError: its package is not installed.
    """
    kind, _, rest = where.partition(":")
    if where == SPLEETER:
        return Spleeter()
    if kind == DEMUCS:
        return Demucs(rest or DEMUCS_MODEL)
    raise ValueError(f"{where!r} is no demixer: give {FORMS}")
