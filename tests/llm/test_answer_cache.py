"""What was paid for is kept: across requests, threads, processes and `kill -9`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linernotes.llm import (
    BadAnswerError,
    Completion,
    LanguageModel,
    LanguageModelError,
    Message,
    RateLimitedError,
    RefusedError,
    ServerError,
    TruncatedError,
    UnauthorisedError,
)
from linernotes.llm.cache import AnswerCache, Cached, Request
from linernotes.llm.scripted import Scripted

ASK = [Message("user", "?")]
ROOT = Path(__file__).resolve().parents[2]


def test_a_kept_answer_is_not_asked_for_again(tmp_path: Path) -> None:
    model = Cached(Scripted(['{"a": 1}']), AnswerCache(tmp_path / "c.sqlite"))
    schema = {"type": "object"}
    first, second = (model.complete(ASK, schema=schema) for _ in range(2))
    assert (first.data, second.data) == ({"a": 1}, {"a": 1})
    assert (first.from_cache, second.from_cache) == (False, True)
    later = Cached(Scripted([]), AnswerCache(tmp_path / "c.sqlite"))
    assert later.complete(ASK, schema=schema).data == {"a": 1}


def test_everything_that_matters_is_in_the_key() -> None:
    schema = {"type": "object"}
    requests = [
        Request("m", tuple(ASK), None, 0.0, 5),
        Request("n", tuple(ASK), None, 0.0, 5),
        Request("m", (Message("system", "?"),), None, 0.0, 5),
        Request("m", (Message("user", "!"),), None, 0.0, 5),
        Request("m", (*ASK, *ASK), None, 0.0, 5),
        Request("m", tuple(ASK), schema, 0.0, 5),
        Request("m", tuple(ASK), None, 0.5, 5),
        Request("m", tuple(ASK), None, None, 5),
        Request("m", tuple(ASK), None, 0.0, 6),
    ]
    assert len({request.key for request in requests}) == len(requests)
    assert Request("m", tuple(ASK), None, 0.0, 5).key == requests[0].key


def test_errors_are_not_kept(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c.sqlite")
    model = Cached(Scripted([ServerError("x"), "fine"]), cache)
    with pytest.raises(ServerError):
        model.complete(ASK)
    assert len(cache) == 0
    assert model.complete(ASK).text == "fine"


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        (BadAnswerError("no JSON", "well..."), True),
        (TruncatedError("cut"), True),
        (RefusedError("no"), True),
        (UnauthorisedError("wrong key"), False),
        (ServerError("down"), False),
    ],
)
def test_failures_that_were_paid_can_be_kept(
    tmp_path: Path, error: LanguageModelError, is_kept: bool
) -> None:
    error.tokens_in, error.tokens_out = 30, 4
    cache = AnswerCache(tmp_path / "c.sqlite")
    with pytest.raises(type(error)):
        Cached(Scripted([error]), cache, keep_failures=True).complete(ASK)
    later = Cached(Scripted(["fine"]), cache, keep_failures=True)
    if not is_kept:
        assert later.complete(ASK).text == "fine"
        return
    with pytest.raises(type(error), match=str(error)) as met:
        later.complete(ASK)
    assert (met.value.tokens_in, met.value.tokens_out) == (30, 4)
    assert getattr(met.value, "answer", None) == getattr(error, "answer", None)
    assert (cache.spent().calls, cache.spent().tokens_in, cache.spent().tokens_out) == (1, 30, 4)
    assert cache.forget_failures() == 1
    assert later.complete(ASK).text == "fine"


def test_a_kept_answer_tells_when_it_came(tmp_path: Path) -> None:
    model = Cached(Scripted(["fine"]), AnswerCache(tmp_path / "c.sqlite"))
    first, second = model.complete(ASK), model.complete(ASK)
    assert first.written == second.written != ""


class Slow:
    """Answers when all are there, and counts."""

    name = "slow"

    def __init__(self) -> None:
        self.calls = 0
        self.lock = threading.Lock()

    def complete(self, messages: Sequence[Message], **_: object) -> Completion:
        with self.lock:
            self.calls += 1
        return Completion(messages[0].content, "slow")


def test_threads_pay_once_for_each_request(tmp_path: Path) -> None:
    slow = Slow()
    model: LanguageModel = Cached(slow, AnswerCache(tmp_path / "c.sqlite"))  # type: ignore[arg-type]
    asked = [[Message("user", str(number % 10))] for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda messages: model.complete(messages).text, asked))
    assert got == [str(number % 10) for number in range(200)]
    assert slow.calls == 10


KILLED = """
import os, signal, sys
from pathlib import Path
from linernotes.llm import Message
from linernotes.llm.cache import AnswerCache, Cached
from linernotes.llm.scripted import Scripted
def answer(messages):
    if messages[0].content == "50":
        os.kill(os.getpid(), signal.SIGKILL)
    return "answer " + messages[0].content
model = Cached(Scripted(answer, name="one"), AnswerCache(Path(sys.argv[1])))
for number in range(100):
    model.complete([Message("user", str(number))])
"""


def test_it_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    cache = AnswerCache(path)
    assert len(cache) == 50
    model = Cached(Scripted([RateLimitedError("only what is missing is asked for")], name="one"), cache)
    assert [model.complete([Message("user", str(n))]).text for n in range(50)] == [
        f"answer {n}" for n in range(50)
    ]


def test_two_processes_may_share_it(tmp_path: Path) -> None:
    one, two = AnswerCache(tmp_path / "c.sqlite"), AnswerCache(tmp_path / "c.sqlite")
    for number in range(20):
        (one if number % 2 else two).put(str(number), Completion("x", "m"))
    assert len(one) == len(two) == 20


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("no database at all, but long enough to look at\n" * 20)
    with pytest.raises(ValueError, match="can't be used as an answer cache"):
        AnswerCache(tmp_path / "text.sqlite").get("x")
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE people (name TEXT)")
    other.close()
    before = (tmp_path / "other.sqlite").read_bytes()
    with pytest.raises(ValueError, match="another program's"):
        AnswerCache(tmp_path / "other.sqlite").put("x", Completion("x", "m"))
    assert (tmp_path / "other.sqlite").read_bytes() == before
    with pytest.raises(ValueError, match="can't be used"):
        AnswerCache(tmp_path / "no such folder" / "c.sqlite").get("x")
