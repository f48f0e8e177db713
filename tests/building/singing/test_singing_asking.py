"""An audio language model behind a server on this machine: what it is sent, and what of its answers counts."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
import soundfile
from chat_stub import Stub, completion, send, stub

from linernotes.audio import Audio
from linernotes.building.pseudo_captions.names import Names
from linernotes.building.singing import REQUIRED, UNSURE, Attribute, unsure
from linernotes.building.singing import asking as module
from linernotes.building.singing.asking import CLASSES, AudioModel, NothingOfUseError, style_of
from linernotes.building.singing.classes import Thresholds
from linernotes.building.singing.measuring import measure
from linernotes.building.singing.singer import Singer
from linernotes.building.singing.stages import _more_of as more_of
from linernotes.building.singing.vocal_pitch import MeanPitch
from linernotes.building.singing.wording import Templates, faults_of
from linernotes.clip import Clip
from linernotes.llm import ServerError, UnauthorisedError
from linernotes.llm.cache import AnswerCache, Cached
from linernotes.llm.load import Manners, with_manners
from linernotes.llm.openai_compatible import OpenAICompatible
from linernotes.llm.retrying import RetryPolicy

__all__ = ["stub"]

RATE = 44_100
MIX = Audio(np.zeros(RATE, np.float32), RATE)
VOICE = Audio(0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE).astype(np.float32), RATE)
OF_VOICE = {"singer_gender": "female", "timbre": "breathy"}
OF_MIX = {"mood": "calm", "tempo": "slow", "style": "The singer holds long notes with a gentle vibrato."}


def ears(stub: Stub, **manners: Any) -> AudioModel:
    patience = RetryPolicy(attempts=1)
    return AudioModel(
        with_manners(OpenAICompatible(stub.url, "qwen2-audio"), Manners(retries=patience, **manners))
    )


def says(*answers: Any) -> list[Any]:
    """One completion an answer; what is no text is said as JSON."""
    return [send(completion(one if isinstance(one, str) else json.dumps(one))) for one in answers]


def values(told: module.Told) -> dict[str, str]:
    return {name: one.value for name, one in told.attributes.items()}


def test_voice_and_mix_are_sent_apart_and_nothing_else(stub: Stub) -> None:
    stub.play(*says(OF_VOICE, OF_MIX))
    told = ears(stub)(MIX, VOICE)
    assert values(told) == {"singer_gender": "female", "timbre": "breathy", "mood": "calm", "tempo": "slow"}
    assert told.style == OF_MIX["style"]
    assert told.faults == ()
    assert {one.source for one in told.attributes.values()} == {"stub-1 listening prompt 1"}
    loud = []
    for body in stub.asked:
        heard, question = body["messages"][1]["content"]
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(heard["input_audio"]["data"])))
        assert (rate, samples.shape) == (16_000, (16_000,))
        loud.append(float(np.abs(samples).max()))
        for name, rule in body["response_format"]["json_schema"]["schema"]["properties"].items():
            assert all(word in question["text"] for word in rule.get("enum", ()))
            assert name in question["text"]
    assert loud == [pytest.approx(0.3, abs=0.02), 0.0]


@pytest.mark.parametrize(
    "answer",
    [
        "The singer is a woman with a breathy voice.",
        "I'm sorry, but I can't identify people by their voice.",
        '{"singer_gender": "Female voice", "timbre": "velvety"}',
        '{"singer_gender": ["female"], "timbre": null}',
        '{"singer_gender": "FEMALE", "timbre": 3}',
        '[{"singer_gender": "female"}]',
        "{" * 5000,
    ],
)
def test_all_that_is_no_offered_word_is_unsure(stub: Stub, answer: str) -> None:
    stub.play(*says(answer, answer, OF_MIX))
    told = ears(stub)(MIX, VOICE)
    assert values(told) == {"singer_gender": UNSURE, "timbre": UNSURE, "mood": "calm", "tempo": "slow"}
    assert len(told.faults) == 1
    assert told.faults[0].startswith("singer_gender and timbre: ")


def test_one_bad_word_costs_only_itself_and_is_asked_for_again(stub: Stub) -> None:
    half = {"singer_gender": "male", "timbre": "velvety"}
    stub.play(*says(half, half, OF_MIX))
    told = ears(stub)(MIX, VOICE)
    assert values(told) | {"mood": "", "tempo": ""} == {
        "singer_gender": "male",
        "timbre": UNSURE,
        "mood": "",
        "tempo": "",
    }
    stub.play(*says(half, OF_VOICE, OF_MIX))
    assert ears(stub)(MIX, VOICE).faults == ()


def test_refusals_and_cut_off_answers_are_unsure(stub: Stub) -> None:
    refused: Any = completion(None)
    refused["choices"][0]["message"]["refusal"] = "no"
    cut: Any = completion('{"mood": "calm"')
    cut["choices"][0]["finish_reason"] = "length"
    stub.play(send(refused), send(cut))
    told = ears(stub)(MIX, VOICE)
    assert set(values(told).values()) == {UNSURE}
    assert told.style == ""
    assert ["refused" in told.faults[0], "cut off" in told.faults[1]] == [True, True]


def test_a_server_that_fails_is_no_answer_at_all(stub: Stub) -> None:
    stub.play(send(b"", 500))
    with pytest.raises(ServerError):
        ears(stub)(MIX, VOICE)
    stub.play(send(b"", 401))
    with pytest.raises(UnauthorisedError):
        ears(stub)(MIX, VOICE)


def test_a_model_that_can_not_hear_does_not_go_through_a_whole_set(stub: Stub) -> None:
    stub.play(send({"error": {"message": "input_audio is not supported"}}, 400))
    model = ears(stub)
    for _ in range(9):
        assert set(values(model(MIX, VOICE)).values()) == {UNSURE}
    with pytest.raises(NothingOfUseError, match=r"20 answers .* input_audio is not supported"):
        model(MIX, VOICE)
    assert len(stub.asked) == 20


def test_what_was_asked_is_not_asked_again(stub: Stub, tmp_path: Any) -> None:
    stub.play(*says("nonsense", "nonsense", OF_MIX, OF_MIX))
    first = ears(stub, cache=tmp_path / "answers.sqlite", keep_failures=True)(MIX, VOICE)
    asked = len(stub.asked)
    again = ears(stub, cache=tmp_path / "answers.sqlite", keep_failures=True)(MIX, VOICE)
    assert len(stub.asked) == asked == 3
    assert values(again) == values(first)
    other = Audio(VOICE.waveform * 0.5, RATE)
    ears(stub, cache=tmp_path / "answers.sqlite", keep_failures=True)(MIX, other)
    assert len(stub.asked) > asked


@pytest.mark.parametrize(
    "said",
    [
        None,
        3,
        "",
        "Soft",
        "It sounds like Adele in her prime.",
        "One of 12 takes.",
        "a b\nc d",
        "so " * 41,
        '"{x} y z"',
    ],
)
def test_a_style_that_may_hold_a_name_or_is_none_is_dropped(said: Any) -> None:
    assert style_of(said) == ""


def test_what_was_told_goes_before_what_is_heard_and_the_pitch_follows_it() -> None:
    tone = Audio(0.3 * np.sin(2 * np.pi * 220 * np.arange(3 * 16_000) / 16_000).astype(np.float32), 16_000)
    found = {
        gender: measure(
            [],
            tone,
            Singer(unsure("singer_gender"), MeanPitch(220.0, 3.0, 1.0, "truth")),
            made_by="clean",
            thresholds=Thresholds(),
            told={
                "singer_gender": Attribute("singer_gender", gender, 0.5, "asked"),
                "mood": Attribute("mood", UNSURE, 1.0, "asked"),
            },
        )
        for gender in ("male", "female")
    }
    assert found["male"]["pitch"].value == "high"
    assert found["female"]["pitch"].value == "low"
    assert found["male"]["mood"].source == "none"


@pytest.mark.parametrize("name", ["timbre", "mood"])
def test_every_word_can_be_said_and_is_no_other_attribute(name: str) -> None:
    for word in CLASSES[name]:
        given = {
            "singer_gender": "male", "pitch": "medium", "tempo": "moderate", "volume": "medium",
            "mood": "calm", "timbre": "warm", name: word,
        }  # fmt: skip
        attributes = {each: Attribute(each, given[each], 0.5, "asked") for each in REQUIRED}
        text = Templates()(attributes, "x").text
        assert faults_of(text, attributes, Names()) == ()
        assert any(
            "does not say" in fault for fault in faults_of(text.replace(word, "odd"), attributes, Names())
        )


def test_the_cache_is_the_language_models_own(stub: Stub, tmp_path: Any) -> None:
    """A voice and a mix that are the same samples are still two questions."""
    stub.play(*says(OF_VOICE, OF_MIX))
    cache = AnswerCache(tmp_path / "answers.sqlite")
    told = AudioModel(Cached(OpenAICompatible(stub.url, "m"), cache))(VOICE, VOICE)
    assert len(cache) == 2
    assert all(one.is_known for one in told.attributes.values())


def test_a_style_that_names_the_artist_is_not_kept() -> None:
    clip = Clip("a", "a.wav", extra={"artist": "Nina Simone"})
    kept = more_of(module.Told({}, "She sings with a wide vibrato."), clip)
    assert kept == {"style": "She sings with a wide vibrato.", "listening_faults": []}
    named = more_of(module.Told({}, "She sings as nina simone does.", ("mood: cut off",)), clip)
    assert named == {"style": "", "listening_faults": ["mood: cut off", "the style names somebody"]}
