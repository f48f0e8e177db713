"""From what a person writes on a command line to a language model, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from linernotes.llm import KEY_VARIABLE, TIMEOUT_S, LanguageModel
from linernotes.llm.cache import AnswerCache, Cached
from linernotes.llm.giving_up import GivingUp
from linernotes.llm.metering import Meter, Metered
from linernotes.llm.openai_compatible import OpenAICompatible, key_from_environment
from linernotes.llm.repair import Repairing
from linernotes.llm.retrying import Pace, Retrying, RetryPolicy
from linernotes.llm.scripted import load_scripted

FORMS = "an address (http://localhost:11434/v1), local:FOLDER or scripted:FILE"


@dataclass(frozen=True, slots=True)
class Manners:
    """How a model is asked, whatever it is."""

    retries: RetryPolicy = field(default_factory=RetryPolicy)
    calls_per_minute: float | None = None
    timeout_s: float = TIMEOUT_S
    cache: Path | None = None
    keep_failures: bool = False
    """Of the cache: answers that were paid and are of no use are not paid again either."""
    meter: Meter | None = None
    gives_up: bool = False
    """Whether nothing more is asked after a hopeless error, or when the server seems gone; `ask_all` sees to that
    by itself."""


def load_language_model(
    where: str, *, model: str = "", key_variable: str = KEY_VARIABLE, manners: Manners | None = None
) -> LanguageModel:
    """The model at `where`, with retries, repair of answers and, by `manners`, a pace, a cache and a budget.

    `where` is the address of an OpenAI-compatible server (then `model` names the model and the key is in the
    environment variable `key_variable`), `local:FOLDER` or `scripted:FILE`.

    Raises:
        ValueError: `where` is none of these, or a `key_variable` that was named is empty.
        FileNotFoundError: there is no such folder or file.
        MissingExtraError: a local model needs packages that are not installed.
    """
    manners = manners or Manners()
    return with_manners(_bare(where, model, key_variable, manners.timeout_s), manners)


def with_manners(bare: LanguageModel, manners: Manners) -> LanguageModel:
    """`bare`, asked as `manners` say."""
    metered = Metered(bare, manners.meter or Meter())
    patient: LanguageModel = Retrying(metered, manners.retries, pace=Pace(manners.calls_per_minute))
    if manners.gives_up:
        patient = GivingUp(patient)
    if manners.cache is None:
        return Repairing(patient)
    cache = AnswerCache(manners.cache)
    if manners.keep_failures:  # the bad answer and its repair are kept each by itself
        return Repairing(Cached(patient, cache, keep_failures=True))
    # repair beneath the cache, so that a bad answer is not asked for again once repaired
    return Cached(Repairing(patient), cache)


def _bare(where: str, model: str, key_variable: str, timeout_s: float) -> LanguageModel:
    kind, _, rest = where.partition(":")
    if kind in ("http", "https"):
        key = key_from_environment(key_variable)
        if key is None and key_variable != KEY_VARIABLE:
            raise ValueError(f"the environment variable {key_variable} holds no key")
        return OpenAICompatible(where, model, key, timeout_s)
    if kind == "scripted" and rest:
        return load_scripted(Path(rest))
    if kind == "local" and rest:
        from linernotes.llm.local import load_local

        return load_local(Path(rest))
    raise ValueError(f"{where!r} is no language model: give {FORMS}")
