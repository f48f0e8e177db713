"""The search for one sequence, which a driver feeds with log-probabilities until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from linernotes.decoding.options import Constraint, DecodingOptions, FloatArray, Hypothesis
from linernotes.decoding.scores import allowed_scores, largest, nucleus

START = Hypothesis((), 0.0, 0.0, 0.0, False)


class Search(Protocol):
    """One or several live hypotheses, each a row of the decoder."""

    newest: list[int]
    """The newest token of each."""
    sources: list[int]
    """The row of the last reading that each goes on from."""
    done: bool

    def read(self, log_probs: FloatArray) -> None:
        """Take the log-probabilities (hypotheses, vocabulary) of what follows `newest`."""
        ...

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """What was found, best first."""
        ...


class Walk:
    """One hypothesis: the likeliest allowed token every time, or one drawn from the nucleus."""

    def __init__(
        self,
        bos_id: int,
        eos_id: int,
        options: DecodingOptions,
        constraint: Constraint | None = None,
        *,
        draws: bool,
    ) -> None:
        self.newest, self.sources, self.done = [bos_id], [0], False
        self._eos_id, self._options, self._constraint = eos_id, options, constraint
        self._rng = np.random.default_rng(options.seed or 0) if draws else None
        self._so_far = START

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """The one there is."""
        return [self._so_far]

    def read(self, log_probs: FloatArray) -> None:
        """Take one more step."""
        so_far, options = self._so_far, self._options
        scores = allowed_scores(log_probs[0], so_far.tokens, self._eos_id, options, self._constraint)
        chosen = self._choose(scores)
        if chosen is None:
            self.done = True
            return
        step = _Candidate(0, chosen, float(log_probs[0, chosen]), so_far.raw_score + float(scores[chosen]))
        self._so_far = step.after(so_far, options, ends=chosen == self._eos_id)
        self.newest = [chosen]
        self.done = self._so_far.finished or len(self._so_far.tokens) >= options.max_tokens

    def _choose(self, scores: FloatArray) -> int | None:
        if self._rng is None:
            best = int(np.argmax(scores))
            return best if np.isfinite(scores[best]) else None
        chances = nucleus(scores, 1.0 if self._options.top_p is None else self._options.top_p)
        return int(self._rng.choice(len(chances), p=chances)) if chances.any() else None


@dataclass(frozen=True)
class _Candidate:
    """One more token for the hypothesis in row `source`; `raw_score` is that of all tokens."""

    source: int
    token: int
    token_log_prob: float
    raw_score: float

    def after(self, before: Hypothesis, options: DecodingOptions, *, ends: bool) -> Hypothesis:
        """The hypothesis that `before` becomes."""
        tokens = before.tokens if ends else (*before.tokens, self.token)
        length = len(before.tokens) + 1
        log_prob = before.log_prob + self.token_log_prob
        return Hypothesis(
            tokens, log_prob, self.raw_score, _normalised(self.raw_score, length, options), ends
        )


class BeamSearch:
    """The best `beams` hypotheses side by side."""

    def __init__(
        self, bos_id: int, eos_id: int, options: DecodingOptions, constraint: Constraint | None = None
    ) -> None:
        self.newest, self.sources, self.done = [bos_id], [0], False
        self._eos_id, self._options, self._constraint = eos_id, options, constraint
        self._alive = [START]
        self._finished: list[Hypothesis] = []
        self._wanted = max(options.beams, options.hypotheses)

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """Finished ones, best first; live ones if none is finished."""
        ranked = self._finished or sorted(self._alive, key=lambda hypothesis: -hypothesis.score)
        return ranked[: self._options.hypotheses]

    def read(self, log_probs: FloatArray) -> None:
        """Take one more step with every live hypothesis."""
        options, kept = self._options, []
        for rank, candidate in enumerate(self._candidates(log_probs)):
            if candidate.token != self._eos_id:
                kept.append(candidate)
            elif rank < options.beams or not options.ends_as_transformers:
                before = self._alive[candidate.source]
                self._finished.append(candidate.after(before, options, ends=True))
        kept = kept[: options.beams]
        self._finished = sorted(self._finished, key=lambda hypothesis: -hypothesis.score)[: self._wanted]
        if not kept:
            self.done = True
            return
        self._alive = [one.after(self._alive[one.source], options, ends=False) for one in kept]
        self.sources, self.newest = [one.source for one in kept], [one.token for one in kept]
        full = len(self._finished) == self._wanted
        self.done = full and self._bound() <= self._finished[-1].score

    def _candidates(self, log_probs: FloatArray) -> list[_Candidate]:
        """The best continuations of all beams, enough of them that <eos> cannot starve the live ones."""
        rows = [
            allowed_scores(row, hypothesis.tokens, self._eos_id, self._options, self._constraint)
            + np.float32(hypothesis.raw_score)
            for row, hypothesis in zip(log_probs, self._alive, strict=True)
        ]
        flat = np.concatenate(rows)
        found = []
        for index in largest(flat, 2 * self._wanted):
            beam, token = divmod(int(index), log_probs.shape[1])
            found.append(_Candidate(beam, token, float(log_probs[beam, token]), float(flat[index])))
        return found

    def _bound(self) -> float:
        """The best score any live hypothesis is given credit for, compared with the finished ones."""
        options, length = self._options, len(self._alive[0].tokens)
        best = max(hypothesis.raw_score for hypothesis in self._alive)
        if options.ends_as_transformers:
            return _normalised(best, length, options)
        # As if every further token were certain.
        best += max(options.length_reward, 0.0) * (options.max_tokens - length)
        return _normalised(best, options.max_tokens + 1 if best < 0 else length + 1, options)


def _normalised(raw_score: float, length: int, options: DecodingOptions) -> float:
    return float(raw_score / max(length, 1) ** options.length_penalty)
