"""POST JSON, get a bounded answer in bounded time; redirects are not followed: they could carry the key away."""

from __future__ import annotations

import http.client
import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message as Headers
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import urlsplit

from linernotes.llm import BadResponseError, ServerError, TimedOutError

LARGEST_BODY = 8 * 2**20
"""Bytes; the longest answer of a chat model is a few hundred kilobytes."""

CHUNK = 65536
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, body and what the server says about when to come back."""

    status: int
    body: bytes
    retry_after_s: float | None

    def text(self) -> str:
        """The body for people to read; bytes that are not UTF-8 become question marks."""
        return self.body.decode("utf-8", "replace")


def post(url: str, data: Mapping[str, Any], headers: Mapping[str, str], timeout_s: float) -> HttpAnswer:
    """Send `data` as JSON; any status is an answer.

    Raises:
        TimedOutError: the whole answer was not there after `timeout_s`.
        ServerError: no connection, or it broke.
        BadResponseError: more than `LARGEST_BODY`, or not HTTP.
    """
    request = urllib.request.Request(
        url,
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"),
        {"Content-Type": "application/json", "Accept": "application/json", **headers},
        method="POST",
    )
    ends_s = time.monotonic() + timeout_s
    try:
        with _open(request, timeout_s) as response:
            body = _read_bounded(response, ends_s)
            return HttpAnswer(response.status, body, _retry_after_s(response.headers))
    except TimeoutError as error:
        raise TimedOutError(f"no answer within {timeout_s:g} s") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise TimedOutError(f"no connection within {timeout_s:g} s") from error
        raise ServerError(f"can't reach {urlsplit(url).netloc}: {error.reason}") from error
    except (BadResponseError, ServerError):
        raise
    except (OSError, http.client.IncompleteRead) as error:
        raise ServerError(f"the connection broke: {type(error).__name__}") from error
    except http.client.HTTPException as error:
        raise BadResponseError(f"the server does not speak HTTP: {type(error).__name__}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def _open(request: urllib.request.Request, timeout_s: float) -> Any:
    """The response, whatever its status; a proxy of the environment is used, but not for this machine."""
    local = urlsplit(request.full_url).hostname in THIS_MACHINE
    proxies = urllib.request.ProxyHandler({} if local else None)
    try:
        return urllib.request.build_opener(proxies, _NoRedirect).open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        return error


def _read_bounded(response: Any, ends_s: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY:
            raise BadResponseError(f"the server's answer is over {LARGEST_BODY // 2**20} MB")
        if time.monotonic() > ends_s:
            raise TimeoutError
    stated = response.headers.get("Content-Length", "")
    if stated.isdecimal() and size < int(stated):
        raise ServerError(f"the connection broke after {size} of {stated} bytes")
    return b"".join(chunks)


def _retry_after_s(headers: Headers) -> float | None:
    """Seconds from `Retry-After`, which holds seconds or a date, or from `Retry-After-Ms`."""
    milliseconds = _seconds(headers.get("Retry-After-Ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = str(headers.get("Retry-After", "")).strip()
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
