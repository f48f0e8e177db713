"""What is sent to a chat server, and what becomes of everything that can come back."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest
from chat_stub import Behaviour, Stub, completion, hang_up, say, send

from linernotes.llm import (
    BadAnswerError,
    BadResponseError,
    LanguageModelError,
    Message,
    RateLimitedError,
    RefusedError,
    ServerError,
    TimedOutError,
    TruncatedError,
    UnauthorisedError,
)
from linernotes.llm.http_post import LARGEST_BODY
from linernotes.llm.openai_compatible import OpenAICompatible

ASK = [Message("system", "Be brief."), Message("user", "Häydn?")]
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
KEY = "sk-very-secret-0123456789"


def model(stub: Stub, key: str | None = KEY, timeout_s: float = 10.0) -> OpenAICompatible:
    return OpenAICompatible(stub.url, "stub-1", key, timeout_s)


def test_the_request_is_openais(stub: Stub) -> None:
    got = model(stub).complete(ASK, schema=None, temperature=0.5, max_tokens=9)
    assert (got.text, got.model, got.tokens_in, got.tokens_out) == ("fine", "stub-1", 11, 7)
    assert stub.paths == ["/v1/chat/completions"]
    assert stub.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert stub.asked == [
        {
            "model": "stub-1",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Häydn?"},
            ],
            "temperature": 0.5,
            "max_tokens": 9,
        }
    ]


def test_without_a_key_or_temperature_none_is_sent(stub: Stub) -> None:
    model(stub, key=None).complete(ASK, temperature=None)
    assert "Authorization" not in stub.headers[0]
    assert "temperature" not in stub.asked[0]


def test_a_schema_is_asked_for_and_checked(stub: Stub) -> None:
    stub.play(say('{"a": 3}'), say('{"a": "three"}'))
    assert model(stub).complete(ASK, schema=SCHEMA).data == {"a": 3}
    assert stub.asked[0]["response_format"]["json_schema"] == {
        "name": "answer",
        "strict": True,
        "schema": SCHEMA,
    }
    with pytest.raises(BadAnswerError, match="must be of type integer") as caught:
        model(stub).complete(ASK, schema=SCHEMA)
    assert caught.value.answer == '{"a": "three"}'


def complain(message: str, status: int = 400, **more: object) -> Behaviour:
    return send({"error": {"message": message, **more}}, status)


def test_a_server_that_speaks_differently_is_asked_again_and_remembered(stub: Stub) -> None:
    stub.play(
        complain("'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        complain("response_format of type json_schema is unknown"),
        say('{"a": 1}'),
    )
    one = model(stub)
    assert one.complete(ASK, schema=SCHEMA).data == {"a": 1}
    assert one.complete(ASK, schema=SCHEMA).data == {"a": 1}
    last = stub.asked[-1]
    assert len(stub.asked) == 4
    assert last["max_completion_tokens"] == 512
    assert not {"max_tokens", "response_format"} & set(last)


def test_a_server_that_keeps_complaining_is_not_asked_for_ever(stub: Stub) -> None:
    stub.play(complain("max_completion_tokens and response_format are both wrong"))
    with pytest.raises(RefusedError, match="both wrong"):
        model(stub).complete(ASK, schema=SCHEMA)
    assert len(stub.asked) == 3


NO_CREDIT = complain("You exceeded your quota", 429, code="insufficient_quota")
CUT = completion("half an", choices=[{"finish_reason": "length", "message": {"content": "half an"}}])
FILTERED = completion("", choices=[{"finish_reason": "content_filter", "message": {"content": ""}}])
REFUSAL = completion("", choices=[{"finish_reason": "stop", "message": {"content": None, "refusal": "No."}}])


@pytest.mark.parametrize(
    ("behaviour", "error", "says"),
    [
        (complain("slow down", 429), RateLimitedError, "HTTP 429: slow down"),
        (complain("overloaded", 503), RateLimitedError, "HTTP 503"),
        (NO_CREDIT, UnauthorisedError, "no credit left"),
        (complain("oops", 500), ServerError, "HTTP 500: oops"),
        (send(b"<html>Bad gateway</html>", 502), ServerError, "Bad gateway"),
        (complain("took too long", 504), TimedOutError, "HTTP 504"),
        (complain("wrong key", 401), UnauthorisedError, "HTTP 401: wrong key"),
        (complain("no model called stub-1", 404), UnauthorisedError, "no model called stub-1"),
        (complain("too long a prompt", 400), RefusedError, "too long a prompt"),
        (send(b"", 302, {"Location": "http://elsewhere.invalid/"}), UnauthorisedError, "HTTP 302"),
        (send({"error": {"message": "upstream", "code": 429}}), RateLimitedError, "upstream"),
        (send({"error": "it broke"}), ServerError, "it broke"),
        (send(b"{nonsense"), BadResponseError, "not JSON"),
        (send(json.dumps(completion("fine")).encode()[:40]), BadResponseError, "not JSON"),
        (send('{"choices": "Häydn"}'.encode("latin-1")), BadResponseError, "not JSON in UTF-8"),
        (send(b"[]"), BadResponseError, "no JSON object"),
        (send(b"[" * 100_000), BadResponseError, "not JSON"),
        (send({"choices": []}), BadResponseError, "no choices"),
        (send({"choices": [{}]}), BadResponseError, "no choices"),
        (send({"choices": {"a": 1}}), BadResponseError, "no choices"),
        (send({"choices": [{"message": "text"}]}), BadResponseError, "no choices"),
        (say(""), BadResponseError, "no text"),
        (say(None), BadResponseError, "no text"),
        (say(["part"]), BadResponseError, "no text"),
        (send(CUT), TruncatedError, "cut off"),
        (send(FILTERED), RefusedError, "content filter"),
        (send(REFUSAL), RefusedError, "No."),
        (hang_up, ServerError, "connection broke"),
        (send(completion("fine"), short=9), ServerError, "connection broke"),
        (send(b"x" * (LARGEST_BODY + 1)), BadResponseError, "over 8 MB"),
    ],
)
def test_every_failure_has_its_name(
    stub: Stub, behaviour: Behaviour, error: type[LanguageModelError], says: str
) -> None:
    stub.play(behaviour)
    with pytest.raises(LanguageModelError, match=says) as caught:
        model(stub).complete(ASK)
    assert type(caught.value) is error
    assert len(stub.asked) == 1


def test_silence_times_out(stub: Stub) -> None:
    stub.play(stub.sleep)
    with pytest.raises(TimedOutError, match="no answer within"):
        model(stub, timeout_s=0.1).complete(ASK)


def test_a_body_that_drips_times_out(stub: Stub) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stub.closing.wait(0.02):
            handler.wfile.write(b" ")

    stub.play(drip)
    with pytest.raises(TimedOutError):
        model(stub, timeout_s=0.2).complete(ASK)


def test_nobody_at_home_is_a_server_error(stub: Stub) -> None:
    gone = OpenAICompatible("http://127.0.0.1:9/v1", "x")
    with pytest.raises(ServerError, match=r"can't reach 127\.0\.0\.1:9"):
        gone.complete(ASK)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After-Ms": "1500", "Retry-After": "2"}, 1.5),
        ({"Retry-After": format_datetime(datetime.now(UTC) - timedelta(hours=1))}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read(stub: Stub, headers: dict[str, str], seconds: float | None) -> None:
    stub.play(send(b"", 429, headers))
    with pytest.raises(RateLimitedError) as caught:
        model(stub).complete(ASK)
    assert caught.value.retry_after_s == seconds


def test_retry_after_may_be_a_date(stub: Stub) -> None:
    stub.play(send(b"", 429, {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1))}))
    with pytest.raises(RateLimitedError) as caught:
        model(stub).complete(ASK)
    assert caught.value.retry_after_s == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_the_key_stands_in_no_error(stub: Stub, status: int) -> None:
    stub.play(complain(f"Incorrect API key provided: {KEY}", status))
    asked = model(stub)
    with pytest.raises(LanguageModelError) as caught:
        asked.complete(ASK)
    told = "".join(traceback.format_exception(caught.value))
    assert "[key]" in told
    assert KEY not in told + repr(asked) + str(asked) + asked.name


@pytest.mark.parametrize(
    ("url", "name", "key", "says"),
    [
        ("localhost:11434", "m", None, "no web address"),
        ("ftp://host/v1", "m", None, "no web address"),
        ("http://", "m", None, "no web address"),
        ("http://a host/v1", "m", None, "no web address"),
        ("http://me:secret@host/v1", "m", None, "keys go into the environment"),
        ("http://host/v1?api-key=secret", "m", None, "keys go into the environment"),
        ("http://host/v1", "", None, "name the model"),
        ("http://host/v1", "m", "secret\r\nX-Evil: 1", "no HTTP header"),
        ("http://host/v1", "m", "sécret", "no HTTP header"),
    ],
)
def test_what_can_not_work_is_refused_at_once(url: str, name: str, key: str | None, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        OpenAICompatible(url, name, key)
    assert "secret" not in str(caught.value)


def test_a_whole_endpoint_is_an_address_too(stub: Stub) -> None:
    OpenAICompatible(f"{stub.url}/chat/completions", "m").complete(ASK)
    assert stub.paths == ["/v1/chat/completions"]
