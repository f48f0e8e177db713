"""Who tells singers apart: pyannote by name or folder, or the offline default; each labels what it makes."""

from __future__ import annotations

from typing import Any, Protocol

from linernotes.audio import Audio
from linernotes.building.singing.hearing import Turn, sung_parts, turns_by_gender
from linernotes.features.frames import Frames
from linernotes.registry import need_extra

OFFLINE = "gender-turns"
PYANNOTE = "pyannote"
PYANNOTE_MODEL = "pyannote/speaker-diarization-3.1"
FORMS = "gender-turns, pyannote or pyannote:NAME_OR_FOLDER"


class Diariser(Protocol):
    """Says who sings when."""

    @property
    def name(self) -> str:
        """Who says it, for manifests."""
        ...

    def __call__(self, frames: Frames, vocals: Audio) -> list[Turn]:
        """Turns in order, from what was heard of the mix and from its voice."""
        ...


class GenderTurns:
    """The offline default: sung parts, cut where a man and a woman take turns; two men are one to it."""

    name = "gender-turns 1 (offline)"

    def __call__(self, frames: Frames, vocals: Audio) -> list[Turn]:
        """Turns by gender; the voice is not needed."""
        del vocals
        return turns_by_gender(frames, sung_parts(frames))


class Pyannote:
    """pyannote.audio on the voice.

    Raises:
        MissingExtraError: pyannote.audio is not installed.
        ValueError: the pipeline can't be had (its terms have to be accepted on the Hub first).
    """

    def __init__(self, which: str = PYANNOTE_MODEL) -> None:
        pipeline = need_extra("pyannote.audio", "singing-models").Pipeline.from_pretrained(which)
        if pipeline is None:
            raise ValueError(
                f"pyannote gives no pipeline {which!r}: accept its terms on the Hub, or give a folder"
            )
        self._pipeline: Any = pipeline
        self.name = f"pyannote {which}"

    def __call__(self, frames: Frames, vocals: Audio) -> list[Turn]:
        """Turns by the pipeline, less those that overlap another singer's: segments have one singer."""
        del frames
        import torch

        waveform = torch.from_numpy(vocals.waveform)[None]
        said = self._pipeline({"waveform": waveform, "sample_rate": vocals.sample_rate})
        annotation = getattr(said, "speaker_diarization", said)
        turns = [
            Turn(round(float(span.start), 2), round(float(span.end), 2), str(who))
            for span, _, who in annotation.itertracks(yield_label=True)
        ]
        return [turn for turn in turns if not any(_overlap(turn, other) for other in turns)]


def _overlap(one: Turn, other: Turn) -> bool:
    return one.singer != other.singer and one.start_s < other.end_s and other.start_s < one.end_s


def load_diariser(where: str) -> Diariser:
    """The diariser that a person names (`FORMS`).

    Raises:
        ValueError: it is none of these.
    """
    kind, _, rest = where.partition(":")
    if where == OFFLINE:
        return GenderTurns()
    if kind == PYANNOTE:
        return Pyannote(rest or PYANNOTE_MODEL)
    raise ValueError(f"{where!r} tells no singers apart: give {FORMS}")
