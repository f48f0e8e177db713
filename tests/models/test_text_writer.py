"""Facts about the small writer's network; the ONNX files compute what PyTorch does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [torch] extra")

from linernotes.decoding import DecodingOptions, beam_search  # noqa: E402
from linernotes.models.text_writer import EncoderGraph, StepGraph, TextWriter, TextWriterConfig  # noqa: E402
from linernotes.writers.small.prompt import SPECIALS  # noqa: E402
from linernotes.writers.small.tokenizer import BpeTokenizer  # noqa: E402
from linernotes.writers.small.writer_network import read_network  # noqa: E402

pytestmark = pytest.mark.torch
SMALL = TextWriterConfig(vocabulary=400, dim=24, heads=3, encoder_layers=2, decoder_layers=2, feed_forward=48)
SCRIPT = Path(__file__).parents[2] / "scripts" / "export_writer.py"


@pytest.fixture(scope="module")
def model() -> TextWriter:
    torch.manual_seed(0)
    return TextWriter(SMALL).eval()


def test_probabilities_add_up_to_one(model: TextWriter) -> None:
    log_probs = model(torch.tensor([[5, 6, 7, 0, 0]]), torch.tensor([[1, 8, 9]]))
    assert torch.allclose(log_probs.exp().sum(-1), torch.ones(1, 3), atol=1e-4)


def test_padding_changes_nothing(model: TextWriter) -> None:
    target = torch.tensor([[1, 8, 9]])
    assert torch.allclose(
        model(torch.tensor([[5, 6, 7]]), target), model(torch.tensor([[5, 6, 7, 0, 0]]), target), atol=1e-5
    )


def test_the_future_is_not_seen(model: TextWriter) -> None:
    source = torch.tensor([[5, 6, 7]])
    one, other = model(source, torch.tensor([[1, 8, 9]])), model(source, torch.tensor([[1, 8, 11]]))
    assert torch.allclose(one[:, :2], other[:, :2], atol=1e-6)


def test_losses_are_those_of_the_distribution(model: TextWriter) -> None:
    source, target = torch.tensor([[5, 6, 300]]), torch.tensor([[1, 8, 300, 7]])
    losses = model.token_losses(source, target[:, :-1], target[:, 1:])
    expected = -model(source, target[:, :-1]).gather(-1, target[:, 1:, None])[..., 0]
    assert torch.allclose(losses.likelihood, expected, atol=1e-4)


def test_dropout_keeps_the_mean() -> None:
    from linernotes.models.text_writer import Dropout

    torch.manual_seed(0)
    dropped = Dropout(0.25).train()(torch.ones(100_000))
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert dropped.mean() == pytest.approx(1.0, abs=0.01)


def test_steps_with_a_cache_agree_with_teacher_forcing(model: TextWriter) -> None:
    source, target = torch.tensor([[5, 6, 7, 42]]), [1, 8, 9, 12]
    memory = EncoderGraph(model)(source)
    keys = values = torch.zeros(1, 2, 3, 0, 8)
    rows = []
    for token in target:
        log_probs, keys, values = StepGraph(model)(torch.tensor([token]), source, *memory, keys, values)
        rows.append(log_probs)
    assert torch.allclose(torch.stack(rows, 1), model(source, torch.tensor([target])), atol=1e-4)


@pytest.mark.parametrize(("bits", "tolerance"), [(16, 1e-2), (8, 0.2)])
def test_onnx_equals_pytorch(model: TextWriter, tmp_path: Path, bits: int, tolerance: float) -> None:
    pytest.importorskip("onnx", reason="needs the [onnx] extra")
    torch.save(model.state_dict(), tmp_path / "checkpoint.pt")
    (tmp_path / "config.json").write_text(json.dumps(asdict(SMALL)))
    BpeTokenizer([], SPECIALS).save(tmp_path / "tokenizer.json")
    folders = [str(tmp_path)] * (1 if bits == 16 else 2)
    command = [
        sys.executable,
        "-W",
        "ignore",
        str(SCRIPT),
        *folders,
        "--out",
        str(tmp_path),
        "--bits",
        str(bits),
    ]
    subprocess.run(command, check=True, capture_output=True)
    network = read_network(tmp_path)
    source = [5, 6, 7, 42, 200]
    step, state = network.start(source), network.empty_state()
    target = [1, 8, 42, 12]
    rows = []
    for token in target:
        result = step(state, np.array([token], dtype=np.int64))
        rows.append(result.log_probs)
        state = result.state
    expected = model(torch.tensor([source]), torch.tensor([target])).detach().numpy()
    assert np.abs(np.stack(rows, 1) - expected).max() < tolerance
    found = beam_search(step, network.empty_state(), 1, 2, DecodingOptions(beams=3, max_tokens=6))
    assert found[0].tokens
