"""A dead link stops nothing, and what came is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from linernotes.building.singing.fetching import Wanted, fetch, read_list, wanted_of
from linernotes.clip import Clip


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Serves /good*.wav; everything else is gone; /cut.wav breaks off."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = b"sound" if self.path.startswith(("/good", "/cut")) else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body) + 9 * self.path.startswith("/cut")))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            del args

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()
    running.server_close()
    thread.join()


def test_dead_links_are_counted_and_the_rest_is_fetched_once(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    where, asked = server
    wanted = [Wanted(name, f"{where}/{name}.wav") for name in ("good1", "gone", "cut", "good2")]
    first = fetch(wanted, tmp_path)
    assert (first.wanted, first.there, first.fetched_now, first.failed) == (4, 2, 2, 2)
    assert first.reasons["HTTP 404"] == 1
    assert sorted(path.name for path in (tmp_path / "audio").iterdir()) == ["good1.wav", "good2.wav"]
    asked.clear()
    again = fetch(wanted, tmp_path)
    assert (again.there, again.fetched_now) == (2, 0)
    assert sorted(asked) == ["/cut.wav", "/gone.wav"]


def test_lists_and_manifests_name_addresses(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_text("# mine\nhttp://x.org/a.mp3\n\nsecond\thttps://x.org/b?v=1\n")
    assert read_list(path) == [Wanted("a", "http://x.org/a.mp3"), Wanted("second", "https://x.org/b?v=1")]
    path.write_text("ftp://x.org/a.mp3\n")
    with pytest.raises(ValueError, match="line 1"):
        read_list(path)
    clips = [Clip(str(n), "", extra={"youtube_id": video}) for n, video in enumerate(("v1", "v1", "v2"))]
    assert [one.name for one in wanted_of(clips)] == ["v1", "v2"]
