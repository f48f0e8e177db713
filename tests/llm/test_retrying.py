"""When is asked again, how long is waited, and who waits with it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from chat_stub import Sleeps, Stub, hang_up, say, send

from linernotes.llm import (
    BadAnswerError,
    BadResponseError,
    BudgetSpentError,
    Completion,
    LanguageModelError,
    Message,
    RateLimitedError,
    RefusedError,
    ServerError,
    TimedOutError,
    TruncatedError,
    UnauthorisedError,
)
from linernotes.llm.metering import Meter, Metered, Price, Usage
from linernotes.llm.openai_compatible import OpenAICompatible
from linernotes.llm.repair import Repairing
from linernotes.llm.retrying import Pace, Retrying, RetryPolicy
from linernotes.llm.scripted import Scripted

ASK = [Message("user", "?")]
POLICY = RetryPolicy(attempts=4, first_wait_s=1.0, longest_wait_s=3.0, longest_retry_after_s=100.0)


def patient(model: object, sleeps: Sleeps) -> Retrying:
    pace = Pace(clock=sleeps.clock, sleep=sleeps.sleep)
    return Retrying(model, POLICY, pace=pace, sleep=sleeps.sleep, draw=lambda: 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [RateLimitedError("x"), TimedOutError("x"), ServerError("x"), BadResponseError("x")],
)
def test_what_passes_is_tried_again_with_doubling_waits(error: LanguageModelError, sleeps: Sleeps) -> None:
    assert patient(Scripted([error, error, error, "fine"]), sleeps).complete(ASK).text == "fine"
    assert sleeps.slept == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "error",
    [
        UnauthorisedError("x"),
        RefusedError("x"),
        TruncatedError("x"),
        BadAnswerError("x", "y"),
        BudgetSpentError("x"),
    ],
)
def test_what_does_not_pass_is_not_tried_again(error: LanguageModelError, sleeps: Sleeps) -> None:
    with pytest.raises(type(error)):
        patient(Scripted([error, "fine"]), sleeps).complete(ASK)
    assert sleeps.slept == []


def test_the_last_error_is_the_answer(sleeps: Sleeps) -> None:
    errors = [ServerError(str(n)) for n in range(1, 9)]
    with pytest.raises(ServerError, match="4"):
        patient(Scripted(errors), sleeps).complete(ASK)


def test_waits_are_spread_over_their_upper_half() -> None:
    waits = [POLICY.wait_s(2, ServerError("x"), drawn) for drawn in (0.0, 0.5, 1.0)]
    assert waits == [1.0, 1.5, 2.0]


def test_a_longer_retry_after_is_kept_to_and_a_shorter_one_is_not(sleeps: Sleeps) -> None:
    script = Scripted([RateLimitedError("x", 50.0), RateLimitedError("x", 0.1), "fine"])
    patient(script, sleeps).complete(ASK)
    assert sleeps.slept == [50.0, 2.0]


def test_who_is_told_to_come_back_tomorrow_gives_up(sleeps: Sleeps) -> None:
    with pytest.raises(RateLimitedError):
        patient(Scripted([RateLimitedError("x", 86400.0), "fine"]), sleeps).complete(ASK)


def test_a_rate_limit_holds_the_others_too(sleeps: Sleeps) -> None:
    pace = Pace(clock=sleeps.clock, sleep=sleeps.sleep)
    pace.wait()
    pace.hold(30.0)
    pace.wait()
    assert sleeps.now_s == 30.0


def test_calls_are_spaced_out(sleeps: Sleeps) -> None:
    pace = Pace(120.0, clock=sleeps.clock, sleep=sleeps.sleep)
    for _ in range(4):
        pace.wait()
    assert sleeps.slept == [0.5, 0.5, 0.5]
    sleeps.now_s += 100
    pace.wait()
    assert len(sleeps.slept) == 3


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_of_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Pace(rate)


def test_over_http_everything_that_passes_is_survived(stub: Stub, sleeps: Sleeps) -> None:
    stub.play(send(b"", 429, {"Retry-After": "9"}), send(b"", 500), hang_up, say("fine"))
    assert patient(OpenAICompatible(stub.url, "m"), sleeps).complete(ASK).text == "fine"
    assert len(stub.asked) == 4
    assert sleeps.slept == [9.0, 2.0, 3.0]


def test_over_http_a_wrong_key_is_asked_once(stub: Stub, sleeps: Sleeps) -> None:
    stub.play(send(b"", 401))
    with pytest.raises(UnauthorisedError):
        patient(OpenAICompatible(stub.url, "m", "key"), sleeps).complete(ASK)
    assert len(stub.asked) == 1


def test_a_bad_answer_is_shown_to_the_model_once() -> None:
    heard: list[list[Message]] = []
    answers = iter(["yes!", '["yes"]', "never asked"])

    def answer(messages: object) -> str:
        heard.append(list(messages))  # type: ignore[call-overload]
        return next(answers)

    got = Repairing(Scripted(answer)).complete(ASK, schema={"type": "array"})
    assert got.data == ["yes"]
    assert heard[1][:2] == [*ASK, Message("assistant", "yes!")]
    assert "not JSON" in heard[1][2].content


class Counted:
    """Answers with a known number of tokens."""

    name = "counted"

    def complete(self, messages: object, **_: object) -> Completion:
        return Completion("fine", "counted", tokens_in=30, tokens_out=20)


def test_a_repaired_answer_counts_both() -> None:
    bad = BadAnswerError("not JSON", "yes!")
    bad.tokens_in, bad.tokens_out = 30, 20

    class Twice(Counted):
        answers: ClassVar[list[Completion | BadAnswerError]] = [bad, Completion("[]", "m", [], 50, 5)]

        def complete(self, messages: object, **_: object) -> Completion:
            answer = self.answers.pop(0)
            if isinstance(answer, BadAnswerError):
                raise answer
            return answer

    got = Repairing(Twice()).complete(ASK, schema={"type": "array"})  # type: ignore[arg-type]
    assert (got.tokens_in, got.tokens_out, got.repaired) == (80, 25, True)


def test_two_bad_answers_are_an_error() -> None:
    with pytest.raises(BadAnswerError):
        Repairing(Scripted(["a", "b", "[]"])).complete(ASK, schema={"type": "array"})


def test_a_budget_of_calls_is_exact() -> None:
    meter = Meter(max_calls=2)
    model = Metered(Counted(), meter)  # type: ignore[arg-type]
    model.complete(ASK)
    model.complete(ASK)
    with pytest.raises(BudgetSpentError, match="2 calls"):
        model.complete(ASK)
    assert (meter.usage.calls, meter.usage.tokens_in, meter.usage.tokens_out) == (2, 60, 40)


def test_a_budget_of_tokens_ends_the_calls() -> None:
    model = Metered(Counted(), Meter(max_tokens=51))  # type: ignore[arg-type]
    model.complete(ASK)
    model.complete(ASK)
    with pytest.raises(BudgetSpentError, match="51 tokens"):
        model.complete(ASK)


def test_a_budget_of_cost_counts_what_was_spent_before() -> None:
    price = Price(per_million_in=1e6, per_million_out=2e6)  # 30 + 40 = 70 a call
    model = Metered(Counted(), Meter(price=price, max_cost=100, spent=Usage(9, 10, 10)))  # type: ignore[arg-type]
    model.complete(ASK)  # 30 before, 100 after
    with pytest.raises(BudgetSpentError, match="limit of 100 on the cost"):
        model.complete(ASK)
