"""Language models behind one seam: messages in, a checked completion out, and errors with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

Schema = Mapping[str, Any]
"""A JSON schema of the subset in `json_answers`."""

KEY_VARIABLE = "LINERNOTES_LLM_KEY"
"""Environment variable that holds a server's key, unless another one is named."""

TIMEOUT_S = 120.0
"""For one whole answer."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Something to listen to: a whole file in base64; `format` is "wav" or "mp3"."""

    data: str
    format: Literal["wav", "mp3"] = "wav"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `sounds` are heard before `content` is read, by models that can hear."""

    role: Literal["system", "user", "assistant"]
    content: str
    sounds: tuple[Sound, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered; `data` is the parsed JSON where a schema was asked for.

    `tokens_in` and `tokens_out` are None where the backend does not count. `from_cache`: nothing was paid.
    `written` is when the answer came (ISO 8601, UTC), as far as a cache kept it. `repaired`: it took a second
    request, whose tokens are counted here with the first one's.
    """

    text: str
    model: str
    data: Any = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    from_cache: bool = False
    written: str = ""
    repaired: bool = False


class LanguageModel(Protocol):
    """Any model that answers messages; safe to call from several threads at once.

    Raises:
        LanguageModelError: there is no usable answer; the subclass says why.
    """

    @property
    def name(self) -> str:
        """Which model this is and where, without secrets: goes into cache keys and reports."""
        ...

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        """Answer `messages`; with a `schema` the answer is JSON that fits it, parsed into `Completion.data`.

        `temperature=None` leaves it to the backend (some hosted models allow no other).
        """
        ...


class LanguageModelError(OSError):
    """There is no usable answer.

    `passes`: the same request may succeed a little later. `hopeless`: no other request will succeed either.
    `tokens_in` and `tokens_out` are what it cost all the same, as far as the backend said.
    """

    passes: ClassVar[bool] = False
    hopeless: ClassVar[bool] = False
    tokens_in: int = 0
    tokens_out: int = 0


class RateLimitedError(LanguageModelError):
    """Too many requests; `retry_after_s` is what the server asked for, if it did."""

    passes = True

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TimedOutError(LanguageModelError):
    """No whole answer within the time allowed."""

    passes = True


class ServerError(LanguageModelError):
    """The server failed, hung up or could not be reached."""

    passes = True


class BadResponseError(LanguageModelError):
    """What came back is not a chat completion (no JSON, no choices, too long, not UTF-8)."""

    passes = True


class BadAnswerError(LanguageModelError):
    """The model answered, but not in the JSON that was asked for; `answer` is what it said."""

    def __init__(self, message: str, answer: str) -> None:
        super().__init__(message)
        self.answer = answer


class TruncatedError(LanguageModelError):
    """The answer was cut off at `max_tokens`: ask for more."""


class RefusedError(LanguageModelError):
    """The server or the model will not answer this request."""


class UnauthorisedError(RefusedError):
    """Wrong key, wrong address, unknown model or no credit: no request will be answered."""

    hopeless = True


class BudgetSpentError(LanguageModelError):
    """The caller's limit of calls or tokens is reached."""

    hopeless = True
