"""A tiny random T5 in a folder: keyword-to-caption without waiting for a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from linernotes.building.pseudo_captions import Order  # noqa: E402
from linernotes.building.pseudo_captions.keyword_model import LONGEST, load_keyword_model  # noqa: E402
from linernotes.building.pseudo_captions.makers import Backend, load_makers  # noqa: E402
from linernotes.clip import Clip  # noqa: E402
from linernotes.llm.load import Manners  # noqa: E402

WORDS = "<pad> </s> <unk> guitar calm song plays a with on".split()
ORDER = Order(Clip("a", "", tags=("calm", "guitar")), "k2c", ("calm", "guitar"))


def make_t5(path: Path) -> Path:
    """A T5 of a few thousand random weights over ten words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    words = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = WhitespaceSplit()
    words.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="</s>", unk_token="<unk>", pad_token="<pad>"
    ).save_pretrained(path)
    torch.manual_seed(3)
    config = T5Config(
        vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_t5(tmp_path_factory.mktemp("tiny-t5"))


def test_keywords_become_a_sentence_counted_and_kept(folder: Path, tmp_path: Path) -> None:
    manners = Manners(cache=tmp_path / "c.sqlite", keep_failures=True)
    (maker,) = load_makers(["k2c"], Backend(f"t5:{folder}", manners=manners)).values()
    made, again = maker(ORDER), maker(ORDER)
    assert made.text == again.text
    assert made.text[0].isupper()
    assert made.text[-1] == "."
    assert (made.from_cache, again.from_cache) == (False, True)
    assert made.provenance.tokens_in == 3  # two keywords and the end
    assert 1 <= (made.provenance.tokens_out or 0) <= LONGEST + 1
    assert folder.name in made.provenance.backend
    assert "<" not in made.text


def test_other_weights_have_another_name(folder: Path, tmp_path: Path) -> None:
    other = make_t5(tmp_path / folder.name)
    assert load_keyword_model(str(other)).name == load_keyword_model(str(folder)).name
    (other / "config.json").write_text((other / "config.json").read_text() + "\n")
    assert load_keyword_model(str(other)).name != load_keyword_model(str(folder)).name


def test_what_is_no_t5_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no folder \./nowhere"):
        load_keyword_model("./nowhere")
    with pytest.raises(ValueError, match="holds no T5 checkpoint"):
        load_keyword_model(str(tmp_path))
    with pytest.raises(ValueError, match="needs the folder or the name"):
        load_keyword_model("")
