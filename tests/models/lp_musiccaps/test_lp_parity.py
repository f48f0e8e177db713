"""The same numbers as the authors' code, from its golden outputs with small random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from linernotes.decoding import DecodingOptions  # noqa: E402
from linernotes.encoders.audio_encoder import AudioEmbeddings  # noqa: E402
from linernotes.encoders.decibel_mel import SAMPLE_RATE, WINDOW_S, decibel_mel  # noqa: E402
from linernotes.encoders.mel_conv import MelConvEncoder  # noqa: E402
from linernotes.models.lp_musiccaps.bart import bart_from_json  # noqa: E402
from linernotes.models.lp_musiccaps.network import IGNORED, LpNetwork, cross_entropy  # noqa: E402
from linernotes.models.lp_musiccaps.published import published_names  # noqa: E402
from linernotes.models.lp_musiccaps.writing import write_ids  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.parity]

TOLERANCE = 1e-4
SMOOTHING = 0.1


class Golden:
    """The fixture's arrays, and our network with its weights."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "golden.npz", allow_pickle=False) as stored:
            self.arrays = {name: stored[name] for name in stored.files}
        weights = load_file(folder / "weights.safetensors")
        bart = bart_from_json((folder / "bart_config.json").read_text("utf-8"))
        encoder = MelConvEncoder(bart.config.d_model, "released", WINDOW_S)
        self.network = LpNetwork(encoder, bart)
        self.network.load_state_dict(published_names(weights))
        self.network.eval()

    def __getitem__(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self.arrays[name])

    def spectrograms(self) -> AudioEmbeddings:
        waveforms = self["waveforms"]
        lengths = torch.full((len(waveforms),), waveforms.shape[1])
        return self.network.audio_encoder.spectrogram(waveforms, lengths)


@pytest.fixture(scope="module")
def golden(reference: Path) -> Golden:
    folder = reference / "lp_musiccaps"
    if not (folder / "golden.npz").is_file():
        pytest.skip(f"no golden outputs of LP-MusicCaps at {folder}")
    return Golden(folder)


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, atol=TOLERANCE, rtol=0)


def test_log_mel(golden: Golden) -> None:
    close(golden.spectrograms().states.transpose(1, 2), golden["log_mel"])


def test_the_frontend_without_pytorch_differs_by_rounding(golden: Golden) -> None:
    ours = np.stack([decibel_mel(clip, "released") for clip in golden.arrays["waveforms"]])
    theirs = golden.arrays["log_mel"].transpose(0, 2, 1)
    assert np.mean(np.abs(ours - theirs) > TOLERANCE) < 0.01
    assert np.abs(ours - theirs).max() < 0.05
    power = np.stack([decibel_mel(clip) for clip in golden.arrays["waveforms"]])
    assert np.median(power - theirs) > 1  # dB: the imaginary part was left out


@torch.no_grad()
def test_audio_embeddings_and_encoder_states(golden: Golden) -> None:
    assert golden["waveforms"].shape[1] == WINDOW_S * SAMPLE_RATE
    spectrograms = golden.spectrograms()
    close(golden.network.audio_encoder.embed(spectrograms).states, golden["audio_embeddings"])
    close(golden.network.listen(spectrograms).states, golden["encoder_states"])


@torch.no_grad()
def test_loss(golden: Golden) -> None:
    labels = golden["label_ids"]
    labels = labels.masked_fill(labels == golden.network.bart.config.pad_token_id, IGNORED)
    logits = golden.network.logits(golden.network.listen(golden.spectrograms()), labels)
    close(cross_entropy(logits, labels, SMOOTHING), golden["loss"])


@torch.no_grad()
def test_beam_search_token_for_token(golden: Golden) -> None:
    theirs = golden["beam5_ids"]
    # The authors' lengths count the start and the end, and their minimum the start only.
    options = DecodingOptions(beams=5, max_tokens=theirs.shape[1] - 2, min_tokens=1)
    found = write_ids(golden.network.bart, golden.network.listen(golden.spectrograms()), options)
    config = golden.network.bart.config
    for row, ids in zip(theirs.tolist(), found, strict=True):
        told = [config.decoder_start_token_id, *ids, config.eos_token_id]
        assert told == row[: len(told)]
        assert set(row[len(told) :]) <= {config.pad_token_id}
