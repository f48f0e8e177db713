"""The seam `AudioEncoder`: every encoder hears a clip alone as it does in a batch, and never its padding."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from tiny_encoders import AST, SPEECH  # noqa: E402
from tiny_mert import write_mert  # noqa: E402

from linernotes.encoders import musicnn_frontend as frontend  # noqa: E402
from linernotes.encoders.ast import new_ast  # noqa: E402
from linernotes.encoders.audio_encoder import AudioEmbeddings, AudioEncoder, cut_chunks  # noqa: E402
from linernotes.encoders.harmonic_cnn import HarmonicCnn, HarmonicCnnEncoder  # noqa: E402
from linernotes.encoders.log_mel import LogMelEncoder  # noqa: E402
from linernotes.encoders.mert import load_mert  # noqa: E402
from linernotes.encoders.musicnn_chunks import musicnn_mtt  # noqa: E402
from linernotes.encoders.musicnn_onnx import tag_windows  # noqa: E402
from linernotes.encoders.speech_transformer import new_speech_encoder  # noqa: E402
from linernotes.encoders.time_mean import TimeMean  # noqa: E402

pytestmark = pytest.mark.torch

RATE = 16_000


ENCODERS = (
    "musicnn-mtt", "musicnn-shipped", "harmonic-cnn", "log-mel-64", "mert", "mert-mean", "ast", "ast-time",
    "wav2vec2", "hubert",
)  # fmt: skip


@pytest.fixture(params=ENCODERS, scope="module")
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AudioEncoder:
    def mert() -> AudioEncoder:
        return load_mert(write_mert(tmp_path_factory.mktemp("mert")))

    torch.manual_seed(0)
    built = {
        "musicnn-mtt": musicnn_mtt,
        "musicnn-shipped": lambda: musicnn_mtt(frozen=True),
        "harmonic-cnn": lambda: HarmonicCnnEncoder(HarmonicCnn(channels=4)),
        "log-mel-64": LogMelEncoder,
        "mert": mert,
        "mert-mean": lambda: TimeMean(mert(), 11.0),
        "ast": lambda: new_ast(**AST),
        "ast-time": lambda: new_ast(patches="time", **AST),
        "wav2vec2": lambda: new_speech_encoder("Wav2Vec2Model", **SPEECH),
        "hubert": lambda: new_speech_encoder("HubertModel", **SPEECH),
    }[request.param]()
    return built.eval() if isinstance(built, torch.nn.Module) else built


def noise(seconds: float, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(round(seconds * RATE), generator=torch.Generator().manual_seed(seed))


def hear(encoder: AudioEncoder, *clips: torch.Tensor, padding: int = 0) -> AudioEmbeddings:
    waveforms = torch.nn.utils.rnn.pad_sequence(list(clips), batch_first=True)
    waveforms = torch.nn.functional.pad(waveforms, (0, padding))
    with torch.no_grad():
        return encoder(waveforms, torch.tensor([len(clip) for clip in clips]))


def test_a_batch_equals_its_clips_one_by_one(encoder: AudioEncoder) -> None:
    long, short = noise(4.0), noise(1.0, seed=1)
    together = hear(encoder, long, short)
    assert together.states.shape[2] == encoder.dim
    for heard, clip in zip(together.clips(), (long, short), strict=True):
        torch.testing.assert_close(heard, hear(encoder, clip).clips()[0], atol=1e-4, rtol=1e-4)


def test_padding_is_not_heard(encoder: AudioEncoder) -> None:
    clip = noise(1.5)
    heard, padded = hear(encoder, clip), hear(encoder, clip, padding=RATE)
    torch.testing.assert_close(heard.states, padded.states)
    assert torch.equal(heard.mask, padded.mask)


def test_frames_follow_one_another_as_often_as_promised(encoder: AudioEncoder) -> None:
    frames = hear(encoder, noise(11.0 * encoder.sample_rate / RATE)).states.shape[1]
    assert abs(frames - 11.0 / encoder.frame_s) <= getattr(encoder, "states_at_once", 1)


def test_an_empty_clip_is_named(encoder: AudioEncoder) -> None:
    with pytest.raises(ValueError, match="samples"):
        encoder(torch.zeros(1, RATE), torch.tensor([0]))


def test_musicnn_features_are_those_of_the_onnx_network() -> None:
    clip = noise(6.5)
    heard = hear(musicnn_mtt().eval(), clip).clips()[0]
    stream = frontend.WindowStream()
    windows = np.stack([*stream.push(clip.numpy()), *stream.finish()])
    expected = tag_windows("mtt", windows).chunk_features
    assert heard.shape == (3, 753)
    np.testing.assert_array_equal(hear(musicnn_mtt(frozen=True), clip).clips()[0].numpy(), expected)
    np.testing.assert_allclose(heard.numpy(), expected, rtol=1e-4, atol=1e-4)


def test_chunks_cover_a_waveform_and_repeat_a_short_one() -> None:
    assert cut_chunks(torch.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5], [4, 5, 6]]
    assert cut_chunks(torch.arange(2), 5).tolist() == [[0, 1, 0, 1, 0]]


def test_the_mean_leaves_padding_out() -> None:
    embeddings = AudioEmbeddings.of_clips([torch.ones(3, 2), 5 * torch.ones(1, 2)])
    assert embeddings.mean().tolist() == [[1.0, 1.0], [5.0, 5.0]]
