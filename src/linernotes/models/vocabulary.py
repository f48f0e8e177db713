"""A vocabulary of words and punctuation marks: captions to token ids and back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

PAD, SOS, EOS, UNK = "<pad>", "<sos>", "<eos>", "<unk>"
VOCABULARY_FILE = "vocabulary.json"
SPECIALS = (PAD, SOS, EOS, UNK)

_TOKEN = re.compile(r"<unk>|\w+(?:[#'’.&/-]\w+)*#?|[^\w\s]")
"""Words with what joins them inside (don't, lo-fi, 4/4, F#), or one mark."""
_NO_SPACE_BEFORE = re.compile(r" ([.,;:!?)\]%…])")
_NO_SPACE_AFTER = re.compile(r"([(\[]) ")


def words_of(caption: str, *, lowercase: bool = True) -> list[str]:
    """Words and punctuation marks of a caption, in order."""
    return _TOKEN.findall(caption.lower() if lowercase else caption)


@dataclass(frozen=True)
class Vocabulary:
    """Words by id; the first four are `<pad> <sos> <eos> <unk>`."""

    words: tuple[str, ...]
    lowercase: bool = True
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    pad_id, sos_id, eos_id, unk_id = range(4)

    def __post_init__(self) -> None:
        if self.words[: len(SPECIALS)] != SPECIALS:
            raise ValueError(f"a vocabulary starts with {' '.join(SPECIALS)}, got {' '.join(self.words[:4])}")
        object.__setattr__(self, "_ids", {word: number for number, word in enumerate(self.words)})
        if len(self._ids) != len(self.words):
            raise ValueError("a vocabulary holds each word once; this one repeats some")

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, caption: str) -> list[int]:
        """Ids of a caption's words, without `<sos>` and `<eos>`; unknown words are `<unk>`."""
        return [self._ids.get(word, self.unk_id) for word in words_of(caption, lowercase=self.lowercase)]

    def decode(self, ids: Sequence[int]) -> str:
        """The caption that `ids` spell, spaced as English is; lower-cased sentences get their capital back."""
        text = " ".join(self.words[number] for number in ids)
        text = _NO_SPACE_AFTER.sub(r"\1", _NO_SPACE_BEFORE.sub(r"\1", text))
        return capitalised(text) if self.lowercase else text


def vocabulary_to_json(vocabulary: Vocabulary) -> str:
    """What is stored beside a model's weights."""
    stored = {"lowercase": vocabulary.lowercase, "words": vocabulary.words}
    return json.dumps(stored, indent=0, ensure_ascii=False) + "\n"


def vocabulary_from_json(text: str) -> Vocabulary:
    """What `vocabulary_to_json` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        stored = json.loads(text)
        return Vocabulary(tuple(stored["words"]), stored["lowercase"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{VOCABULARY_FILE} is damaged: {error}") from error


def capitalised(text: str) -> str:
    """`text` with a capital at the start of every sentence."""
    return re.sub(r"(^|[.!?] )([a-z])", lambda found: found[1] + found[2].upper(), text)


def build_vocabulary(
    captions: Iterable[str], *, min_count: int = 2, lowercase: bool = True, max_words: int | None = None
) -> Vocabulary:
    """The words that occur at least `min_count` times, most frequent first, ties in alphabetical order.

    Raises:
        ValueError: no word is that frequent.
    """
    counts: Counter[str] = Counter()
    for caption in captions:
        counts.update(words_of(caption, lowercase=lowercase))
    frequent = [word for word, count in counts.items() if count >= min_count and word not in SPECIALS]
    if not frequent:
        raise ValueError(
            f"no word occurs {min_count} times in {counts.total()} words of captions: lower min_count, "
            "or check that the manifest has captions"
        )
    frequent.sort(key=lambda word: (-counts[word], word))
    return Vocabulary((*SPECIALS, *frequent[:max_words]), lowercase)
