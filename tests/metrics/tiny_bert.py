"""A BERT of random weights with a real tokenizer's files, small enough to make in a test."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

WORDS = "a slow sad quick loud piano guitar drums song with and the is plays music".split()
VOCABULARY = (
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *string.ascii_lowercase]
    + [f"##{letter}" for letter in string.ascii_lowercase]
)  # fmt: skip


def make_tiny_bert(folder: Path, *, seed: int = 0, layers: int = 3) -> Any:
    """Write the model and its tokenizer to `folder`; returns the network."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", "utf-8")
    BertTokenizer(str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    torch.manual_seed(seed)
    network = BertModel(
        BertConfig(
            vocab_size=len(VOCABULARY), hidden_size=16, num_hidden_layers=layers, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=32, initializer_range=0.5,
        )
    ).eval()  # fmt: skip
    network.save_pretrained(folder)
    return network
