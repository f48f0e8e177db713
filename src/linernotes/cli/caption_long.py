"""The options of `caption --long`, and what they load."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.outputs import check_outputs
from linernotes.llm import KEY_VARIABLE, TIMEOUT_S
from linernotes.llm.giving_up import NOT_ASKED
from linernotes.longform.options import Length, LongOptions, Manner, WindowKind
from linernotes.notes_json import printable

if TYPE_CHECKING:
    from linernotes.captioner import Captioner
    from linernotes.clip import Notes
    from linernotes.llm import LanguageModel
    from linernotes.longform.long_captioner import LongCaptioner
    from linernotes.trained_captioner import TrainedCaptioner


LONG = typer.Option(False, "--long", help="Also describe the whole recording over time, with true times.")
LLM = typer.Option(
    "none",
    help="With --long, who describes: none (the composer, offline), an OpenAI-compatible URL, local:FOLDER "
    "or scripted:FILE. What it writes is checked against the facts and the clock.",
)
LLM_MODEL = typer.Option("", help="The language model's name on that server.")
KEY = typer.Option(KEY_VARIABLE, help="Environment variable that holds the server's key.")
CACHE = typer.Option(None, help="Keep the language model's answers in this file.")
TIMEOUT = typer.Option(TIMEOUT_S, help="Seconds to wait for one answer of the language model's server.")
WINDOWS = typer.Option(
    WindowKind.fixed, help="With --long: windows of 10 s, or snapped to beats or sections."
)
LENGTH = typer.Option(Length.medium, help="With --long: how much is told.")
MANNER = typer.Option(Manner.prose, help="With --long: a paragraph, or a line for every turn.")
PLOT = typer.Option(None, "--plot", help="With --long and one recording: draw the time line (.png or .svg).")


@dataclass(frozen=True, slots=True)
class LongAsked:
    """What the command line asks of a long description."""

    options: LongOptions = field(default_factory=LongOptions)
    llm: str = "none"
    llm_model: str = ""
    key_variable: str = KEY_VARIABLE
    cache: Path | None = None
    timeout_s: float = TIMEOUT_S

    @property
    def script(self) -> Path | None:
        """The script that answers, if one does."""
        kind, _, path = self.llm.partition(":")
        return Path(path) if kind == "scripted" else None


def check_long(is_long: bool, asked: LongAsked, plot: Path | None, read: Sequence[Path]) -> LongAsked | None:
    """What is asked, if it makes sense and can be had; None without --long.

    Raises:
        typer.BadParameter: options of --long without it; a server without the name of a model.
        ValueError: an output would be written over an input; there is no such language model.
    """
    if not is_long:
        if asked != LongAsked(LongOptions(seed=asked.options.seed)) or plot is not None:
            raise typer.BadParameter(
                "--llm, --llm-model, --key-variable, --cache, --timeout, --windows, --length, --manner and "
                "--plot belong to --long"
            )
        return None
    if asked.llm.startswith(("http://", "https://")) and not asked.llm_model:
        raise typer.BadParameter("--llm-model names the model that the server should use")
    check_outputs({"--plot": plot, "--cache": asked.cache}, [*read, asked.script])
    if plot is not None:
        from linernotes.plot import check_suffix

        check_suffix(plot)
    language_model(asked)
    return asked


@lru_cache(maxsize=1)
def language_model(asked: LongAsked) -> LanguageModel | None:
    """The model that describes; None for the composer."""
    if asked.llm == "none":
        return None
    from linernotes.llm.load import Manners, load_language_model

    manners = Manners(cache=asked.cache, timeout_s=asked.timeout_s, gives_up=True)
    return load_language_model(
        asked.llm, model=asked.llm_model, key_variable=asked.key_variable, manners=manners
    )


def long_captioner(
    asked: LongAsked, captioner: Captioner, trained: TrainedCaptioner | None = None
) -> LongCaptioner:
    """`captioner`, describing at length."""
    from linernotes.longform.long_captioner import LongCaptioner

    return LongCaptioner(captioner, asked.options, language_model(asked), trained)


def was_not_asked(notes: Notes | None) -> bool:
    """Whether the language model had been given up when it was these notes' turn."""
    return (
        notes is not None
        and notes.description is not None
        and NOT_ASKED in notes.description.caption.stand_in
    )


def note_stand_in(notes: Notes) -> None:
    """Say that a description is not the language model's: not every format has room for it.

    Why the model is asked no more is said where that began, and only counted from then on.
    """
    if was_not_asked(notes):
        return
    if notes.description is not None and (why := notes.description.caption.stand_in):
        name = printable(notes.audio.path)
        print(f"linernotes: note: {name!r}: the composer wrote the description: {why}", file=sys.stderr)


def note_not_asked(count: int) -> None:
    """Say of how many recordings the language model was not asked."""
    if count:
        of = "1 more description is" if count == 1 else f"{count} more descriptions are"
        told = f"{of} the composer's: the language model was not asked any more"
        print(f"linernotes: note: {told}", file=sys.stderr)
