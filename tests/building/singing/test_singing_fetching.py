"""A dead link stops nothing, and what came is kept."""

from __future__ import annotations

import io
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes.building.singing.fetching import Wanted, fetch, read_list, wanted_of
from linernotes.clip import Clip


def tone() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(8000) / 9), 8000, format="WAV", subtype="PCM_16")
    return file.getvalue()


PAGES = {
    "/page.html": b'<html><title>x</title><body><audio src="tone.wav" controls></audio></body></html>',
    "/nothing.html": b"<html><body>nothing here</body></html>",
    "/moved.mp3": b"<html><body>this song has moved</body></html>",
    "/tone.wav": tone(),
    "/api.mp3": b'{"error": "quota exceeded"}',
    "/junk.flac": bytes(range(200)),
    "/foreign.m4a": b"\0\0\0\x20ftypM4A " + bytes(100),
}


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Serves /good*.wav, a page that plays /tone.wav and one that plays nothing; /cut.wav breaks off."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = tone() if self.path.startswith(("/good", "/cut")) else PAGES.get(self.path, b"")
            self.send_response(200 if body else 404)
            is_page = body.startswith(b"<")
            self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "audio/x-wav")
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
    assert first.reasons == {"HTTP 404": 1, "broken off": 1}
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


def test_what_is_no_audio_is_not_kept(server: tuple[str, list[str]], tmp_path: Path) -> None:
    where, _ = server
    wanted = [Wanted("moved", f"{where}/moved.mp3"), Wanted("mine", "file:///etc/hostname.wav")]
    coverage = fetch(wanted, tmp_path)
    assert coverage.there == 0
    assert list((tmp_path / "audio").iterdir()) == []
    assert "no audio but text/html" in coverage.reasons
    assert any("no http address" in reason for reason in coverage.reasons)


def test_what_is_no_sound_whatever_it_is_called_is_not_kept(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    where, _ = server
    names = ("api.mp3", "junk.flac", "foreign.m4a")
    coverage = fetch([Wanted(Path(name).stem, f"{where}/{name}") for name in names], tmp_path)
    assert coverage.reasons == {"no audio": 2}
    # It begins like M4A, which this machine may lack a decoder for
    assert [path.name for path in (tmp_path / "audio").iterdir()] == ["foreign.m4a"]


def test_files_of_one_name_at_different_addresses_are_two(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    where, asked = server
    path = tmp_path / "urls.txt"
    lines = ("good/a.wav", "good/b/a.wav", "good/c.wav", "good/a.wav")
    path.write_text("".join(f"{where}/{line}\n" for line in lines))
    wanted = read_list(path)
    assert [one.url for one in wanted] == [f"{where}/{line}" for line in lines[:3]]
    assert [len(one.name) for one in wanted] == [10, 10, 1]  # a-, eight digits
    coverage = fetch(wanted, tmp_path)
    assert (coverage.wanted, coverage.fetched_now) == (3, 3)
    assert len(asked) == 3
    clips = [Clip(str(n), "", extra={"url": f"{where}/{line}"}) for n, line in enumerate(lines)]
    assert wanted_of(clips) == wanted  # the same names, in a manifest or a list


def test_yt_dlp_itself_takes_the_sound_of_a_page_and_passes_over_dead_ones(
    server: tuple[str, list[str]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("yt_dlp", reason="yt-dlp is not installed (extra youtube)")
    if shutil.which("ffmpeg") is None:
        pytest.skip("yt-dlp needs the program ffmpeg to take the sound out of a video")
    where, asked = server
    pages = ("nothing", "gone", "page")
    coverage = fetch([Wanted(name, f"{where}/{name}.html") for name in pages], tmp_path)
    assert (coverage.there, coverage.failed) == (1, 2)
    assert coverage.reasons == {"Unsupported URL": 1, "Unable to download webpage": 1}
    found = soundfile.info(tmp_path / "audio" / "page.flac")
    assert (found.samplerate, found.frames) == (8000, 8000)
    assert capfd.readouterr().err == ""
    asked.clear()
    assert fetch([Wanted("page", f"{where}/page.html")], tmp_path).fetched_now == 0
    assert asked == []


def test_without_yt_dlp_videos_fail_and_files_come(
    server: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    where, _ = server
    coverage = fetch([Wanted("page", f"{where}/page.html"), Wanted("a", f"{where}/good.wav")], tmp_path)
    assert coverage.there == 1
    assert coverage.reasons == {"MissingExtraError": 1}
