"""AST, wav2vec 2.0 and HuBERT from tiny folders in the published layouts, against transformers itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np  # noqa: E402
from tiny_encoders import AST, SPEECH, write_ast, write_hubert, write_wav2vec2  # noqa: E402

from linernotes.encoders.ast import ast, log_mel_energies, new_ast  # noqa: E402
from linernotes.encoders.hubert import hubert  # noqa: E402
from linernotes.encoders.wav2vec2 import wav2vec2  # noqa: E402

pytestmark = pytest.mark.torch


def noise(seconds: float, seed: int = 3) -> Any:
    return 0.1 * torch.randn(round(16_000 * seconds), generator=torch.Generator().manual_seed(seed))


def hear(encoder: Any, clip: Any) -> Any:
    with torch.no_grad():
        return encoder(clip[None], torch.tensor([len(clip)])).states[0]


@pytest.fixture(scope="module")
def ast_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ast(tmp_path_factory.mktemp("ast"))


def test_ast_hears_what_transformers_hears(ast_folder: Path) -> None:
    from transformers import ASTFeatureExtractor, ASTModel
    from transformers.audio_utils import spectrogram

    clip = noise(1.5)
    extractor = ASTFeatureExtractor.from_pretrained(ast_folder)
    if hasattr(extractor, "mel_filters"):  # without torchaudio
        told = spectrogram(
            clip.numpy(), extractor.window, frame_length=400, hop_length=160, fft_length=512, power=2.0,
            center=False, preemphasis=0.97, mel_filters=extractor.mel_filters, log_mel="log",
            mel_floor=1.192092955078125e-07, remove_dc_offset=True,
        )  # fmt: skip
        np.testing.assert_allclose(log_mel_energies(clip.numpy(), 32), told.T, atol=1e-3)
    made = extractor(clip.numpy(), sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        states = ASTModel.from_pretrained(ast_folder).eval()(**made).last_hidden_state[0, 2:]
    rows, columns = (32 - 16) // 10 + 1, (256 - 16) // 10 + 1
    in_time = states.unflatten(0, (rows, columns)).transpose(0, 1)
    heard = hear(ast(str(ast_folder)), clip).unflatten(0, (-1, rows))
    frames = (len(clip) - 400) // 160 + 1
    assert len(heard) == (frames - 8) // 10 + 1  # half a patch of 16 frames at least
    torch.testing.assert_close(heard, in_time[: len(heard)], atol=1e-3, rtol=1e-3)
    means = hear(ast(str(ast_folder), patches="time"), clip)
    torch.testing.assert_close(means, heard.mean(1), atol=1e-5, rtol=1e-5)


def test_long_clips_are_heard_window_by_window(ast_folder: Path) -> None:
    encoder, first = ast(str(ast_folder)), ast(str(ast_folder), truncate=True)
    clip = noise(6.0)  # 598 frames: two whole windows of 256 and a rest of 86
    heard = hear(encoder, clip).unflatten(0, (-1, encoder.rows))
    assert len(heard) == 25 + 25 + (86 - 8) // 10 + 1
    torch.testing.assert_close(hear(first, clip), heard[:25].flatten(0, 1), atol=1e-6, rtol=0)
    second = hear(encoder, clip[256 * 160 :])
    torch.testing.assert_close(heard[25:50].flatten(0, 1), second[: 25 * encoder.rows], atol=1e-4, rtol=1e-4)


def test_the_published_sizes() -> None:
    tiny = {name: AST[name] for name in ("hidden_size", "num_hidden_layers", "num_attention_heads")}
    encoder = new_ast(**tiny, intermediate_size=24)
    assert (encoder.window_frames, encoder.bands) == (1024, 128)
    assert (encoder.rows, encoder.columns) == (12, 101)
    windows = encoder._windows(np.zeros(30 * 16_000, np.float32))
    assert [len(window) for window in windows] == [1024, 1024, 950]


@pytest.mark.parametrize(("write", "make"), [(write_wav2vec2, wav2vec2), (write_hubert, hubert)])
def test_speech_encoders_hear_what_transformers_hears(
    write: Callable[[Path], Path], make: Callable[[str], Any], tmp_path: Path
) -> None:
    from transformers import AutoFeatureExtractor, AutoModel

    folder, clip = write(tmp_path / "weights"), noise(1.0)
    made = AutoFeatureExtractor.from_pretrained(folder)(
        clip.numpy(), sampling_rate=16_000, return_tensors="pt"
    )
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder).eval()(made["input_values"]).last_hidden_state[0]
    encoder = make(str(folder))
    heard = hear(encoder, clip)
    assert heard.shape == (49, SPEECH["hidden_size"])
    torch.testing.assert_close(heard, states, atol=1e-4, rtol=1e-4)
    assert encoder.frame_s == pytest.approx(0.02)
    assert hear(encoder, noise(0.005)).shape[0] == 1


def test_weights_of_another_network_are_refused(ast_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = write_hubert(tmp_path / "hubert")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layers.0.attention.q_proj.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match="lack encoder"):
        hubert(str(folder))
    with pytest.raises(ValueError, match="no HubertModel at"):
        hubert(str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no ASTModel at"):
        ast(str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="patches is one of"):
        ast(str(ast_folder), patches="some")
