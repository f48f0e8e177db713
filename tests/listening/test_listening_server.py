"""The HTTP layer: blind, closed to other sites and other paths, and able to seek."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from listening_bed import METHODS, MakeTest

from linernotes.listening.byte_ranges import ByteRange, UnsatisfiableRangeError, parse_range
from linernotes.listening.server import PAGE_FILES, ListeningServer

Serve = Callable[..., ListeningServer]


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """As much of one as is needed: it keeps its cookie and says where its posts come from."""

    port: int
    cookie: str = ""
    seen: list[bytes] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"Cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.seen.append(answer.body)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)


@pytest.fixture
def browser(lay_out: MakeTest, serve: Serve) -> Browser:
    return Browser(serve(lay_out().folder).server_port)


@pytest.fixture
def ada(browser: Browser) -> Browser:
    assert browser.post("/api/join", {"name": "Ada"}).status == 200
    return browser


def answer_of(task: Mapping[str, Any], /, **changes: Any) -> dict[str, Any]:
    return {"task": task["task"], "aspect": "more_true", "choice": "a", "listened_s": 4.5, **changes}


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", ByteRange(0, 100)),
        ("bytes=10-19", ByteRange(10, 20)),
        ("bytes=90-500", ByteRange(90, 100)),
        ("bytes=-10", ByteRange(90, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("bytes=99-99", ByteRange(99, 100)),
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=" + "9" * 9000 + "-", None),
    ],
)
def test_ranges_are_those_of_the_standard(header: str | None, part: ByteRange | None) -> None:
    assert parse_range(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_behind_the_end_is_told_apart(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 100)


def test_every_part_of_the_page_is_there_with_its_type(browser: Browser) -> None:
    for path, (_, content_type) in PAGE_FILES.items():
        answer = browser.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_asks_nobody_else_and_holds_no_script_of_its_own(browser: Browser) -> None:
    for path in PAGE_FILES:
        text = browser.get(path).body.decode()
        assert "https://" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in text
    assert "<script>" not in browser.get("/").body.decode()


def test_a_whole_test_never_says_who_wrote_what(ada: Browser) -> None:
    for _ in range(6):
        task = ada.get("/api/question").json
        assert set(task) == {
            "of", "finished", "task", "place", "is_last", "a", "b", "duration_s", "answers", "audio",
        }  # fmt: skip
        head = ada.get(task["audio"])
        assert not {"clip", "tone", "wav"} & set(str(head.headers).lower().split())
        for aspect in ("more_true", "fewer_false"):
            assert ada.post("/api/answer", answer_of(task, aspect=aspect)).json == {"saved": True}
    assert ada.get("/api/question").json == {"of": 6, "finished": True}
    for path in (*PAGE_FILES, "/api/test", "/api/question?place=1"):
        ada.get(path)
    seen = b"".join(ada.seen)
    for secret in (*METHODS, "human", "clip-", "tone.wav"):
        assert secret.encode() not in seen


def test_sound_can_be_had_in_parts(ada: Browser) -> None:
    address = ada.get("/api/question").json["audio"]
    whole = ada.get(address)
    assert (whole.status, whole.headers["Accept-Ranges"], whole.body[:4]) == (200, "bytes", b"fLaC")
    part = ada.get(address, Range="bytes=1000-1999")
    assert (part.status, part.body) == (206, whole.body[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole.body)}"
    beyond = ada.get(address, Range=f"bytes={len(whole.body)}-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole.body)}")
    head = ada.ask("HEAD", address)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(whole.body)))


@pytest.mark.parametrize(
    "path",
    ["/audio/00001.flac", "/audio/../test.sqlite", "/audio/..%2Ftest.sqlite", "/../test.sqlite", "/test.sqlite",
     "//etc/passwd", "/page/../../store.py", "/audio/", "/audio/%00", "/index.html", "/api/question?place=99",
     "/api/question?place=-1", "/api/question?place=1%00"],
)  # fmt: skip
def test_no_path_leads_anywhere_else(ada: Browser, path: str) -> None:
    ada.get("/api/question")
    assert ada.get(path).status == 404


def test_without_a_session_nothing_is_told(browser: Browser, ada: Browser) -> None:
    stranger = Browser(browser.port)
    address = ada.get("/api/question").json["audio"]
    assert [stranger.get(path).status for path in ("/api/question", address)] == [401, 401]
    other = Browser(browser.port)
    other.post("/api/join", {"name": "Bob"})
    assert other.get(address).status == 404, "a clip is its own rater's only"
    task = ada.get("/api/question").json
    assert other.post("/api/answer", answer_of(task)).status == 404


def test_a_name_that_is_taken_needs_a_second_yes(ada: Browser) -> None:
    other = Browser(ada.port)
    assert other.post("/api/join", {"name": " ADA "}).status == 409
    assert other.get("/api/question").status == 401
    assert other.post("/api/join", {"name": " ADA ", "again": True}).status == 200
    assert other.get("/api/question").json["task"] == ada.get("/api/question").json["task"]


def test_leaving_ends_the_session(ada: Browser) -> None:
    kept = ada.cookie
    assert ada.post("/api/leave", {}).status == 200
    assert Browser(ada.port, kept).get("/api/question").status == 401


def test_the_cookie_is_closed_to_scripts_and_other_sites(browser: Browser) -> None:
    cookie = browser.post("/api/join", {"name": "Ada"}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"},
     {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}],
)  # fmt: skip
def test_posts_from_other_sites_are_refused(ada: Browser, headers: dict[str, str]) -> None:
    task = ada.get("/api/question").json
    assert ada.post("/api/answer", answer_of(task), **headers).status == 403
    assert ada.get("/api/question").json["answers"] == {}
    own = {"Origin": f"http://127.0.0.1:{ada.port}", "Sec_Fetch_Site": "same-origin"}
    assert ada.post("/api/answer", answer_of(task), **own).status == 200


def test_a_form_of_another_site_is_no_json(ada: Browser) -> None:
    body = b'{"name": "Eve"}'
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert ada.post("/api/join", body, Content_Type=content_type).status == 415


def test_a_name_pointed_at_this_machine_opens_nothing(browser: Browser) -> None:
    assert browser.get("/", Host="evil.example").status == 403
    assert browser.get("/", Host=f"evil.example:{browser.port}").status == 403
    for host in ("localhost", f"localhost:{browser.port}", "[::1]:80", "127.0.0.1"):
        assert browser.get("/", Host=host).status == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"choice": "c"}, 400),
        ({"choice": ["a"]}, 400),
        ({"aspect": "beauty"}, 400),
        ({"aspect": None}, 400),
        ({"task": "nobody's"}, 404),
        ({"task": "\ud800"}, 400),
        ({"task": 7}, 400),
        ({"listened_s": -1}, 400),
        ({"listened_s": float("nan")}, 400),
        ({"listened_s": "4"}, 400),
        ({"listened_s": True}, 400),
        ({"listened_s": 10**400}, 200),
        ({"choice": "tie"}, 200),
    ],
)
def test_answers_are_checked(ada: Browser, changes: dict[str, Any], status: int) -> None:
    task = ada.get("/api/question").json
    assert ada.post("/api/answer", answer_of(task, **changes)).status == status


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 4000, 400), (b" " * 5000, 413), (b"{}", 400),
     (b'{"name": 3}', 400), (b'{"name": "\\ud800"}', 400), (b'{"name": ""}', 400)],
)  # fmt: skip
def test_posts_are_checked(browser: Browser, body: bytes, status: int) -> None:
    assert browser.post("/api/join", body).status == status


def test_other_methods_are_unknown(ada: Browser) -> None:
    assert ada.ask("DELETE", "/api/answer").status == 501
    assert ada.ask("PUT", "/api/answer", {}).status == 501


def test_a_wrong_code_is_told(lay_out: MakeTest, serve: Serve) -> None:
    made = lay_out(codes=1)
    browser = Browser(serve(made.folder).server_port)
    assert browser.get("/api/test").json["closed"] is True
    refused = browser.post("/api/join", {"name": "guess"})
    assert (refused.status, "not known" in refused.json["error"]) == (403, True)
    assert browser.post("/api/join", {"name": made.codes[0]}).status == 200


def test_a_file_that_went_missing_is_a_plain_no(
    lay_out: MakeTest, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lay_out(1).folder
    browser = Browser(serve(folder).server_port)
    browser.post("/api/join", {"name": "Ada"})
    (folder / "audio" / "00001.flac").unlink()
    answer = browser.get(browser.get("/api/question").json["audio"])
    assert (answer.status, answer.json) == (404, {"error": "the file is missing"})
    assert "00001.flac" in capsys.readouterr().err


def test_a_taken_port_is_one_clear_line(lay_out: MakeTest, serve: Serve) -> None:
    from linernotes.listening.store import TestStore

    folder = lay_out(1).folder
    taken = serve(folder).server_port
    with pytest.raises(OSError, match=rf"can't serve at 127.0.0.1 port {taken}: .*--port 0"):
        ListeningServer(TestStore(folder), "127.0.0.1", taken)


def test_an_answer_outlives_kill_9_of_the_server(lay_out: MakeTest, serve: Serve, tmp_path: Path) -> None:
    folder = lay_out(2).folder
    code = "from linernotes.cli.app import main; main()"
    command = [sys.executable, "-c", code, "listening-test", "serve", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(json.loads(process.stdout.readline())["url"].rstrip("/").rsplit(":", 1)[1])
        browser = Browser(port)
        browser.post("/api/join", {"name": "Ada"})
        task = browser.get("/api/question").json
        assert browser.post("/api/answer", answer_of(task)).json == {"saved": True}
        os.kill(process.pid, signal.SIGKILL)
    again = Browser(serve(folder).server_port, browser.cookie)
    found = again.get("/api/question").json
    assert (found["task"], found["answers"]) == (task["task"], {"more_true": "a"})
