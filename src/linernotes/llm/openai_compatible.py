"""Any chat endpoint in OpenAI's format: a cloud, vLLM, Ollama, llama.cpp.

By the standard library: one POST of JSON needs no package, works in the base install, and leaves time-outs, the
size of an answer, redirects and what an error may say (never the key) in our hands. The `openai` client brings
its own retries beneath ours, pydantic and an HTTP stack for the same call.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from linernotes.llm import (
    KEY_VARIABLE,
    TIMEOUT_S,
    BadResponseError,
    Completion,
    LanguageModelError,
    Message,
    RateLimitedError,
    RefusedError,
    Schema,
    ServerError,
    TimedOutError,
    TruncatedError,
    UnauthorisedError,
)
from linernotes.llm.http_post import HttpAnswer, post
from linernotes.llm.json_answers import parse_answer

LONGEST_REASON = 300
NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "credit_balance_too_low"}


@dataclass(frozen=True, slots=True)
class OpenAICompatible:
    """The model `model` behind `url`, such as `https://api.openai.com/v1` or `http://localhost:11434/v1`.

    The key is read when the object is made, sent to that host only, and shown nowhere.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = TIMEOUT_S
    _dialect: _Dialect = field(default_factory=lambda: _Dialect(), repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not _is_clean(self.url):
            raise ValueError(
                f"{_without_user(self.url)!r} is no web address such as http://localhost:11434/v1"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("the address must hold no user, password or query: keys go into the environment")
        if not self.model:
            raise ValueError("name the model that the server should use (--model NAME)")
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise ValueError("the key holds characters that no HTTP header can carry")
        if not self.timeout_s > 0:
            raise ValueError(f"the time-out must be above 0 seconds, not {self.timeout_s}")

    @property
    def name(self) -> str:
        """Model and address."""
        return f"{self.model} at {self.url}"

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        base = self.url.rstrip("/")
        return base if base.endswith("/chat/completions") else f"{base}/chat/completions"

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        """One request (two or three when the server has to be spoken to differently), without retries."""
        while True:
            body = self._dialect.body(self.model, messages, schema, temperature, max_tokens)
            answer = post(self.endpoint, body, self._headers(), self.timeout_s)
            if answer.status != 400 or not self._dialect.learn(answer.text(), body):
                break
        try:
            return _read(answer, self.model, schema)
        except LanguageModelError as error:
            raise _without_key(error, self.key) from None

    def _headers(self) -> dict[str, str]:
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}


def key_from_environment(variable: str = KEY_VARIABLE) -> str | None:
    """The key in the environment variable `variable`, if there is one; servers of one's own often need none."""
    return os.environ.get(variable, "").strip() or None


class _Dialect:
    """How this server wants to be asked; learned from its complaints and kept for the next request.

    Newer OpenAI models call `max_tokens` `max_completion_tokens`; some servers know no `json_schema`. Leaving
    the latter out costs nothing but a better chance, since every answer is checked here in any case.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit_name = "max_tokens"
        self._sends_schema = True

    def body(
        self,
        model: str,
        messages: Sequence[Message],
        schema: Schema | None,
        temperature: float | None,
        max_tokens: int,
    ) -> dict[str, Any]:
        with self._lock:
            limit_name, sends_schema = self._limit_name, self._sends_schema
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": _content_of(message)} for message in messages],
            limit_name: max_tokens,
        }
        if temperature is not None:
            body["temperature"] = temperature
        if schema is not None and sends_schema:
            wanted = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        return body

    def learn(self, complaint: str, sent: Mapping[str, Any]) -> bool:
        """Whether the complaint about the body `sent` tells how to ask again."""
        with self._lock:
            if "max_completion_tokens" in complaint and "max_tokens" in sent:
                self._limit_name = "max_completion_tokens"
                return True
            about_format = "response_format" in complaint or "json_schema" in complaint
            if about_format and "response_format" in sent:
                self._sends_schema = False
                return True
            return False


def _content_of(message: Message) -> str | list[dict[str, Any]]:
    """Words alone as they are; with sounds the list of parts that hosted models and vLLM take."""
    if not message.sounds:
        return message.content
    heard: list[dict[str, Any]] = [
        {"type": "input_audio", "input_audio": {"data": sound.data, "format": sound.format}}
        for sound in message.sounds
    ]
    return [*heard, {"type": "text", "text": message.content}]


def _read(answer: HttpAnswer, model: str, schema: Schema | None) -> Completion:
    if answer.status != 200:
        raise _error_of(answer.status, _reason(answer.text()), answer.retry_after_s)
    try:
        data = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadResponseError(f"the server's answer is not JSON in UTF-8: {_short(str(error))}") from error
    if not isinstance(data, dict):
        raise BadResponseError("the server's answer is no JSON object")
    if data.get("error"):  # some gateways send their errors with status 200
        code = data["error"].get("code") if isinstance(data["error"], dict) else None
        status = code if isinstance(code, int) and code >= 400 else 500
        raise _error_of(status, _reason(answer.text()), answer.retry_after_s)
    return _completion(data, model, schema)


def _completion(data: Mapping[str, Any], model: str, schema: Schema | None) -> Completion:
    try:
        choice = data["choices"][0]
        message = choice["message"]
        content, refusal = message.get("content"), message.get("refusal")
        why = choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadResponseError("the server's answer has no choices with a message") from error
    counts = data.get("usage")
    usage = counts if isinstance(counts, dict) else {}
    tokens_in, tokens_out = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    try:
        text, value = _text_of(content, refusal, why, schema)
    except LanguageModelError as error:
        error.tokens_in, error.tokens_out = tokens_in or 0, tokens_out or 0
        raise
    said = data.get("model")
    return Completion(text, said if isinstance(said, str) else model, value, tokens_in, tokens_out)


def _text_of(content: Any, refusal: Any, why: Any, schema: Schema | None) -> tuple[str, Any]:
    """The answer's text, and its JSON where there is a schema."""
    if refusal or why == "content_filter":
        raise RefusedError(f"the model refused: {_short(str(refusal or 'content filter'))}")
    if why == "length":
        raise TruncatedError("the answer was cut off at the limit of tokens")
    if not isinstance(content, str) or not content.strip():
        raise BadResponseError("the server's answer has no text")
    return content, None if schema is None else parse_answer(content, schema)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _error_of(status: int, reason: str, retry_after_s: float | None) -> LanguageModelError:
    said = f"HTTP {status}: {reason}" if reason else f"HTTP {status}"
    if status == 429 and any(code in reason for code in NO_CREDIT):
        return UnauthorisedError(f"no credit left: {said}")
    if status in (429, 503, 529):
        return RateLimitedError(f"the server asks for fewer requests: {said}", retry_after_s)
    if status in (408, 504):
        return TimedOutError(f"the server gave up waiting: {said}")
    if status in (401, 402, 403, 404, 405) or 300 <= status < 400:
        return UnauthorisedError(f"the server lets no request pass (key, address or model name?): {said}")
    if status >= 500 or status in (409, 425):
        return ServerError(f"the server failed: {said}")
    return RefusedError(f"the server refused the request: {said}")


def _reason(body: str) -> str:
    """The server's own words, if it said any in the usual places, with the code that belongs to them."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return _short(body)
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return _short(str(error))
    words = [str(error[name]) for name in ("code", "type", "message", "detail") if error.get(name)]
    return _short(": ".join(words))


def _short(text: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_REASON else text[:LONGEST_REASON] + " ..."


def _without_key(error: LanguageModelError, key: str | None) -> LanguageModelError:
    """The same error with the key struck out, should the server have quoted it."""
    if key:
        error.args = tuple(arg.replace(key, "[key]") if isinstance(arg, str) else arg for arg in error.args)
    return error


def _is_clean(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url and urlsplit(url).port != 0


def _without_user(url: str) -> str:
    return url.rpartition("@")[2]
