"""The original TensorFlow network, our ONNX files and our PyTorch module say the same."""

from __future__ import annotations

from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from linernotes.encoders import musicnn_frontend as frontend
from linernotes.encoders.musicnn_onnx import MusicnnListener, is_heard, musicnn_session, tag_windows
from linernotes.encoders.musicnn_vocabulary import TAGS

RATE = frontend.SAMPLE_RATE
# Outputs of musicnn 0.1.0 under TensorFlow 2.21 on the two whole windows of the first 374 frames of `signal`,
# with the logarithm in single precision.
GOLDEN = np.load(Path(__file__).with_name("musicnn_golden.npz"))


def signal(seconds: float = 8.0) -> np.ndarray:
    """A pulsing chord with noisy beats; the golden outputs belong to its 8 seconds."""
    t = np.arange(8 * RATE) / RATE
    partials = (220.0, 277.18, 329.63, 440.0, 880.0)
    chord = sum(np.sin(2 * np.pi * hz * t) / (k + 1) for k, hz in enumerate(partials))
    beat = np.exp(-8 * ((t * 2) % 1.0)) * np.random.default_rng(20261121).standard_normal(len(t))
    mixed = 0.5 * (0.12 * chord * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * t)) + 0.15 * beat)
    return mixed.astype(np.float32)[: int(seconds * RATE)]


def windows(count: int = 2) -> np.ndarray:
    spectra = frontend.spectrogram(signal())
    return spectra[: 187 * count].reshape(count, 187, 96)


@pytest.mark.parametrize("vocabulary", ["mtt", "msd"])
def test_onnx_agrees_with_the_original(vocabulary: str) -> None:
    tagged = tag_windows(vocabulary, windows())
    np.testing.assert_allclose(tagged.probabilities, GOLDEN[f"{vocabulary}_probabilities"], atol=1e-4)
    np.testing.assert_allclose(tagged.penultimate, GOLDEN[f"{vocabulary}_penultimate"], atol=2e-3)
    features = GOLDEN[f"{vocabulary}_chunk_features"]
    np.testing.assert_allclose(tagged.chunk_features[:1], features, rtol=2e-3, atol=2e-3)


@pytest.mark.torch
@pytest.mark.parametrize("vocabulary", ["mtt", "msd"])
def test_pytorch_agrees_with_onnx(vocabulary: str) -> None:
    torch = pytest.importorskip("torch")
    from linernotes.encoders.musicnn import load_musicnn

    asset = resources.files("linernotes") / "assets" / f"musicnn_{vocabulary}.onnx"
    with resources.as_file(asset) as path:
        model = load_musicnn(path)
    with torch.inference_mode():
        output = model(torch.from_numpy(windows()))
    tagged = tag_windows(vocabulary, windows())
    np.testing.assert_allclose(output.probabilities.numpy(), tagged.probabilities, atol=1e-5)
    np.testing.assert_allclose(output.penultimate.numpy(), tagged.penultimate, atol=1e-4)
    np.testing.assert_allclose(output.chunk_features.numpy(), tagged.chunk_features, rtol=1e-4, atol=1e-4)
    assert output.maps.shape == (2, 753, 187)


@pytest.mark.torch
def test_pytorch_module_trains_on_windows_of_any_length() -> None:
    torch = pytest.importorskip("torch")
    from linernotes.encoders.musicnn import Musicnn

    torch.manual_seed(0)
    model = Musicnn(tags=7).train()
    output = model(torch.rand(3, 40, 96))
    output.logits.square().mean().backward()
    assert output.logits.shape == (3, 7)
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


def test_a_batch_equals_its_windows_one_by_one() -> None:
    batch = tag_windows("mtt", windows()).probabilities
    single = np.concatenate([tag_windows("mtt", window[None]).probabilities for window in windows()])
    np.testing.assert_allclose(batch, single, atol=1e-6)


def test_the_spectrogram_does_not_depend_on_the_blocks_it_is_fed() -> None:
    waveform = signal()
    stream = frontend.WindowStream()
    cuts = [0, 100, 5000, 5001, 48_000, 100_000, len(waveform)]
    cut = [w for a, b in pairwise(cuts) for w in stream.push(waveform[a:b])]
    cut += stream.finish()
    assert stream.frames_heard == 501
    np.testing.assert_allclose(cut[:2], windows(), atol=1e-5)
    np.testing.assert_allclose(cut[2], frontend.spectrogram(waveform)[-187:], atol=1e-5)


def test_loud_bass_stays_finite() -> None:
    loud = np.sin(2 * np.pi * 60 * np.arange(RATE) / RATE).astype(np.float32)
    spectra = frontend.spectrogram(4 * loud)
    assert np.isfinite(spectra).all()
    assert spectra.max() > np.log10(65_504)  # where half precision ends


def listened(waveform: np.ndarray, **options: tuple[str, ...]) -> dict[str, object]:
    listener = MusicnnListener(**options)
    for start in range(0, len(waveform), 30_000):
        listener.push(waveform[start : start + 30_000])
    return dict(listener.finish())


def test_the_listener_gives_tags_and_features_on_a_three_second_clock() -> None:
    series = listened(signal())
    assert set(series) == {"tags_mtt", "tags_msd", "musicnn_mtt", "musicnn_msd"}
    tags = series["tags_mtt"]
    assert tags.values.shape == (3, 50)
    np.testing.assert_allclose(tags.values[:2], GOLDEN["mtt_probabilities"], atol=1e-4)
    np.testing.assert_allclose(tags.times_s, [1.488, 4.480, 7.472])
    assert series["musicnn_msd"].values.shape == (3, 200)


def test_a_short_recording_is_one_window_centred_on_it() -> None:
    tags = listened(signal(0.5), vocabularies=("mtt",))["tags_mtt"]
    assert tags.values.shape == (1, 50)
    assert 0.2 < tags.start_s < 0.3


def test_nothing_heard_gives_empty_series() -> None:
    assert listened(signal(0.0))["tags_msd"].values.shape == (0, 50)


def test_long_recordings_are_heard_more_sparsely() -> None:
    minute = round(60 * frontend.WINDOW_RATE_HZ)
    assert all(is_heard(window) for window in range(minute))
    assert sum(map(is_heard, range(3 * minute))) <= 42
    assert sum(map(is_heard, range(60 * minute))) <= 370


def test_an_unheard_window_holds_the_values_before_it() -> None:
    waveform = np.random.default_rng(0).standard_normal(RATE * 70).astype(np.float32) * 0.1
    tags = listened(waveform, vocabularies=("mtt",))["tags_mtt"].values
    unheard = next(window for window in range(len(tags)) if not is_heard(window))
    np.testing.assert_array_equal(tags[unheard], tags[unheard - 1])
    assert np.abs(tags[1] - tags[0]).max() > 0


def test_an_unknown_vocabulary_is_named() -> None:
    with pytest.raises(ValueError, match="mtt, msd"):
        musicnn_session("vgg")


def test_vocabularies_have_fifty_words_each() -> None:
    assert {name: len(set(words)) for name, words in TAGS.items()} == {"mtt": 50, "msd": 50}


@pytest.mark.torch
def test_the_first_norm_learns_though_it_is_folded_into_the_filters() -> None:
    torch = pytest.importorskip("torch")
    from linernotes.encoders.musicnn import Musicnn

    torch.manual_seed(0)
    model = Musicnn().eval()
    with torch.no_grad():
        model.input_norm.weight.fill_(0.7)
        model.input_norm.bias.fill_(-0.4)
    log_mel = torch.rand(1, 40, 96)
    found, expected = [], []
    for bank in (model.timbre[0], model.rhythm[0]):
        normed = model.input_norm(log_mel[:, None])
        padded = torch.nn.functional.pad(normed, (0, 0, bank.before, bank.after))
        maps = bank.norm(torch.relu(bank.convolution(padded))).amax(dim=3)
        plain = torch.autograd.grad(
            maps.square().sum(), [*model.input_norm.parameters(), bank.convolution.weight]
        )
        first = 0 if bank is model.timbre[0] else 2 * 204
        ours = model.feature_maps(log_mel)[:, first : first + maps.shape[1]]
        torch.testing.assert_close(ours, maps, atol=1e-5, rtol=1e-5)
        folded = torch.autograd.grad(
            ours.square().sum(), [*model.input_norm.parameters(), bank.convolution.weight]
        )
        found += folded
        expected += plain
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
