"""A tiny random chat model in a folder: the local backend without waiting for a real one."""

from __future__ import annotations

import importlib
import json
import shutil
import struct
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from linernotes.llm import Message, RefusedError, TruncatedError  # noqa: E402
from linernotes.llm.local import load_local, without_bars  # noqa: E402

ASK = [Message("system", "Be brief."), Message("user", "key mood")]
TEMPLATE = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}assistant"
WORDS = "<end> <unknown> system user assistant Be brief. key mood yes no".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of a few thousand random weights over eleven words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("tiny")
    words = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unknown>"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<end>", unk_token="<unknown>", chat_template=TEMPLATE
    )
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=64, eos_token_id=0, bos_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(path)
    return path


def test_greedy_is_deterministic_and_counted(folder: Path) -> None:
    answers = []
    for _ in range(2):
        model = load_local(folder)
        model._network.generation_config.forced_eos_token_id = WORDS.index("<end>")
        answers.append(model.complete(ASK, max_tokens=8))
    assert answers[0] == answers[1]
    assert answers[0].text
    assert "<end>" not in answers[0].text
    assert answers[0].tokens_in == len("system Be brief. user key mood assistant".split())
    assert answers[0].tokens_out is not None
    assert answers[0].tokens_out <= 8


def test_an_answer_that_is_cut_off_is_an_error(folder: Path) -> None:
    model = load_local(folder)
    model._network.generation_config.suppress_tokens = [WORDS.index("<end>")]
    with pytest.raises(TruncatedError, match="8 tokens"):
        model.complete(ASK, max_tokens=8)


def test_a_prompt_that_does_not_fit_is_refused(folder: Path) -> None:
    with pytest.raises(RefusedError, match="over the model's 64"):
        load_local(folder).complete(ASK, max_tokens=60)


def test_the_name_tells_models_apart(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / folder.name)
    same = load_local(other).name
    (other / "config.json").write_text((other / "config.json").read_text() + "\n")
    assert load_local(folder).name == same
    assert load_local(other).name != same


def test_a_folder_without_a_chat_template_is_refused(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "base")
    (other / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((other / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (other / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="chat template"):
        load_local(other)


def test_a_broken_folder_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="no model that transformers can load"):
        load_local(tmp_path)


def test_cut_off_weights_are_one_error(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "cut")
    weights = other / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no model that transformers can load"):
        load_local(other)


@pytest.mark.parametrize("size", [20, 26, 34])
def test_a_cut_off_gguf_file_is_one_error(tmp_path: Path, size: int) -> None:
    pytest.importorskip("gguf")
    header = b"GGUF" + struct.pack("<IQQQ", 3, 1, 2, 20) + b"general.architecture" + struct.pack("<IQ", 8, 5)
    (tmp_path / "cut.gguf").write_bytes(header[:size])
    with pytest.raises(ValueError, match="no model that transformers can load"):
        load_local(tmp_path / "cut.gguf")


def test_no_bar_of_a_gguf_file_stands_beside_ours(capfd: pytest.CaptureFixture[str]) -> None:
    gguf = importlib.import_module("transformers.modeling_gguf_pytorch_utils")
    with without_bars(transformers):
        assert list(gguf.tqdm([1, 2], desc="tensors")) == [1, 2]
    assert capfd.readouterr().err == ""
    assert list(gguf.tqdm([1, 2], desc="tensors")) == [1, 2]  # as it was before
    assert "tensors" in capfd.readouterr().err


def test_a_model_that_is_no_chat_model_is_refused_in_a_line(tmp_path: Path) -> None:
    transformers.T5Config(d_model=8, d_ff=8, d_kv=4, num_layers=1, num_heads=1).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="T5Config") as refused:
        load_local(tmp_path)
    assert len(str(refused.value)) < 500
