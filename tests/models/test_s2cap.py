"""S2Cap's two losses, where their gradients flow, and text decoders read from published layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_captioners import CAPTIONS, clips  # noqa: E402
from tiny_s2cap import tiny_config, tiny_model, write_text_model  # noqa: E402

from linernotes.encoders.audio_encoder import AudioEmbeddings  # noqa: E402
from linernotes.models.captioning import CaptionBatch, VocalsModel, Waveforms  # noqa: E402
from linernotes.models.families import load_model, save_model  # noqa: E402
from linernotes.models.muscaps import EncoderConfig  # noqa: E402
from linernotes.models.s2cap import S2CapConfig, WriterConfig  # noqa: E402
from linernotes.models.s2cap.alignment import crescendo_loss, pool_to_lengths  # noqa: E402
from linernotes.models.s2cap.demixing import demixing_divergence  # noqa: E402
from linernotes.models.s2cap.family import S2CAP  # noqa: E402

pytestmark = pytest.mark.torch


def embeddings(*frames: int, dim: int = 6, seed: int = 0, scale: float = 1.0) -> AudioEmbeddings:
    generator = torch.Generator().manual_seed(seed)
    return AudioEmbeddings.of_clips(
        [scale * torch.randn(count, dim, generator=generator) for count in frames]
    )


def junk_behind(audio: AudioEmbeddings, value: float) -> AudioEmbeddings:
    return AudioEmbeddings(audio.states.masked_fill(~audio.mask[..., None], value), audio.mask)


def leaf(audio: AudioEmbeddings) -> AudioEmbeddings:
    return AudioEmbeddings(audio.states.clone().requires_grad_(True), audio.mask)


def test_pooling_is_that_of_torch_over_the_real_rows() -> None:
    audio, wanted = embeddings(7, 3, 12), torch.tensor([3, 5, 4])
    pooled = pool_to_lengths(junk_behind(audio, float("inf")), wanted, 6)
    assert pooled.shape == (3, 6, 6)
    for row, clip, count in zip(pooled, audio.clips(), wanted.tolist(), strict=True):
        expected = torch.nn.functional.adaptive_avg_pool1d(clip.T, count).T
        torch.testing.assert_close(row[:count], expected, atol=1e-6, rtol=0)
        assert not row[count:].any()


def test_crescendo_is_minus_one_at_its_goal_and_one_at_its_opposite() -> None:
    text = embeddings(4, 2)
    near = AudioEmbeddings(3 * text.states, text.mask)
    assert float(crescendo_loss(text, near)) == pytest.approx(-1)
    assert float(crescendo_loss(text, AudioEmbeddings(-text.states, text.mask))) == pytest.approx(1)


def test_crescendo_counts_tokens_and_no_padding() -> None:
    text, audio = embeddings(4, 2, seed=1), embeddings(9, 5, seed=2)
    alone = [
        float(crescendo_loss(AudioEmbeddings.of_clips([one]), AudioEmbeddings.of_clips([other])))
        for one, other in zip(text.clips(), audio.clips(), strict=True)
    ]
    together = float(crescendo_loss(junk_behind(text, 7.0), junk_behind(audio, 9.0)))
    assert together == pytest.approx((4 * alone[0] + 2 * alone[1]) / 6, abs=1e-6)


def test_crescendo_moves_the_audio_alone_and_not_its_padding() -> None:
    text, audio = leaf(embeddings(4, 2, seed=1)), leaf(embeddings(9, 5, seed=2))
    crescendo_loss(text, audio).backward()
    assert text.states.grad is None
    moved = audio.states.grad.abs().sum(-1) > 0
    assert torch.equal(moved, audio.mask)


def test_demixing_is_the_divergence_of_two_distributions_over_channels() -> None:
    mix, vocals = embeddings(4, 2, seed=1), embeddings(4, 2, seed=2)
    p, q = (torch.softmax(one.states[one.mask], -1) for one in (mix, vocals))
    forward, backward = (p * (p / q).log()).sum(-1).mean(), (q * (q / p).log()).sum(-1).mean()
    assert abs(float(forward - backward)) > 1e-3
    found = demixing_divergence(junk_behind(mix, 5.0), junk_behind(vocals, -5.0))
    torch.testing.assert_close(found, forward, atol=1e-6, rtol=0)
    torch.testing.assert_close(demixing_divergence(mix, vocals, "vocals||mix"), backward, atol=1e-6, rtol=0)
    assert float(demixing_divergence(mix, mix)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("direction", ["mix||vocals", "vocals||mix"])
def test_demixing_stops_at_the_vocals_unless_told_otherwise(direction: str) -> None:
    mix, vocals = leaf(embeddings(4, 2, seed=1)), leaf(embeddings(3, 2, seed=2))
    demixing_divergence(mix, vocals, direction, "vocals").backward()
    assert vocals.states.grad is None
    moved = mix.states.grad.abs().sum(-1) > 1e-9
    assert moved.tolist() == [[True, True, True, False], [True, True, False, False]]
    demixing_divergence(mix, vocals, direction, "none").backward()
    assert torch.equal(vocals.states.grad.abs().sum(-1) > 1e-9, vocals.mask)


def gradients(model: Any) -> set[str]:
    """Parts of a model in which some weight has a gradient other than zero."""
    names = {
        name for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.any()
    }
    return {name.split(".")[0] for name in names}


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_text_model(tmp_path_factory.mktemp("texts") / "t5", "t5", CAPTIONS))


def test_stage_one_trains_the_ears_and_their_bridge_alone(t5: str) -> None:
    torch.manual_seed(0)
    model = tiny_model(CAPTIONS, source=t5, stage="align").train()
    assert {name.split(".")[0] for name, w in model.named_parameters() if w.requires_grad} == {
        "encoder",
        "bridge",
    }
    target = model._paired().network
    target.requires_grad_(True)  # as if somebody forgot: the stop is in the loss, not in a flag
    batch = CaptionBatch(clips(), CAPTIONS)
    optimizer = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], lr=1e-2)
    losses = []
    for _ in range(30):
        loss = model.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert gradients(model) == {"encoder", "bridge"}
    assert all(weight.grad is None for weight in target.parameters())
    assert losses[-1] < losses[0] - 0.1
    assert -1 <= losses[-1] < 0
    # In each token's share of the batch, as gradients over parts of it need it.
    counts = [model.token_count(caption) for caption in CAPTIONS]
    with torch.no_grad():
        parts = [
            float(model.eval().loss(CaptionBatch(_one(number), CAPTIONS[number : number + 1])))
            for number in range(4)
        ]
        whole = float(model.loss(batch))
    weighed = sum(count * part for count, part in zip(counts, parts, strict=True)) / sum(counts)
    assert whole == pytest.approx(weighed, abs=1e-5)


def test_stage_two_goes_on_from_stage_one(t5: str, tmp_path: Path) -> None:
    from linernotes.training.recipe import recipe_from_mapping
    from linernotes.training.start import continued_model

    torch.manual_seed(0)
    first = tiny_model(CAPTIONS, source=t5, stage="align").eval()
    save_model(first, "s2cap", tmp_path / "first", {"licences": []})
    recipe = recipe_from_mapping(
        {
            "family": "s2cap",
            "model": {"max_tokens": 30, "demixing_weight": 0.5, "encoder": {"name": "ast", "frozen": False}},
            "training": {"start": str(tmp_path / "first")},
        }
    )
    second: Any = continued_model(recipe).eval()
    assert second.config.stage == "captions"
    assert second.hears_vocals
    assert second.config.sizes == first.config.sizes
    every = clips()
    torch.testing.assert_close(
        second.score(every.samples, every.lengths, CAPTIONS),
        first.score(every.samples, every.lengths, CAPTIONS),
        atol=0, rtol=0,
    )  # fmt: skip
    assert all(weight.requires_grad for weight in second.parameters())


def test_a_checkpoint_of_stage_one_says_what_it_lacks(t5: str, tmp_path: Path) -> None:
    model = tiny_model(CAPTIONS, source=t5, stage="align").eval()
    model.config = replace(model.config, writer=replace(model.config.writer, source="gone"))
    save_model(model, "s2cap", tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    with pytest.raises(ValueError, match="text encoder is not at hand"):
        loaded.loss(CaptionBatch(clips(), CAPTIONS))


def test_vocals_add_their_divergence_in_training_where_a_clip_has_them() -> None:
    torch.manual_seed(0)
    model = tiny_model(CAPTIONS, demixing_weight=0.5).train()
    assert isinstance(model, VocalsModel)
    assert model.hears_vocals
    every = clips()
    stems = Waveforms(torch.roll(every.samples, 1, 0) * 0.5, every.lengths.clone())
    stems.lengths[2] = 0
    words = model.loss(CaptionBatch(every, CAPTIONS))
    both = model.loss(CaptionBatch(every, CAPTIONS, vocals=stems))
    heard = [model.encode(one.samples, one.lengths) for one in (every, stems_of(stems, [0, 1, 3]))]
    some = AudioEmbeddings(heard[0].states[[0, 1, 3]], heard[0].mask[[0, 1, 3]])
    expected = demixing_divergence(some, heard[1])
    assert float(expected.detach()) > 0
    torch.testing.assert_close(both, words + 0.5 * expected, atol=1e-5, rtol=0)
    model.demixing(model.encode(every.samples, every.lengths), stems).backward()
    assert gradients(model) == {"encoder"}
    plain = model.eval().loss(CaptionBatch(every, CAPTIONS, vocals=stems))
    torch.testing.assert_close(plain, words, atol=1e-6, rtol=0)
    assert not tiny_model(CAPTIONS).hears_vocals


def stems_of(stems: Waveforms, rows: list[int]) -> Waveforms:
    return Waveforms(stems.samples[rows], stems.lengths[rows])


def _one(number: int) -> Waveforms:
    every = clips()
    return Waveforms(every.samples[number : number + 1], every.lengths[number : number + 1])


@pytest.mark.parametrize("kind", ["t5", "bart", "gpt2", "gpt2-prefix"])
def test_published_decoders_write_as_transformers_does(kind: str, tmp_path: Path) -> None:
    import transformers

    from linernotes.models.s2cap.writer import KINDS

    folder = write_text_model(tmp_path / kind, kind, CAPTIONS)
    model = tiny_model(CAPTIONS, writer=kind, source=str(folder)).eval()
    extra = {"add_cross_attention": True} if kind == "gpt2" else {}
    whole = getattr(transformers, KINDS[kind]).from_pretrained(folder, **extra).eval()
    audio, labels = embeddings(5, 3, dim=24), model.labels_of(CAPTIONS[:2])
    if kind == "gpt2":
        whole.transformer.load_state_dict(model.decoder.stack.state_dict())  # its cross attention is new
    inputs = labels.roll(1, 1)
    inputs[:, 0] = model.vocabulary.marks.start
    inputs = inputs.clamp(min=0)
    with torch.no_grad():
        found = model.logits(audio, labels)
        if kind in ("t5", "bart"):
            from transformers.modeling_outputs import BaseModelOutput

            expected = whole(
                encoder_outputs=BaseModelOutput(last_hidden_state=audio.states),
                attention_mask=audio.mask, decoder_input_ids=inputs,
            ).logits  # fmt: skip
        elif kind == "gpt2":
            expected = whole(
                input_ids=inputs, encoder_hidden_states=audio.states, encoder_attention_mask=audio.mask
            ).logits
        else:
            prefix = model.decoder.prefix(audio)
            rows = torch.cat([prefix, whole.transformer.wte(inputs)], 1)
            expected = whole(inputs_embeds=rows).logits[:, prefix.shape[1] :]
    real = labels >= 0
    torch.testing.assert_close(found[real], expected[real], atol=1e-4, rtol=1e-4)


def test_a_frozen_gpt2_learns_only_what_reads_the_audio(tmp_path: Path) -> None:
    folder = write_text_model(tmp_path / "gpt2", "gpt2", CAPTIONS)
    for kind, learned in (("gpt2", "stack"), ("gpt2-prefix", "prefix")):
        config = tiny_config(writer=kind, source=str(folder))
        model = S2CAP.new(replace(config, writer=replace(config.writer, frozen=True)), CAPTIONS)
        names = [name for name, weight in model.decoder.named_parameters() if weight.requires_grad]
        assert names
        assert all(name.startswith(learned) for name in names)
        assert all("cross" in name or kind == "gpt2-prefix" for name in names)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="paired text encoder"):
        S2CapConfig(writer=WriterConfig(kind="gpt2"), stage="align")
    with pytest.raises(ValueError, match="must learn"):
        S2CapConfig(encoder=EncoderConfig("ast", "none", frozen=True), demixing_weight=1.0)
    with pytest.raises(ValueError, match="random weights has nothing to teach"):
        tiny_model(CAPTIONS, stage="align")
    with pytest.raises(ValueError, match="divergence is one of"):
        S2CapConfig(divergence="vocals")
    with pytest.raises(ValueError, match="max_tokens is 300"):
        tiny_model(CAPTIONS, writer="bart", max_tokens=300)
