"""The raters' page and what stands behind it: a small HTTP server over a `TestStore`.

It says nothing about methods or about which text is a person's, and no path of a request ever becomes a path on
disk. It speaks plain HTTP: for raters elsewhere put it behind a server that speaks HTTPS.
"""

from __future__ import annotations

import socket
import socketserver
import sys
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from importlib import resources
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from linernotes.listening import ASPECTS, CHOICES, HOST, INTRODUCTION, LISTEN_FIRST_S, PORT
from linernotes.listening.safe_handler import Refusal, SafeHandler
from linernotes.listening.store import BadNameError, Task, TestStore

COOKIE_S = 90 * 86_400
LONGEST_LISTENED_S = 86_400

PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/player.js": ("player.js", "text/javascript; charset=utf-8"),
    "/favicon.svg": ("favicon.svg", "image/svg+xml"),
}
"""Address -> the file of the package and its type."""


class ListeningServer(ThreadingHTTPServer):
    """One test at one address; port 0 takes any free one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, store: TestStore, host: str = HOST, port: int = PORT) -> None:
        self.store = store
        self.host = host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        folder = resources.files("linernotes") / "listening" / "page"
        self.page = {path: (folder / name).read_bytes() for path, (name, _) in PAGE_FILES.items()}
        try:
            super().__init__((host, port), _LocalHandler if self.is_local else _OpenHandler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OSError(
                f"can't serve at {host} port {port}: {reason}; --port 0 takes a free one"
            ) from error

    def server_bind(self) -> None:
        """Bind without the look-up of this machine's name that HTTPServer does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.host, self.server_address[1]

    @property
    def url(self) -> str:
        """Where the page is, as seen from this machine."""
        shown = HOST if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.server_port}/"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in (HOST, "localhost", "::1")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up, as players do when they seek, is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _LocalHandler(SafeHandler):
    """The test's addresses."""

    @property
    def _store(self) -> TestStore:
        return cast(ListeningServer, self.server).store

    def get(self, path: str) -> None:
        if path in PAGE_FILES:
            self.send_page(cast(ListeningServer, self.server).page[path], PAGE_FILES[path][1])
        elif path == "/api/test":
            self.send_json(self._about())
        elif path == "/api/question":
            self.send_json(self._question(self._rater()))
        elif path.startswith("/audio/"):
            self._send_audio(path.removeprefix("/audio/"))
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such page")

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        if path == "/api/join":
            self._join(body.get("name"), again=body.get("again") is True)
        elif path == "/api/leave":
            self._store.end_session(self.cookie(self._cookie_name))
            self.send_json({"left": True}, headers=self._set_cookie("", 0))
        elif path == "/api/answer":
            self.send_json(self._save(self._rater(), body))
        else:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such page")

    def _about(self) -> dict[str, Any]:
        settings = self._store.settings
        rater = self._store.rater_of(self.cookie(self._cookie_name))
        return {
            "title": settings.title,
            "introduction": INTRODUCTION,
            "aspects": [{"key": each.key, "question": each.question, "hint": each.hint} for each in ASPECTS],
            "closed": settings.closed,
            "questions": self._store.asked,
            "listen_first_s": LISTEN_FIRST_S,
            "rater": None if rater is None else self._store.name_of(rater),
        }

    def _question(self, rater: int) -> dict[str, Any]:
        """The task at the place that was asked for, or the one where the rater is."""
        wanted = parse_qs(urlsplit(self.path).query).get("place", [""])[0]
        task: Task | None
        if wanted:
            task = self._store.task_at(rater, int(wanted)) if wanted.isdecimal() and len(wanted) < 7 else None
            if task is None:
                raise Refusal(HTTPStatus.NOT_FOUND, "you were not given such a question")
        else:
            task = self._store.current_task(rater, len(ASPECTS))
        shown = {} if task is None else {**asdict(task), "audio": f"/audio/{task.task}"}
        return {"of": self._store.asked, "finished": task is None, **shown}

    def _join(self, name: Any, *, again: bool) -> None:
        """Names are not codes: two people may choose the same, and must not answer as one unawares."""
        if not isinstance(name, str):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a name is needed")
        if not (again or self._store.settings.closed or not name.isprintable()) and self._store.is_known(
            name
        ):
            raise Refusal(
                HTTPStatus.CONFLICT,
                "Somebody of this name has begun already. If that was you, press Start once more to go on; "
                "otherwise choose another name.",
            )
        try:
            token = self._store.join(name)
        except BadNameError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        if token is None:
            raise Refusal(HTTPStatus.FORBIDDEN, "This code is not known here. Check it letter by letter.")
        self.send_json({"joined": True}, headers=self._set_cookie(token, COOKIE_S))

    def _save(self, rater: int, body: Mapping[str, Any]) -> dict[str, Any]:
        task, aspect, choice, listened_s = (
            body.get(name) for name in ("task", "aspect", "choice", "listened_s")
        )
        if aspect not in [each.key for each in ASPECTS] or choice not in CHOICES:
            raise Refusal(HTTPStatus.BAD_REQUEST, "there is no such question or answer")
        if not isinstance(task, str) or not task.isascii():
            raise Refusal(HTTPStatus.BAD_REQUEST, "an answer needs its task")
        if isinstance(listened_s, bool) or not isinstance(listened_s, int | float) or not listened_s >= 0:
            raise Refusal(HTTPStatus.BAD_REQUEST, "listened_s must be seconds")
        seconds = float(min(listened_s, LONGEST_LISTENED_S))
        if not self._store.save_answer(rater, task, str(aspect), choice, seconds):
            raise Refusal(HTTPStatus.NOT_FOUND, "you were not given such a question")
        return {"saved": True}

    def _send_audio(self, task: str) -> None:
        path = self._store.audio_of(self._rater(), task)
        if path is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "you were not given such a clip")
        self.send_file(path, "audio/flac")

    def _rater(self) -> int:
        rater = self._store.rater_of(self.cookie(self._cookie_name))
        if rater is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "say who you are first")
        return rater

    @property
    def _cookie_name(self) -> str:
        return f"rater-{self._store.settings.key}"

    def _set_cookie(self, token: str, seconds: int) -> dict[str, str]:
        cookie = f"{self._cookie_name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
        return {"Set-Cookie": cookie}


class _OpenHandler(_LocalHandler):
    """The same for a server that other machines reach, by names that nobody here knows."""

    loopback_only = False
