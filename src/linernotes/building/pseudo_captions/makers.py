"""From what a person writes on a command line to who makes the captions of each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from linernotes.building.pseudo_captions import BASELINES, Maker
from linernotes.building.pseudo_captions.asking import Asked, AskOptions
from linernotes.building.pseudo_captions.instructions import Instructions, load_instructions
from linernotes.building.pseudo_captions.offline import (
    Modelled,
    WriterModel,
    WrittenHere,
    baseline,
    writer_function,
)
from linernotes.llm import KEY_VARIABLE
from linernotes.llm.load import Manners, load_language_model, with_manners
from linernotes.registry import WRITERS

DEFAULT = "composer"
KEYWORDS = "t5:"
AT_ONCE = frozenset({"tag_concat", "template"})
"""Tasks that need no backend."""
FORMS = (
    "composer, small, an address (http://localhost:11434/v1), local:FOLDER, local:FILE.gguf, scripted:FILE, "
    "or for k2c t5:FOLDER_OR_NAME"
)


@dataclass(frozen=True, slots=True)
class Backend:
    """Who makes the captions, and how they are asked.

    `where` is one of `FORMS`; `model` the model's name on a server; `instructions` a file in place of the shipped.
    """

    where: str = DEFAULT
    model: str = ""
    key_variable: str = KEY_VARIABLE
    instructions: Path | None = None
    asking: AskOptions = field(default_factory=AskOptions)
    manners: Manners = field(default_factory=Manners)
    seed: int = 0


def load_makers(tasks: Sequence[str], backend: Backend) -> dict[str, Maker]:
    """The maker of every task, in their order; a model that several need is loaded once.

    Raises:
        ValueError: a task that this backend can't do, or a backend that is none.
        OSError: a file of it can't be read.
        MissingExtraError: it needs packages that are not installed.
    """
    if not tasks or len(set(tasks)) != len(tasks):
        raise ValueError("name one task or several, each once")
    makers: dict[str, Maker] = {task: baseline(task) for task in tasks if task in AT_ONCE}
    others = [task for task in tasks if task not in makers]
    if others:
        makers |= _load_others(others, backend)
    return {task: makers[task] for task in tasks}


def _load_others(tasks: Sequence[str], backend: Backend) -> dict[str, Maker]:
    if backend.where in WRITERS:
        return {task: _by_writer(task, backend) for task in tasks}
    if backend.where.startswith(KEYWORDS):
        _only_k2c(tasks, backend.where)
        from linernotes.building.pseudo_captions.keyword_model import FromKeywords, load_keyword_model

        bare = load_keyword_model(backend.where.removeprefix(KEYWORDS))
        return {"k2c": FromKeywords(with_manners(bare, backend.manners))}
    return dict.fromkeys(tasks, _by_model(tasks, backend))


def needs_cache(tasks: Sequence[str], backend: Backend) -> bool:
    """Whether answers cost money or time, so that they should be kept."""
    return backend.where != DEFAULT and not AT_ONCE.issuperset(tasks)


def asks_many(backend: Backend) -> bool:
    """Whether several requests at once are of use: a writer or a T5 keeps the processor busy with one."""
    return backend.where not in WRITERS and not backend.where.startswith(KEYWORDS)


def instructions_of(backend: Backend) -> Instructions | None:
    """The instructions that a language model is given; None where none is asked."""
    if backend.where in WRITERS or backend.where.startswith(KEYWORDS):
        return None
    return load_instructions(backend.instructions)


def _by_writer(task: str, backend: Backend) -> Maker:
    write = writer_function(backend.where, task)
    if backend.where == DEFAULT:
        return WrittenHere(backend.where, write, backend.seed)
    return Modelled(
        with_manners(WriterModel(f"{backend.where}, {task}", write), backend.manners), backend.seed
    )


def _by_model(tasks: Sequence[str], backend: Backend) -> Maker:
    if "k2c" in tasks:
        raise ValueError("k2c needs a T5 checkpoint: --backend t5:FOLDER_OR_NAME")
    file = load_instructions(backend.instructions)
    instructions = {task: file.task(task) for task in tasks}
    adding = [task for task, told in instructions.items() if told.adds_attributes]
    if backend.asking.plain and adding:
        raise ValueError(f"{adding[0]} answers in two parts and needs JSON: leave --plain away")
    try:
        model = load_language_model(
            backend.where, model=backend.model, key_variable=backend.key_variable, manners=backend.manners
        )
    except ValueError as error:
        if "is no language model" in str(error):
            raise ValueError(f"{backend.where!r} is no backend: give {FORMS}") from error
        raise
    return Asked(model, instructions, backend.asking)


def _only_k2c(tasks: Sequence[str], where: str) -> None:
    wrong = [task for task in tasks if task != "k2c"]
    if wrong:
        raise ValueError(f"{where} knows keywords, not instructions: it does k2c, not {wrong[0]}")


def check_task(task: str, backend: Backend) -> str:
    """`task`, if it is a baseline or in the instructions.

    Raises:
        ValueError: it is neither; the message lists what there is.
    """
    known = [*load_instructions(backend.instructions).tasks, *BASELINES]
    if task not in known:
        raise ValueError(f"there is no task {task!r}; there are {', '.join(known)}")
    return task
