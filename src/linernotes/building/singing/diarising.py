"""Who tells singers apart: pyannote by name or folder, or the offline default; each labels what it makes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol

from linernotes.audio import Audio
from linernotes.building.singing.hearing import Turn, sung_parts, turns_by_gender
from linernotes.features.frames import Frames
from linernotes.registry import need_extra

EXTRA = "singing-models"
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
    """pyannote.audio (3.1 or 4) on the voice. It would report its use to its makers, which is switched off here.

    `which` is a name on the Hub or a folder. Either way pyannote unpickles its weights, which can run anything:
    give no folder that you don't trust.

    Raises:
        MissingExtraError: pyannote.audio is not installed.
        ValueError: the pipeline can't be had (its terms have to be accepted on the Hub first).
    """

    def __init__(self, which: str = PYANNOTE_MODEL) -> None:
        os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "false")
        package = need_extra("pyannote.audio", EXTRA)
        try:
            pipeline: Any = package.Pipeline.from_pretrained(which)
            why = ""
        except Exception as error:  # of the Hub's client, YAML, Lightning or a pickle: families of their own
            pipeline, why = None, f" ({' '.join(str(error).split())})"
        if pipeline is None:
            raise ValueError(
                f"pyannote gives no pipeline {which!r}{why}: accept its terms on the Hub, or give a folder"
            )
        torch = need_extra("torch", EXTRA)
        pipeline.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        self._pipeline = pipeline
        self.name = f"{PYANNOTE} {which}"

    def __call__(self, frames: Frames, vocals: Audio) -> list[Turn]:
        """Turns by the pipeline, less the moments at which somebody else sings too: segments have one singer."""
        del frames
        torch = need_extra("torch", EXTRA)
        waveform = torch.from_numpy(vocals.waveform.copy())[None]
        said = self._pipeline({"waveform": waveform, "sample_rate": vocals.sample_rate})
        annotation = getattr(said, "speaker_diarization", said)  # pyannote 4 gives more than the annotation
        return alone(
            Turn(float(span.start), float(span.end), str(who))
            for span, _, who in annotation.itertracks(yield_label=True)
        )


def alone(turns: Iterable[Turn]) -> list[Turn]:
    """The stretches of every turn in which no other singer sings, in order; those of one singer may touch."""
    given = list(turns)
    found: list[Turn] = []
    for turn in given:
        others = sorted(
            (other.start_s, other.end_s)
            for other in given
            if other.singer != turn.singer and other.start_s < turn.end_s and turn.start_s < other.end_s
        )
        start_s = turn.start_s
        for first_s, last_s in [*others, (turn.end_s, turn.end_s)]:
            if first_s > start_s:
                found.append(Turn(round(start_s, 2), round(first_s, 2), turn.singer))
            start_s = max(start_s, last_s)
    return sorted(found, key=lambda turn: (turn.start_s, turn.end_s))


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
