"""The part of an HTTP server that is the same for any page: what is refused, and how answers are sent.

A request that changes something must be JSON and come from the page itself; a server on this machine's own address
answers to this machine's names only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from linernotes.listening.byte_ranges import ByteRange, UnsatisfiableRangeError, parse_range

LONGEST_BODY = 4096
CHUNK_BYTES = 1 << 16
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """The answer to a request that can't be met."""

    def __init__(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


class SafeHandler(BaseHTTPRequestHandler):
    """Calls `get` and `post` with the path of a request; they send, or raise a `Refusal`."""

    protocol_version = "HTTP/1.1"
    server_version = "linernotes"
    sys_version = ""
    timeout = 30.0
    disable_nagle_algorithm = True
    loopback_only = True

    def get(self, path: str) -> None:
        """Answer a GET or HEAD."""
        raise NotImplementedError

    def post(self, path: str, body: Mapping[str, Any]) -> None:
        """Answer a POST."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self._answer(self.get)

    def do_HEAD(self) -> None:
        self._answer(self.get)

    def do_POST(self) -> None:
        self._answer(self._checked_post)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who asked for what, and when, is nobody's business."""

    def _answer(self, respond: Callable[[str], None]) -> None:
        try:
            self._refuse_other_hosts()
            respond(urlsplit(self.path).path)
        except Refusal as refusal:
            self.send_json({"error": refusal.message}, refusal.status, refusal.headers)
        except ValueError as error:
            print(f"linernotes: error: {error}", file=sys.stderr)
            self.send_json(
                {"error": "that can't be had just now; try again"}, HTTPStatus.INTERNAL_SERVER_ERROR
            )

    def _refuse_other_hosts(self) -> None:
        """A name that somebody else's server points at this machine must not open a local page."""
        host = self.headers.get("Host", "").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if self.loopback_only and name not in LOOPBACK_NAMES:
            self.close_connection = True
            raise Refusal(HTTPStatus.FORBIDDEN, "this page is served to its own machine only")

    def _checked_post(self, path: str) -> None:
        data = self._body()
        self._refuse_cross_site()
        if self.headers.get_content_type() != "application/json":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a post must be JSON")
        try:
            body = json.loads(data)
            data.decode("utf-8")
        except (ValueError, RecursionError) as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, "a post must be JSON in UTF-8") from error
        if not isinstance(body, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "a post must be a JSON object")
        self.post(path, body)

    def _body(self) -> bytes:
        """What was posted; read even where it is then refused, so that the connection stays in step."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "a post needs its length")
        if int(length) > LONGEST_BODY:
            self.close_connection = True
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "that is too long")
        return self.rfile.read(int(length))

    def _refuse_cross_site(self) -> None:
        """A post that another site made the browser send; its headers tell, and our cookie does not go with it."""
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        origin = self.headers.get("Origin")
        if site not in ("same-origin", "none") or (
            origin is not None and urlsplit(origin).netloc.lower() != self.headers.get("Host", "").lower()
        ):
            raise Refusal(HTTPStatus.FORBIDDEN, "this came from another site")

    def cookie(self, name: str) -> str:
        """The value of a cookie; "" where there is none."""
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        except CookieError:
            return ""
        return "" if found is None else found.value

    def send_json(
        self, data: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send plain data."""
        text = json.dumps(data, ensure_ascii=True).encode("ascii")
        self._send_head(
            status, "application/json", len(text), {"Cache-Control": "no-store", **(headers or {})}
        )
        self._send_body(text)

    def send_page(self, data: bytes, content_type: str) -> None:
        """Send a part of the page."""
        self._send_head(HTTPStatus.OK, content_type, len(data), {"Cache-Control": "no-cache"})
        self._send_body(data)

    def send_file(self, path: Path, content_type: str) -> None:
        """Send a file, or the part of it that the header Range asks for.

        Raises:
            Refusal: the file is not there, or has no such part.
        """
        try:
            size = path.stat().st_size
            part = parse_range(self.headers.get("Range"), size)
        except UnsatisfiableRangeError as error:
            beyond = {"Content-Range": f"bytes */{size}"}
            raise Refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, str(error), beyond) from error
        except OSError as error:
            print(f"linernotes: error: {path}: {error.strerror}", file=sys.stderr)
            raise Refusal(HTTPStatus.NOT_FOUND, "the file is missing") from error
        headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600"}
        if part is None:
            self._send_head(HTTPStatus.OK, content_type, size, headers)
        else:
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
            self._send_head(HTTPStatus.PARTIAL_CONTENT, content_type, part.size, headers)
        if self.command != "HEAD":
            self._send_bytes(path, part or ByteRange(0, size))

    def _send_bytes(self, path: Path, part: ByteRange) -> None:
        with path.open("rb") as file:
            file.seek(part.start)
            left = part.size
            while left and (chunk := file.read(min(left, CHUNK_BYTES))):
                self.wfile.write(chunk)
                left -= len(chunk)
        if left:
            self.close_connection = True  # the file shrank: better a broken answer than a wrong one

    def _send_body(self, data: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(data)

    def _send_head(
        self, status: HTTPStatus, content_type: str, size: int, headers: Mapping[str, str]
    ) -> None:
        self.send_response(status)
        sent = {**_HEADERS, "Content-Type": content_type, "Content-Length": str(size), **headers}
        for name, value in sent.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
