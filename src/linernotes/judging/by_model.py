"""A language model as the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from linernotes.caption_files import CaptionPairs
from linernotes.judging import Failure, Judged, Judgement, JudgeOptions
from linernotes.judging.prompt import JudgePrompt, answer_schema, load_prompt
from linernotes.llm import LanguageModel, RefusedError
from linernotes.llm.concurrent import Asked, ask_all


@dataclass(frozen=True, slots=True)
class _Question:
    clip_id: str
    repeat: int


class _Judge:
    def __init__(self, pairs: CaptionPairs, model: LanguageModel, options: JudgeOptions) -> None:
        self._pairs = pairs
        self._model = model
        self._options = options
        self._prompt: JudgePrompt = load_prompt()

    def __call__(self, asked: _Question) -> Judgement:
        try:
            messages = self._prompt.messages(
                self._pairs.candidates[asked.clip_id], self._pairs.references[asked.clip_id], asked.repeat
            )
        except ValueError as error:
            raise RefusedError(str(error)) from error
        answer = self._model.complete(
            messages,
            schema=answer_schema(asked.repeat),
            temperature=self._options.temperature,
            max_tokens=self._options.max_tokens,
        )
        return Judgement(asked.clip_id, asked.repeat, answer.data, answer.model, answer.from_cache)


def judge_by_model(
    pairs: CaptionPairs,
    model: LanguageModel,
    options: JudgeOptions | None = None,
    heard: Callable[[int], None] = lambda done: None,
) -> Judged:
    """Put the six questions on every pair, `repeats` times; `heard` is told how many are done.

    What fails is kept with its reason. Behind a cache (`linernotes.llm.cache`) a killed run goes on where it was.

    Raises:
        LanguageModelError: no further question would be answered either.
    """
    options = options or JudgeOptions()
    questions = [_Question(clip, repeat) for clip in pairs.candidates for repeat in range(options.repeats)]
    judgements: list[Judgement] = []
    failures: list[Failure] = []
    judge = _Judge(pairs, model, options)
    for done, asked in enumerate(ask_all(judge, questions, jobs=options.jobs), 1):
        if asked.value is not None:
            judgements.append(asked.value)
        else:
            failures.append(_failure(asked))
        heard(done)
    return Judged(tuple(pairs.candidates), options.repeats, tuple(judgements), tuple(failures))


def _failure(asked: Asked[_Question, Judgement]) -> Failure:
    reason = " ".join(str(asked.error).split())
    return Failure(asked.item.clip_id, asked.item.repeat, f"{type(asked.error).__name__}: {reason}")
