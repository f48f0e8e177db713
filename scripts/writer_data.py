"""Training examples for the small writer: MusicCaps' train half, cleaned of what the aspects do not license.

Only rows with `is_audioset_eval` False are read. `author_id` is never fed to the model; nothing here keeps it.
"""

from __future__ import annotations

import ast
import csv
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from linernotes.writers.small.prompt import PLAIN, USES, coverage_control, length_control
from linernotes.writers.small.wording import (
    Licences,
    content_words,
    fix_articles,
    fold,
    licences_of,
    relatives,
    words_of,
)

_MODAL = r"\b(?:can|could|may|might|would|will|should)\b(?: \w+){0,3}?"
_VERB = r"(?:be|fit|suit|work|serve|accompany|make|sound|play|hear)\b"
USE = re.compile(
    rf"{_MODAL} {_VERB}"
    r"|\b(?:suitable|suited|perfect|ideal|fit|fitting|great|good) (?:for|in|as)\b"
    r"|\bsomething you\b|\bmeant (?:for|to)\b"
    r"|\b(?:used|played|heard) (?:in|as|for|at) (?:a|an|the|many)? ?(?:\w+ )?"
    r"(?:movie|film|soundtrack|background|show|commercial)"
)
"""Invented uses: where or for what a piece might be played."""
USE_CLAUSE = re.compile(r",? (?:and )?(?:it sounds )?(?:like|as) something (?:that )?you would\b[^.!?]*")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\w\"'])")


def _swap_classes() -> tuple[tuple[str, ...], ...]:
    text = (Path(__file__).parent / "writer_swaps.txt").read_text(encoding="utf-8")
    return tuple(tuple(line.split()) for line in text.splitlines() if line and not line.startswith("#"))


SWAPS = _swap_classes()
CLASS_OF = {word: members for members in SWAPS for word in members}


@dataclass(frozen=True)
class Pair:
    """One item of MusicCaps: what the annotator listed and what they wrote."""

    clip_id: str
    aspects: tuple[str, ...]
    caption: str


@dataclass(frozen=True)
class Augmentation:
    """Chances (0..1) of each random change to a training example."""

    shuffle: float = 0.3
    drop_unused: float = 0.3
    drop_used: float = 0.08
    swap: float = 0.35
    complete: float = 0.4
    """Add the caption's unlicensed words to the aspects instead of hiding them from the loss."""
    uses: float = 0.08
    blank_control: float = 0.3
    cut: float = 0.3
    """Leave out sentences mostly without licence; else they stay, those words hidden from the loss."""


@dataclass(frozen=True)
class Example:
    """`controls` and `aspects` go in, `words` (with leading spaces) come out.

    Where `licensed` is False the aspects do not carry the word, and its loss is hidden.
    """

    controls: tuple[str, str, str]
    aspects: tuple[str, ...]
    words: tuple[str, ...]
    licensed: tuple[bool, ...]


def read_pairs(path: str | Path, eval_half: bool = False) -> list[Pair]:
    """The train half (or, for measuring only, the eval half) of the public MusicCaps csv."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["is_audioset_eval"] == "True") == eval_half]
    return [
        Pair(row["ytid"], tuple(str(a) for a in ast.literal_eval(row["aspect_list"])), row["caption"])
        for row in rows
    ]


def split_pairs(pairs: Sequence[Pair], validation: int, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Train and validation items, drawn at random from the train half."""
    order = list(pairs)
    random.Random(seed).shuffle(order)
    return order[validation:], order[:validation]


def sentences_of(caption: str) -> list[str]:
    """Lower-case sentences of a folded caption."""
    return [part for part in SENTENCE.split(fold(caption).lower()) if part]


def without_uses(sentences: Sequence[str]) -> list[str]:
    """The sentences with invented uses taken out."""
    trimmed = [USE_CLAUSE.sub("", sentence) for sentence in sentences]
    return [sentence for sentence in trimmed if not USE.search(sentence) and words_of(sentence)]


def coverage(aspects: Sequence[str], text_words: Sequence[str], free: frozenset[str]) -> float:
    """Share of the aspects' content words of which a relative stands in the text."""
    content = content_words(aspects, free)
    keys = {key for word in text_words for part in (word, *word.split("-")) for key in relatives(part)}
    return sum(not relatives(word).isdisjoint(keys) for word in content) / max(len(content), 1)


def plain_example(pair: Pair, free: frozenset[str]) -> Example:
    """The cleaned item without any random change: what validation loss is measured on."""
    still = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return make_example(pair, free, still, random.Random(0))


def make_example(pair: Pair, free: frozenset[str], chances: Augmentation, rng: random.Random) -> Example:
    """One random view of an item."""
    aspects = [fold(aspect).lower() for aspect in pair.aspects if aspect.strip()]
    sentences = sentences_of(pair.caption)
    plain = without_uses(sentences)
    uses = plain != sentences and rng.random() < chances.uses
    if not uses and plain:
        sentences = plain
    if rng.random() < chances.swap:
        aspects, sentences = _swap_words(aspects, sentences, rng)
    aspects = _drop_aspects(aspects, sentences, chances, rng) or aspects
    if rng.random() < chances.complete:
        aspects = _complete(aspects, sentences, free, rng)
    elif not uses and rng.random() < chances.cut:
        sentences = _licensed_sentences(sentences, licences_of(aspects), free)
    if rng.random() < chances.shuffle:
        rng.shuffle(aspects)
    return _assemble(aspects, sentences, uses, free, chances, rng)


def _assemble(
    aspects: list[str],
    sentences: list[str],
    uses: bool,
    free: frozenset[str],
    chances: Augmentation,
    rng: random.Random,
) -> Example:
    licences = licences_of(aspects)
    words: list[str] = []
    licensed: list[bool] = []
    before: list[str] = []
    for sentence in sentences:
        use = uses and bool(USE.search(sentence))
        for token in re.findall(r" ?\w+(?:[-'&]\w+)*| ?[^\w\s]", f" {sentence}"):
            word = token.strip()
            is_word = word[0].isalnum()
            licensed.append(use or not is_word or word in free or licences.permits(word, before))
            words.append(token)
            before = [*before[-8:], word] if is_word else before
    text_words = [word.strip() for word in words]
    share = coverage(aspects, text_words, free)
    length = sum(word[0].isalnum() for word in text_words)
    cov = coverage_control(None if rng.random() < chances.blank_control else share)
    size = length_control(None if rng.random() < chances.blank_control else length)
    controls = (USES if uses else PLAIN, cov, size)
    return Example(controls, tuple(aspects), tuple(words), tuple(licensed))


def _drop_aspects(
    aspects: list[str], sentences: list[str], chances: Augmentation, rng: random.Random
) -> list[str]:
    keys = {key for sentence in sentences for word in words_of(sentence) for key in relatives(word)}
    kept = []
    for aspect in aspects:
        used = any(not relatives(word).isdisjoint(keys) for word in words_of(aspect))
        if rng.random() >= (chances.drop_used if used else chances.drop_unused):
            kept.append(aspect)
    return kept


def _unlicensed_runs(sentence: str, licences: Licences, free: frozenset[str]) -> list[str]:
    """Maximal runs of words that neither are free nor have a licence."""
    runs: list[list[str]] = [[]]
    words = words_of(sentence)
    for at, word in enumerate(words):
        if word in free or licences.permits(word, words[:at]):
            runs.append([])
        else:
            runs[-1].append(word)
    return [" ".join(run) for run in runs if run]


def _complete(
    aspects: list[str], sentences: list[str], free: frozenset[str], rng: random.Random
) -> list[str]:
    full = list(aspects)
    for sentence in sentences:
        for run in _unlicensed_runs(sentence, licences_of(full), free):
            full.insert(rng.randrange(len(full) + 1), run)
    return full


def _licensed_sentences(sentences: list[str], licences: Licences, free: frozenset[str]) -> list[str]:
    """Sentences most of whose content words have a licence; all of them when none would be left."""
    kept = []
    for sentence in sentences:
        content = [word for word in words_of(sentence) if word not in free]
        missing = sum(not licences.mentions(word) for word in content)
        if missing <= 1 or missing < 0.5 * len(content):
            kept.append(sentence)
    return kept or sentences


def _swap_words(aspects: list[str], sentences: list[str], rng: random.Random) -> tuple[list[str], list[str]]:
    """Exchange up to three words that stand on both sides for others of their class."""
    aspect_words = {word for aspect in aspects for word in words_of(aspect)}
    shared = sorted(
        aspect_words & {word for sentence in sentences for word in words_of(sentence)} & CLASS_OF.keys()
    )
    rng.shuffle(shared)
    mapping: dict[str, str] = {}
    for word in shared[: rng.randint(1, 3)]:
        new = rng.choice(CLASS_OF[word])
        if new not in aspect_words and new not in mapping.values():
            mapping[word] = new
            mapping[f"{word}s"] = f"{new}s"
    if not mapping:
        return aspects, sentences
    pattern = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, mapping)) + r")(?![\w-])")

    def swap(text: str) -> str:
        return fix_articles(pattern.sub(lambda match: mapping[match.group()], text))

    return [swap(aspect) for aspect in aspects], [swap(sentence) for sentence in sentences]
