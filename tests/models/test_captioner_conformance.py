"""What every `CaptionModel` must do, whatever its family."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tiny_captioners import CAPTIONS, LEARNING_RATES, VARIANTS, clips  # noqa: E402

from linernotes import registry  # noqa: E402
from linernotes.decoding import DecodingOptions  # noqa: E402
from linernotes.models.captioning import (  # noqa: E402
    CaptionBatch,
    CaptionModel,
    EmbeddingCaptionModel,
    Waveforms,
)
from linernotes.models.families import load_model, save_model  # noqa: E402

pytestmark = pytest.mark.torch

GREEDY = DecodingOptions(beams=1, max_tokens=12)
KNOWN_NATS = 0.1
"""A loss a token at which captions are known by heart; that of SonicVerse holds other things than words."""
BEAMS = DecodingOptions(beams=3, max_tokens=12, length_penalty=0.0)


@pytest.fixture(autouse=True)
def _band_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.AUDIO_ENCODERS, "bands", "tiny_captioners:band_encoder")


@pytest.fixture(params=list(VARIANTS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(name: str) -> CaptionModel:
    """Untrained, in evaluation mode, its running statistics no longer those of a fresh network."""
    torch.manual_seed(1)
    built = VARIANTS[name][1]()
    built.train()
    built.loss(CaptionBatch(clips(), CAPTIONS))
    return built.eval()


def one(number: int, *, padding: int = 0) -> Waveforms:
    """Clip `number` alone, followed by `padding` samples of nothing."""
    every = clips()
    length = every.lengths[number]
    alone = torch.nn.functional.pad(every.samples[number, :length], (0, padding))
    return Waveforms(alone[None], length[None])


def test_follows_the_seam(model: CaptionModel) -> None:
    assert isinstance(model, CaptionModel)
    assert model.sample_rate > 0
    assert model.max_seconds > 0


def test_padding_a_clip_changes_nothing(model: CaptionModel) -> None:
    short, padded = one(2), one(2, padding=700)
    with torch.no_grad():
        losses = [float(model.loss(CaptionBatch(audio, CAPTIONS[2:3]))) for audio in (short, padded)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_a_batch_equals_its_clips_one_by_one(model: CaptionModel) -> None:
    every = clips()
    together = model.score(every.samples, every.lengths, CAPTIONS)
    alone = torch.cat([model.score(one(i).samples, one(i).lengths, CAPTIONS) for i in range(4)])
    assert together.shape == (4, 4)
    torch.testing.assert_close(together, alone, atol=2e-5, rtol=0)
    for options in (GREEDY, BEAMS):
        captions = model.generate(every.samples, every.lengths, options)
        assert captions == [model.generate(one(i).samples, one(i).lengths, options)[0] for i in range(4)]


def test_the_loss_is_the_likelihood_per_token(model: CaptionModel) -> None:
    every = clips()
    with torch.no_grad():
        loss = float(model.loss(CaptionBatch(every, CAPTIONS)))
    own = model.score(every.samples, every.lengths, CAPTIONS).diagonal()
    tokens = sum(len(model.vocabulary.encode(caption)) + 1 for caption in CAPTIONS)
    assert loss == pytest.approx(float(-own.sum() / tokens), abs=1e-5)


def test_other_captions_beside_it_do_not_change_a_score(model: CaptionModel) -> None:
    audio = one(0)
    together = model.score(audio.samples, audio.lengths, CAPTIONS)[0]
    alone = [float(model.score(audio.samples, audio.lengths, [caption])[0, 0]) for caption in CAPTIONS]
    assert together.tolist() == pytest.approx(alone, abs=2e-5)


def test_generation_is_deterministic_and_ends(model: CaptionModel) -> None:
    every = clips()
    for options in (GREEDY, BEAMS):
        first = model.generate(every.samples, every.lengths, options)
        torch.manual_seed(99)
        assert model.generate(every.samples, every.lengths, options) == first
        assert all(len(model.vocabulary.encode(caption)) <= 12 for caption in first)


def test_saved_and_loaded_it_says_the_same(name: str, model: CaptionModel, tmp_path: Path) -> None:
    every = clips()
    save_model(model, VARIANTS[name][0], tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    torch.testing.assert_close(
        loaded.score(every.samples, every.lengths, CAPTIONS),
        model.score(every.samples, every.lengths, CAPTIONS),
        atol=0, rtol=0,
    )  # fmt: skip
    assert loaded.generate(every.samples, every.lengths, BEAMS) == model.generate(
        every.samples, every.lengths, BEAMS
    )


def test_embeddings_heard_before_serve_as_well_as_the_sound(model: CaptionModel) -> None:
    assert isinstance(model, EmbeddingCaptionModel)
    every = clips()
    heard = model.encode(every.samples, every.lengths)
    with torch.no_grad():
        losses = [float(model.loss(CaptionBatch(audio, CAPTIONS))) for audio in (every, heard)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    assert model.generate_encoded(heard, GREEDY) == model.generate(every.samples, every.lengths, GREEDY)


def test_four_clips_are_learned_by_heart(name: str) -> None:
    torch.manual_seed(0)
    model = VARIANTS[name][1]()
    every = clips()
    rate = LEARNING_RATES.get(VARIANTS[name][0], 2e-2)
    known_nats = 0.03 if name.startswith("sonicverse") else KNOWN_NATS
    said = learn_by_heart(model, every, 300, rate, known_nats)
    assert said == list(CAPTIONS)
    assert model.generate(every.samples, every.lengths, BEAMS) == list(CAPTIONS)
    likeliest = model.score(every.samples, every.lengths, CAPTIONS).argmax(dim=0)
    assert likeliest.tolist() == [0, 1, 2, 3]


def learn_by_heart(
    model: CaptionModel, every: Waveforms, steps: int, rate: float, known_nats: float
) -> list[str]:
    audio = model.encode(every.samples, every.lengths) if model.encoder_is_frozen else every
    optimizer = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], lr=rate)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * (1 - step / steps)
        loss = model.loss(CaptionBatch(audio, CAPTIONS))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if float(loss.detach()) < known_nats:
            break
    model.eval()
    return model.generate(every.samples, every.lengths, GREEDY)
