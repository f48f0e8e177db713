"""A chat server on this machine that misbehaves to order, and clocks that nobody waits for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def completion(text: Any, **changes: Any) -> dict[str, Any]:
    """A well-formed chat completion."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 11, "completion_tokens": 7}
    return {"model": "stub-1", "choices": [choice], "usage": usage, **changes}


def send(
    body: bytes | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None, short: int = 0
) -> Behaviour:
    """Answer with `body`; `short` bytes of it are announced but never sent."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data) + short))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return behave


def say(text: Any, **changes: Any) -> Behaviour:
    """Answer with a completion of `text`."""
    return send(completion(text, **changes))


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


@dataclass
class Stub:
    """What the server does next, and what it was asked; the last behaviour repeats."""

    behaviours: list[Behaviour] = field(default_factory=lambda: [say("fine")])
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def play(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)

    def sleep(self, handler: BaseHTTPRequestHandler) -> None:
        """Say nothing until the test is over."""
        self.closing.wait(30)


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler, dict[str, Any]], None], closing: threading.Event
) -> Iterator[str]:
    """A server that hands every request to `answer`; yields its address, sets `closing` at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The client went away first, as clients with time-outs do."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def stub() -> Iterator[Stub]:
    state = Stub()
    lock = threading.Lock()

    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        with lock:
            state.asked.append(body)
            state.headers.append(dict(handler.headers))
            state.paths.append(handler.path)
            behave = state.behaviours.pop(0) if len(state.behaviours) > 1 else state.behaviours[0]
        behave(handler)

    with serving(answer, state.closing) as state.url:
        yield state


@dataclass
class Sleeps:
    """Stands in for `time.sleep` and `time.monotonic`: remembers, and moves its own clock."""

    slept: list[float] = field(default_factory=list)
    now_s: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def clock(self) -> float:
        return self.now_s


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()
