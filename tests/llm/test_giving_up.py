"""After a refused key, or when the server is gone, nothing more is asked; what a cache holds is still given."""

from __future__ import annotations

from pathlib import Path

import pytest
from chat_stub import Stub, say, send

from linernotes.llm import (
    BadAnswerError,
    LanguageModelError,
    Message,
    RefusedError,
    ServerError,
    TimedOutError,
    UnauthorisedError,
)
from linernotes.llm.giving_up import GivingUp, NotAskedError
from linernotes.llm.load import Manners, load_language_model
from linernotes.llm.scripted import Scripted

ASK = [Message("user", "?")]


def fails(model: GivingUp, error: type[LanguageModelError], told: str | None = None) -> None:
    with pytest.raises(error, match=told):
        model.complete(ASK)


def test_a_hopeless_error_is_the_last_question() -> None:
    model = GivingUp(Scripted([UnauthorisedError("wrong key"), "fine"]))
    fails(model, UnauthorisedError)
    fails(model, NotAskedError, "not asked any more: wrong key")
    fails(model, NotAskedError)


def test_a_server_is_gone_after_two_failures_in_a_row() -> None:
    model = GivingUp(Scripted([TimedOutError("slow"), ServerError("gone"), "fine"]))
    fails(model, TimedOutError)
    fails(model, ServerError)
    fails(model, NotAskedError, "not asked any more: gone")


@pytest.mark.parametrize("between", ["fine", RefusedError("not this one"), BadAnswerError("x", "y")])
def test_whatever_shows_that_the_server_is_there_counts_anew(between: object) -> None:
    model = GivingUp(Scripted([ServerError("x"), between, ServerError("y"), "fine"]))  # type: ignore[list-item]
    fails(model, ServerError)
    if isinstance(between, LanguageModelError):
        fails(model, type(between))
    else:
        assert model.complete(ASK).text == "fine"
    fails(model, ServerError)
    assert model.complete(ASK).text == "fine"


def test_what_the_cache_holds_is_given_all_the_same(stub: Stub, tmp_path: Path) -> None:
    manners = Manners(cache=tmp_path / "answers.sqlite", gives_up=True)
    stub.play(say("kept"), send(b"{}", 401))
    model = load_language_model(stub.url, model="m", manners=manners)
    model.complete(ASK)
    for error in (UnauthorisedError, NotAskedError):
        with pytest.raises(error):
            model.complete([Message("user", "another")])
    assert model.complete(ASK).text == "kept"
    assert len(stub.asked) == 2
