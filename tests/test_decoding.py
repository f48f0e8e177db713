"""Facts about greedy and beam search, on a small random Markov model whose every sequence can be listed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from linernotes.decoding import (
    DecodingOptions,
    FloatArray,
    Hypothesis,
    State,
    StepResult,
    beam_search,
    greedy_search,
    new_search,
    nucleus,
    nucleus_sample,
    repeated_ngram_ends,
    search_together,
)
from linernotes.decoding.scores import largest

BOS, EOS, VOCABULARY = 0, 1, 5


class Chain:
    """Next-token log-probabilities depend on the two tokens before; the state carries the older one."""

    def __init__(self, seed: int) -> None:
        logits = np.random.default_rng(seed).normal(0, 2, (VOCABULARY, VOCABULARY, VOCABULARY))
        logits[..., BOS] = -30
        self.table = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)

    def __call__(self, state: State, tokens: NDArray[np.int64]) -> StepResult:
        older = state["older"].astype(int)
        return StepResult(self.table[older, tokens].copy(), {"older": tokens.astype(np.float32)})

    start: State = {"older": np.zeros(1, np.float32)}  # noqa: RUF012

    def log_prob(self, tokens: tuple[int, ...]) -> float:
        path = (BOS, BOS, *tokens)
        return float(sum(self.table[a, b, c] for a, b, c in zip(path, path[1:], path[2:], strict=False)))


def best_by_listing(chain: Chain, options: DecodingOptions) -> tuple[int, ...]:
    """The best finished sequence of all there are."""
    words = [token for token in range(VOCABULARY) if token not in (BOS, EOS)]
    lists = [p for n in range(options.max_tokens + 1) for p in product(words, repeat=n)]
    return max(lists, key=lambda p: chain.log_prob((*p, EOS)) / (len(p) + 1) ** options.length_penalty)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0])
def test_a_wide_beam_finds_what_listing_all_sequences_finds(seed: int, length_penalty: float) -> None:
    chain = Chain(seed)
    options = DecodingOptions(beams=125, max_tokens=4, length_penalty=length_penalty)
    best = beam_search(chain, chain.start, BOS, EOS, options)[0]
    assert best.tokens == best_by_listing(chain, options)
    assert best.log_prob == pytest.approx(chain.log_prob((*best.tokens, EOS)), abs=1e-4)
    assert best.finished


@pytest.mark.parametrize("seed", range(5))
def test_one_beam_without_length_penalty_never_beats_more_beams(seed: int) -> None:
    chain = Chain(seed)
    settings = [DecodingOptions(beams=n, max_tokens=6, length_penalty=0.0) for n in (1, 200)]
    scores = [beam_search(chain, chain.start, BOS, EOS, options)[0].score for options in settings]
    assert scores[0] <= scores[1] + 1e-6


def test_greedy_takes_the_likeliest_token_each_time() -> None:
    chain = Chain(3)
    greedy = greedy_search(chain, chain.start, BOS, EOS, DecodingOptions(max_tokens=6))
    path = [BOS, BOS]
    while len(path) < 8 and path[-1] != EOS:
        path.append(int(np.argmax(chain.table[path[-2], path[-1]])))
    assert greedy.tokens == tuple(token for token in path[2:] if token != EOS)


def test_hypotheses_come_best_first_and_differ() -> None:
    chain = Chain(1)
    found = beam_search(chain, chain.start, BOS, EOS, DecodingOptions(beams=8, max_tokens=5, hypotheses=8))
    assert len({h.tokens for h in found}) == len(found) == 8
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def test_a_constraint_is_never_broken_and_a_reward_pulls() -> None:
    chain = Chain(2)

    def no_three(tokens: tuple[int, ...]) -> FloatArray:
        scores = np.zeros(VOCABULARY, np.float32)
        scores[3] = -np.inf
        return scores

    def reward_four(tokens: tuple[int, ...]) -> FloatArray:
        scores = np.zeros(VOCABULARY, np.float32)
        scores[4] = 50.0 if 4 not in tokens else 0.0
        return scores

    options = DecodingOptions(beams=6, max_tokens=6, min_tokens=2, hypotheses=6)
    assert all(3 not in h.tokens for h in beam_search(chain, chain.start, BOS, EOS, options, no_three))
    assert 3 not in greedy_search(chain, chain.start, BOS, EOS, options, no_three).tokens
    assert 4 in beam_search(chain, chain.start, BOS, EOS, options, reward_four)[0].tokens


def test_lengths_are_kept() -> None:
    chain = Chain(4)
    options = DecodingOptions(beams=4, min_tokens=3, max_tokens=3, hypotheses=4)
    assert {len(h.tokens) for h in beam_search(chain, chain.start, BOS, EOS, options)} == {3}


@pytest.mark.parametrize("seed", range(4))
def test_no_run_occurs_twice(seed: int) -> None:
    chain = Chain(seed)
    options = DecodingOptions(beams=4, min_tokens=12, max_tokens=14, no_repeat_ngram=2)
    for hypothesis in beam_search(chain, chain.start, BOS, EOS, options):
        runs = list(zip(hypothesis.tokens, hypothesis.tokens[1:], strict=False))
        assert len(runs) == len(set(runs))


def test_repeated_ngram_ends_are_what_would_complete_a_run() -> None:
    assert repeated_ngram_ends((5, 6, 7, 5, 6), 3) == {7}
    assert repeated_ngram_ends((5, 6, 7, 5), 2) == {6}
    assert repeated_ngram_ends((5, 6), 1) == {5, 6}
    assert repeated_ngram_ends((), 3) == set()
    assert repeated_ngram_ends((5, 6, 5, 6), 0) == set()


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValueError, match="beams must be at least 1, got 0"):
        DecodingOptions(beams=0)
    with pytest.raises(ValueError, match=r"min_tokens must lie in 0\.\.3, got 4"):
        DecodingOptions(min_tokens=4, max_tokens=3)


class Sleeper:
    """A chain that knows which search each row belongs to, and that rows of a search come together."""

    def __init__(self, seed: int) -> None:
        self.chain, self.widths = Chain(seed), list[int]()

    def __call__(self, state: State, tokens: NDArray[np.int64]) -> StepResult:
        owners = state["owner"].tolist()
        counts = [owners.count(owner) for owner in dict.fromkeys(owners)]
        assert len(set(counts)) == 1
        assert owners == [owner for owner in dict.fromkeys(owners) for _ in range(counts[0])]
        self.widths.append(len(counts))
        found = self.chain(state, (tokens + state["owner"]) % VOCABULARY)
        return StepResult(found.log_probs, {**found.state, "owner": state["owner"]})


@pytest.mark.parametrize("beams", [1, 2, 5])
@pytest.mark.parametrize("top_p", [None, 0.8])
def test_searches_together_find_what_they_find_alone(beams: int, top_p: float | None) -> None:
    options = DecodingOptions(beams=beams, max_tokens=12, top_p=top_p, ends_as_transformers=beams == 5)
    step = Sleeper(15)

    def found(owners: list[int]) -> list[tuple[int, ...]]:
        searches = [new_search(BOS, EOS, options) for _ in owners]
        start = {"older": np.zeros(len(owners), np.float32), "owner": np.array(owners)}
        search_together(step, start, searches)
        return [search.hypotheses[0].tokens for search in searches]

    alone = [found([owner])[0] for owner in range(5)]
    step.widths.clear()
    assert found([0, 1, 2, 3, 4]) == alone
    assert step.widths[0] == 5
    assert step.widths[-1] < 5  # some ended before others, and took no further part
    assert len(set(alone)) > 1


def test_the_largest_are_those_that_a_sort_finds() -> None:
    rng = np.random.default_rng(0)
    for size, count in ((5, 10), (300, 10), (5000, 10), (5003, 3)):
        scores = rng.normal(size=size).astype(np.float32).round(1)  # with ties
        scores[rng.random(size) < 0.3] = -np.inf
        expected = [at for at in np.argsort(-scores, kind="stable") if np.isfinite(scores[at])][:count]
        assert largest(scores, count).tolist() == expected
    assert largest(np.full(9000, -np.inf, np.float32), 4).tolist() == []


def test_an_end_that_is_forced_costs_nothing_as_transformers_has_it() -> None:
    chain = Chain(4)
    plain = DecodingOptions(beams=3, min_tokens=3, max_tokens=3, length_penalty=0.0)
    charged, free = (
        beam_search(chain, chain.start, BOS, EOS, replace(plain, ends_as_transformers=free))[0]
        for free in (False, True)
    )
    assert charged.raw_score == pytest.approx(chain.log_prob((*charged.tokens, EOS)), abs=1e-4)
    assert free.raw_score == pytest.approx(chain.log_prob(free.tokens), abs=1e-4)


def test_the_nucleus_is_the_least_set_that_reaches_its_share() -> None:
    scores = np.log(np.array([0.1, 0.5, 0.15, 0.25], np.float32))
    assert nucleus(scores, 0.7).tolist() == pytest.approx([0, 2 / 3, 0, 1 / 3])
    assert nucleus(scores, 0.1).tolist() == [0, 1, 0, 0]
    assert nucleus(scores, 1.0).tolist() == pytest.approx([0.1, 0.5, 0.15, 0.25])
    assert not nucleus(np.full(3, -np.inf, np.float32), 0.9).any()


def test_draws_follow_the_chances_and_their_seed() -> None:
    chances = np.array([0.0, 0.1, 0.6, 0.3], np.float32)  # token 0 begins, token 1 ends

    def step(state: State, tokens: np.ndarray) -> StepResult:
        with np.errstate(divide="ignore"):
            return StepResult(np.log(chances)[None].repeat(len(tokens), 0), state)

    def draw(seed: int, top_p: float = 1.0, least: int = 0) -> Hypothesis:
        options = DecodingOptions(max_tokens=400, min_tokens=least, top_p=top_p, seed=seed)
        return nucleus_sample(step, {"x": np.zeros((1, 1), np.float32)}, 0, 1, options)

    drawn = [draw(seed) for seed in range(600)]
    tokens = [token for one in drawn for token in one.tokens]
    assert tokens.count(2) / len(tokens) == pytest.approx(2 / 3, abs=0.03)
    assert len(tokens) / len(drawn) == pytest.approx(9, abs=1)  # 0.9 / 0.1 before the end
    assert draw(3) == draw(3)
    assert all(len(draw(seed, least=5).tokens) >= 5 for seed in range(30))
    assert set(draw(1, top_p=0.5).tokens) == {2}
    assert not draw(1, top_p=0.5).finished
    with pytest.raises(ValueError, match="top_p"):
        DecodingOptions(top_p=0.0)
