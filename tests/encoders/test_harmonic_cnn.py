"""Harmonic CNN: the published layout of weights, filters on harmonics, one vector every five seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from linernotes.encoders.harmonic_cnn import (  # noqa: E402
    HARMONICS,
    LEVELS,
    HarmonicCnn,
    HarmonicCnnEncoder,
    HarmonicSpectrogram,
    harmonic_cnn,
)

pytestmark = pytest.mark.torch


def norm(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {**{f"{name}.{part}": (channels,) for part in parts}, f"{name}.num_batches_tracked": ()}


def convolution(name: str, before: int, after: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (after, before, 3, 3), f"{name}.bias": (after,)}


def published_layout() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that sota-music-tagging-models publishes for 50 tags."""
    layout: dict[str, tuple[int, ...]] = {
        "hstft.bw_Q": (1,),
        "hstft.spec.window": (512,),
        **norm("hstft_bn", 6),
    }
    for layer, before, after in (("layer1", 6, 128), ("layer5", 128, 256)):
        layout |= convolution(f"{layer}.conv", before, after) | norm(f"{layer}.bn", after)
    for layer, channels in (
        ("layer2", 128),
        ("layer3", 128),
        ("layer4", 128),
        ("layer6", 256),
        ("layer7", 256),
    ):
        for number in (1, 2):
            layout |= convolution(f"{layer}.conv_{number}", channels, channels)
            layout |= norm(f"{layer}.bn_{number}", channels)
    layout |= {"dense1.weight": (256, 256), "dense1.bias": (256,), **norm("bn", 256)}
    return layout | {"dense2.weight": (50, 256), "dense2.bias": (50,)}


def test_has_the_layout_of_the_published_weights() -> None:
    ours = {name: tuple(tensor.shape) for name, tensor in HarmonicCnn().state_dict().items()}
    assert ours == published_layout()


def test_loads_a_checkpoint_file_of_that_layout(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {
        name: torch.tensor(1) if not shape else 0.5 + torch.rand(shape, generator=generator)
        for name, shape in published_layout().items()
    }
    torch.save(weights, tmp_path / "best_model.pth")
    loaded = harmonic_cnn(str(tmp_path / "best_model.pth"))
    assert torch.equal(loaded.network.layer6.conv_2.weight, weights["layer6.conv_2.weight"])
    torch.save({"something": torch.ones(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="no Harmonic CNN checkpoint"):
        harmonic_cnn(str(tmp_path / "other.pth"))
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(ValueError, match="PyTorch can't read it"):
        harmonic_cnn(str(tmp_path / "text.pth"))
    with pytest.raises(ValueError, match="no Harmonic CNN weights at"):
        harmonic_cnn(str(tmp_path / "absent.pth"))


def test_a_tone_is_heard_by_the_filters_of_its_fundamental_and_of_its_subharmonics() -> None:
    t = torch.arange(16_000) / 16_000
    loudness = HarmonicSpectrogram()(torch.sin(2 * torch.pi * 880 * t)[None])[0].mean(dim=2)
    assert loudness.shape == (HARMONICS, LEVELS)
    for harmonic in range(1, 5):
        fundamental = 880 / harmonic
        level = loudness[harmonic - 1].detach().argmax().item() / 2
        heard_hz = 440 * 2 ** ((24 + level - 69) / 12)
        assert heard_hz == pytest.approx(fundamental, rel=0.04)


def test_a_larger_q_makes_the_filters_narrower() -> None:
    spectrogram = HarmonicSpectrogram()
    wide = (spectrogram.filters() > 0).sum()
    spectrogram.bw_Q.data.fill_(4.0)
    assert (spectrogram.filters() > 0).sum() < wide


def test_gives_a_vector_for_every_five_seconds() -> None:
    torch.manual_seed(0)
    encoder = HarmonicCnnEncoder(HarmonicCnn(channels=4)).eval()
    waveforms = torch.randn(2, 6 * 16_000)
    with torch.no_grad():
        heard = encoder(waveforms, torch.tensor([6 * 16_000, 2 * 16_000]))
        alone = encoder(waveforms[1:, : 2 * 16_000], torch.tensor([2 * 16_000]))
    assert heard.states.shape == (2, 2, 8)
    assert heard.mask.tolist() == [[True, True], [True, False]]
    torch.testing.assert_close(heard.clips()[1], alone.clips()[0])
