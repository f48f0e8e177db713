"""Messages that hold sounds: what servers are sent, what caches keep, and a tiny model that hears."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from chat_stub import Stub

from linernotes.llm import Message, RefusedError, Sound
from linernotes.llm.cache import Request
from linernotes.llm.openai_compatible import OpenAICompatible

QUESTION = "Who sings?"


def sound_of(hertz: float, seconds: float = 1.0, rate: int = 16_000) -> Sound:
    file = io.BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    soundfile.write(file, wave, rate, format="WAV", subtype="PCM_16")
    return Sound(base64.b64encode(file.getvalue()).decode())


def test_a_server_is_sent_the_sound_before_the_question(stub: Stub) -> None:
    sound = sound_of(220.0)
    OpenAICompatible(stub.url, "ears").complete(
        [Message("system", "Listen."), Message("user", QUESTION, (sound,))]
    )
    system, user = stub.asked[0]["messages"]
    assert system == {"role": "system", "content": "Listen."}
    heard, read = user["content"]
    assert heard["type"] == "input_audio"
    assert heard["input_audio"]["format"] == "wav"
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(heard["input_audio"]["data"])))
    assert (rate, len(samples)) == (16_000, 16_000)
    assert read == {"type": "text", "text": QUESTION}


def test_keys_of_words_alone_are_what_they_were() -> None:
    """The key of a request as versions before sounds made it: kept answers must stay of use."""
    words = Request("m", (Message("user", "hello"),), None, 0.0, 10)
    assert words.key == "f2a2d38533799a2218bed50f2added5a9270883630a04992820525c494f69bb3"
    keys = {
        Request("m", (Message("user", "hello", sounds),), None, 0.0, 10).key
        for sounds in ((), (sound_of(220.0),), (sound_of(221.0),))
    }
    assert len(keys) == 3


TEMPLATE = (
    "{% for m in messages %}{{ m.role }} "
    "{% if m.content is string %}{{ m.content }} {% else %}"
    "{% for part in m.content %}{% if part.type == 'audio' %}<|audio_bos|> <|AUDIO|> <|audio_eos|> "
    "{% else %}{{ part.text }} {% endif %}{% endfor %}{% endif %}{% endfor %}assistant"
)
WORDS = "<end> <unknown> system user assistant Who sings? a man woman".split()
MARKS = ["<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Qwen2-Audio with a few thousand random weights, in the layout of the published one."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    path = tmp_path_factory.mktemp("ears")
    vocabulary = {word: number for number, word in enumerate([*WORDS, *MARKS])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="<unknown>"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<end>", unk_token="<unknown>", additional_special_tokens=MARKS
    )
    hearing = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=30)
    transformers.Qwen2AudioProcessor(hearing, tokenizer, chat_template=TEMPLATE).save_pretrained(path)
    torch.manual_seed(0)
    audio = {
        "d_model": 16, "encoder_attention_heads": 2, "encoder_ffn_dim": 16, "encoder_layers": 1,
        "num_mel_bins": 16, "max_source_positions": 1500,
    }  # fmt: skip
    text = {
        "vocab_size": len(vocabulary), "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 1024,
        "bos_token_id": 0, "eos_token_id": 0,
    }  # fmt: skip
    config = transformers.Qwen2AudioConfig(
        audio_config=transformers.Qwen2AudioEncoderConfig(**audio),
        text_config=transformers.Qwen2Config(**text),
        audio_token_index=vocabulary["<|AUDIO|>"],
    )
    network = transformers.Qwen2AudioForConditionalGeneration(config)
    network.generation_config.eos_token_id = 0
    network.save_pretrained(path)
    return path


def test_a_local_model_hears(folder: Path) -> None:
    from linernotes.llm.local_audio import load_local_audio

    model = load_local_audio(folder)
    model._network.generation_config.forced_eos_token_id = 0

    def asked(*sounds: Sound) -> Any:
        return model.complete([Message("user", QUESTION, sounds)], max_tokens=4)

    words, short, long = asked(), asked(sound_of(220.0)), asked(sound_of(220.0, 2.0))
    # 100 mel frames a second, halved twice: 25 places a second, and the two marks around them
    assert short.tokens_in == words.tokens_in + 25 + 2
    assert long.tokens_in == words.tokens_in + 50 + 2
    assert asked(sound_of(220.0, rate=44_100)).tokens_in == short.tokens_in
    assert asked(sound_of(220.0)) == short
    with pytest.raises(RefusedError, match="can't be read"):
        asked(Sound(base64.b64encode(b"nothing").decode()))


def test_what_a_local_model_hears_reaches_its_answer(folder: Path) -> None:
    """The logits after a low and after a high tone differ: the sound is not passed over."""
    from linernotes.llm.local_audio import load_local_audio

    model = load_local_audio(folder)
    seen = [
        model._network(**model._prompt([Message("user", QUESTION, (sound_of(hertz),))]))
        .logits[0, -1]
        .detach()
        for hertz in (110.0, 3000.0)
    ]
    assert float((seen[0] - seen[1]).abs().max()) > 1e-4


def test_other_folders_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from linernotes.llm.local_audio import load_local_audio

    with pytest.raises(FileNotFoundError):
        load_local_audio(tmp_path / "none")
    with pytest.raises(ValueError, match="no config"):
        load_local_audio(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(ValueError, match="'llama'"):
        load_local_audio(tmp_path)
