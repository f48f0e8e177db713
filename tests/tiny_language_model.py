"""A causal language model that knows a handful of captions by heart, in a folder of transformers' layout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}"
    "{% if not add_generation_prompt %} {% endif %}"
)
STEPS = 120


def write_language_model(folder: Path, captions: Sequence[str], *, width: int = 32) -> Path:
    """A tiny Mistral over the words of `captions`, trained for a second to write one of them at random."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=160, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False,
        initial_alphabet=sorted({letter for text in captions for letter in text}),
    )  # fmt: skip
    bpe.train_from_iterator([*captions, "[INST] Describe the music. [/INST]"], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, unk_token="<unk>", bos_token="<s>", eos_token="</s>", chat_template=TEMPLATE
    )
    torch.manual_seed(0)
    network = MistralForCausalLM(
        MistralConfig(
            vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.2,
            bos_token_id=1, eos_token_id=2, pad_token_id=2, sliding_window=None,
        )
    )  # fmt: skip
    _teach(network, tokenizer, captions)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    network.save_pretrained(folder)
    return folder


def _teach(network: object, tokenizer: object, captions: Sequence[str]) -> None:
    import torch

    prompt = tokenizer("<s>[INST] Describe the music. [/INST]", add_special_tokens=False).input_ids
    rows = [[*prompt, *tokenizer(text, add_special_tokens=False).input_ids, 2] for text in captions]
    padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], True, -100)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(STEPS):
        optimizer.zero_grad()
        network(input_ids=padded.clamp(min=0), labels=padded).loss.backward()
        optimizer.step()
    network.eval()


@lru_cache(maxsize=4)
def shared_language_model(captions: tuple[str, ...]) -> Path:
    """One for all tests of a process, in a folder that goes with it."""
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="tiny-language-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_language_model(folder, captions)
