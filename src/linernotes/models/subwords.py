"""Captions as pieces of words: a byte-level BPE tokenizer (Sennrich et al. 2016), fitted, read or stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from linernotes.registry import need_extra

TOKENIZER_FILE = "tokenizer.json"
BOS, PAD, EOS, UNK, MASK = SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""As BART has them; the first four also have its ids 0 to 3."""
_PRINTABLE = "".join(map(chr, range(32, 127)))


class Subwords:
    """Captions to token ids and back; no special token is ever part of a text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        ids = {name: tokenizer.token_to_id(name) for name in (BOS, PAD, EOS)}
        missing = [name for name, number in ids.items() if number is None]
        if missing:
            raise ValueError(f"the tokenizer has no token {missing[0]!r}: BART needs {BOS} {PAD} {EOS}")
        self.bos_id, self.pad_id, self.eos_id = ids[BOS], ids[PAD], ids[EOS]
        self._special = {tokenizer.token_to_id(name) for name in SPECIALS}

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, caption: str) -> list[int]:
        """`<s>` and the ids of a caption, without `</s>`; the name of a special token in a text is left out."""
        ids = self._tokenizer.encode(caption.strip(), add_special_tokens=False).ids
        return [self.bos_id, *(number for number in ids if number not in self._special)]

    def decode(self, ids: Sequence[int]) -> str:
        """The caption that `ids` spell, special tokens left out."""
        text: str = self._tokenizer.decode([number for number in ids if number not in self._special])
        return text.strip()

    def to_json(self) -> str:
        """What `subwords_from_json` reads."""
        text: str = self._tokenizer.to_str()
        return text


def subwords_from_json(text: str) -> Subwords:
    """What `to_json` wrote, or any `tokenizer.json` with BART's special tokens.

    Raises:
        ValueError: it is something else.
    """
    return Subwords(tokenizer_from_json(text))


def tokenizer_from_json(text: str) -> Any:
    """A `tokenizer.json` as the library's own `Tokenizer`, which neither pads nor cuts.

    Raises:
        ValueError: it is something else.
    """
    tokenizers = need_extra("tokenizers", "torch")
    try:
        tokenizer = tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # the Rust library raises plain Exception
        raise ValueError(f"{TOKENIZER_FILE} is damaged: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def train_subwords(captions: Iterable[str], size: int) -> Subwords:
    """At most `size` tokens fitted to `captions`; plain English letters and marks can always be spelled.

    Raises:
        ValueError: there are no captions.
    """
    return Subwords(train_tokenizer(captions, size))


def train_tokenizer(captions: Iterable[str], size: int, more_specials: Sequence[str] = ()) -> Any:
    """The same as the library's own `Tokenizer`, `more_specials` being tokens behind BART's that no text has."""
    tokenizers = need_extra("tokenizers", "torch")
    texts = [caption.strip() for caption in captions]
    if not texts:
        raise ValueError("there are no captions to fit a tokenizer to: check that the manifest has some")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token=UNK))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    letters = sorted(set(_spelled(tokenizer, [_PRINTABLE, *texts])))
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*SPECIALS, *more_specials],
        initial_alphabet=letters,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_subwords(source: str | Path) -> Subwords:
    """The tokenizer of a folder (`tokenizer.json`, or `vocab.json` and `merges.txt`), or of a hub by its name.

    Raises:
        ValueError: there is none, or none that BART could use.
    """
    return Subwords(load_tokenizer(source))


def load_tokenizer(source: str | Path) -> Any:
    """The same as the library's own `Tokenizer`, whatever special tokens it has.

    Raises:
        ValueError: there is none.
    """
    folder = Path(source)
    if (folder / TOKENIZER_FILE).is_file():
        return tokenizer_from_json((folder / TOKENIZER_FILE).read_text("utf-8"))
    if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        tokenizers = need_extra("tokenizers", "torch")
        found = tokenizers.ByteLevelBPETokenizer.from_file(
            str(folder / "vocab.json"), str(folder / "merges.txt")
        )
        return tokenizer_from_json(found.to_str())
    if folder.is_dir():
        raise ValueError(
            f"{str(folder)!r} holds no tokenizer: it needs {TOKENIZER_FILE}, or vocab.json and merges.txt"
        )
    transformers = need_extra("transformers", "torch")
    try:
        found = transformers.AutoTokenizer.from_pretrained(str(source))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"no tokenizer at {str(source)!r}: give a folder that holds one, or a name on the hub that this "
            f"machine can reach ({str(error).splitlines()[0]})"
        ) from error
    return tokenizer_from_json(found.backend_tokenizer.to_str())


def _spelled(tokenizer: Any, texts: Iterable[str]) -> Iterable[str]:
    """The letters, as the tokenizer writes bytes, of all texts."""
    for text in texts:
        for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text):
            yield from piece
