"""Fluency errors by a tiny detector in the published layout, and the penalties they bring."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from linernotes.metrics.fense import PUBLISHED, fluency_error_rate, penalized
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import mean_score

torch = pytest.importorskip("torch", reason="needs the [bert] extra")
pytest.importorskip("transformers", reason="needs the [bert] extra")

from tiny_bert import make_tiny_bert  # noqa: E402

pytestmark = pytest.mark.torch

TEXTS = {"a": "a slow song", "b": "Loud drums!", "c": "the guitar, and the", "d": ""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FENSE's file as its authors write it, with the six outputs of theirs; see `write_detector`."""
    path = tmp_path_factory.mktemp("models") / "detector"
    write_detector(path, bias=0.0)
    return path


def write_detector(folder: Path, *, bias: float) -> None:
    encoder = make_tiny_bert(folder)
    (folder / "model.safetensors").unlink()  # all weights are in the checkpoint
    state = {f"encoder.{name}": tensor for name, tensor in encoder.state_dict().items()}
    state["encoder.embeddings.position_ids"] = torch.arange(32)[
        None
    ]  # older versions of transformers saved it
    state["clf.weight"] = torch.randn(6, 16, generator=torch.Generator().manual_seed(1)) * 4
    state["clf.bias"] = torch.full((6,), bias)
    torch.save({"model_type": "tiny", "num_classes": 6, "state_dict": state}, folder / "echecker.ckpt")


def by_hand(folder: Path, text: str) -> float:
    """Chance of an error: the first token's state, the last output."""
    from transformers import BertConfig, BertModel, BertTokenizer

    state = torch.load(folder / "echecker.ckpt", weights_only=True)["state_dict"]
    network = BertModel(BertConfig.from_pretrained(folder)).eval()
    network.load_state_dict(
        {k[8:]: v for k, v in state.items() if k[:8] == "encoder." and "position_ids" not in k}
    )
    with torch.no_grad():
        tokens = BertTokenizer.from_pretrained(folder)(text, return_tensors="pt")
        first = network(**tokens).last_hidden_state[0, 0]
        return float(torch.sigmoid(state["clf.weight"][5] @ first + state["clf.bias"][5]))


def test_marks_captions_whose_chance_of_an_error_is_over_nine_tenths(folder: Path) -> None:
    words = {"a": "a slow song", "b": "loud drums", "c": "the guitar and the", "d": ""}
    expected = {key: float(by_hand(folder, text) > 0.9) for key, text in words.items()}
    assert 0 < sum(expected.values()) < 4, "the tiny detector should tell texts apart"
    score = fluency_error_rate(TEXTS, folder=folder)
    assert score.per_clip == expected
    assert score.corpus == sum(expected.values()) / 4


@pytest.mark.parametrize(("bias", "rate"), [(1000.0, 1.0), (-1000.0, 0.0)])
def test_the_last_output_decides(bias: float, rate: float, tmp_path: Path) -> None:
    write_detector(tmp_path / "sure", bias=bias)
    assert fluency_error_rate(TEXTS, folder=tmp_path / "sure").corpus == rate


def test_an_error_costs_nine_tenths() -> None:
    score, errors = mean_score(["a", "b"], [0.8, 0.6]), mean_score(["b", "a"], [1.0, 0.0])
    assert penalized(score, errors).per_clip == pytest.approx({"a": 0.8, "b": 0.06})
    with pytest.raises(ValueError, match="same clips"):
        penalized(score, mean_score(["a"], [0.0]))


def test_names_what_a_folder_lacks(tmp_path: Path) -> None:
    with pytest.raises(MissingMetricError, match="need a folder with a detector"):
        fluency_error_rate(TEXTS, folder=None)
    with pytest.raises(MissingMetricError, match=r"one detector, a \*\.ckpt file; it has 0"):
        fluency_error_rate(TEXTS, folder=tmp_path)
    (tmp_path / "mine.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(MissingMetricError, match=r"lacks config.json and the tokenizer .* mine.ckpt"):
        fluency_error_rate(TEXTS, folder=tmp_path)


def test_other_files_under_a_published_or_any_name_are_refused(tmp_path: Path) -> None:
    for number, (name, content, word) in enumerate(
        [
            (next(iter(PUBLISHED)), b"changed", "is not the published file"),
            ("mine.ckpt", b"not a checkpoint", "is not a detector as FENSE publishes them"),
        ]
    ):
        folder = tmp_path / str(number)
        make_tiny_bert(folder)
        (folder / name).write_bytes(content)
        with pytest.raises(MissingMetricError, match=word):
            fluency_error_rate(TEXTS, folder=folder)
    assert all(len(value) == len(hashlib.sha256().hexdigest()) for value in PUBLISHED.values())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    write_detector(tmp_path / "mixed", bias=0.0)
    config = tmp_path / "mixed" / "config.json"
    config.write_text(config.read_text().replace('"num_hidden_layers": 3', '"num_hidden_layers": 2'))
    with pytest.raises(MissingMetricError, match=r"do not fit the config\.json"):
        fluency_error_rate(TEXTS, folder=tmp_path / "mixed")
