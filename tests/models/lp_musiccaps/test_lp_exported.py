"""LP-MusicCaps without PyTorch says what it says with it, one clip or many, in float32; in int8 nearly so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from linernotes.clip import Licence  # noqa: E402
from linernotes.decoding import DecodingOptions, FloatArray  # noqa: E402
from linernotes.models.exported import ExportedPieces, load_exported  # noqa: E402
from linernotes.models.exported_folder import (  # noqa: E402
    DESCRIPTION,
    LISTEN,
    STEP,
    ExportedModelError,
    sha256_of,
)
from linernotes.models.lp_musiccaps import BartSizes, LpMusicCaps, LpMusicCapsConfig  # noqa: E402
from linernotes.models.lp_musiccaps.family import LP_MUSICCAPS  # noqa: E402
from linernotes.models.muscaps import EncoderConfig, MusCapsConfig  # noqa: E402
from linernotes.models.onnx_export import TrainedAs, export_onnx  # noqa: E402
from linernotes.models.word_family import MUSCAPS  # noqa: E402

pytestmark = pytest.mark.torch

RATE = 16_000
FLOAT, INT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT8
LONGEST = 24
ABOUT = TrainedAs("lp-musiccaps", "tiny", DecodingOptions(beams=5), (Licence("tiny", "none", False),), {})
CAPTIONS = ("A low hum, long.", "It's a bright tone (rather loud).", "Slow drums.")
SEARCHES = [
    DecodingOptions(beams=1, max_tokens=LONGEST),
    DecodingOptions(beams=5, max_tokens=LONGEST),
    DecodingOptions(beams=5, max_tokens=LONGEST, min_tokens=LONGEST),
    DecodingOptions(beams=3, max_tokens=70, min_tokens=60, no_repeat_ngram=3),
    DecodingOptions(max_tokens=LONGEST, top_p=0.9, seed=3),
]


def talkative(convention: str = "power") -> LpMusicCaps:
    """Random weights that say much of what they hear, and end where they please."""
    torch.manual_seed(5)
    config = LpMusicCapsConfig(
        spectrogram=convention, window_s=0.64, sizes=BartSizes(24, 2, 3, 48, 96, 0.0), tokenizer_size=200
    )
    model = LP_MUSICCAPS.new(config, CAPTIONS)
    assert isinstance(model, LpMusicCaps)
    for name, weight in model.network.bart.named_parameters():
        if weight.ndim > 1:
            weight.data.normal_(std=1.0 if "decoder.embed_positions" in name else 0.2)
    model.network.bart.final_logits_bias[0, model.vocabulary.eos_id] = 2.0
    return model.eval()


def clips() -> list[FloatArray]:
    """Six tones in noise, as long as the window or shorter; without noise empty bands would show rounding."""
    lengths = [0.64, 0.64, 0.31, 0.64, 0.05, 0.5]
    seconds = [np.arange(round(RATE * length)) / RATE for length in lengths]
    tones = [np.sin(2 * np.pi * 55 * 2**n * t) for n, t in enumerate(seconds)]
    dice = np.random.default_rng(0)
    return [(tone + dice.normal(0, 0.1, len(tone))).astype(np.float32) for tone in tones]


def by_pytorch(model: LpMusicCaps, options: DecodingOptions) -> list[str]:
    rows = [torch.from_numpy(clip) for clip in clips()]
    samples = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return model.generate(samples, torch.tensor([len(row) for row in rows]), options)


@pytest.fixture(scope="module")
def model() -> LpMusicCaps:
    return talkative()


@pytest.fixture(scope="module")
def folder(model: LpMusicCaps, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "float32"
    assert export_onnx(model, ABOUT, out).difference < 1e-3
    return out


@pytest.fixture(scope="module")
def exported(folder: Path) -> ExportedPieces:
    loaded = load_exported(folder)
    assert isinstance(loaded, ExportedPieces)
    return loaded


@pytest.mark.parametrize("options", SEARCHES, ids=str)
def test_the_same_captions_together_and_alone(
    model: LpMusicCaps, exported: ExportedPieces, options: DecodingOptions
) -> None:
    heard = [exported.hear(clip) for clip in clips()]
    expected = by_pytorch(model, options)
    assert exported.write_together(heard, options) == expected
    assert [exported.write(one, options) for one in heard] == expected
    assert len(set(expected)) >= 4


def test_hypotheses_of_those_clips_end_at_different_times(exported: ExportedPieces) -> None:
    rows = exported.write_ids([exported.hear(clip) for clip in clips()], SEARCHES[1])
    assert len({len(row) for row in rows}) >= 2
    assert min(map(len, rows)) < LONGEST - 2


def test_the_released_spectrogram_is_heard(tmp_path: Path) -> None:
    model = talkative("released")
    export_onnx(model, ABOUT, tmp_path / "out")
    exported = load_exported(tmp_path / "out")
    assert isinstance(exported, ExportedPieces)
    found = exported.write_together([exported.hear(clip) for clip in clips()], SEARCHES[0])
    assert found == by_pytorch(model, SEARCHES[0])


def test_the_same_likelihoods(model: LpMusicCaps, exported: ExportedPieces) -> None:
    for clip in clips()[1:3]:
        theirs = model.score(torch.from_numpy(clip)[None], torch.tensor([len(clip)]), CAPTIONS)[0]
        ours = exported.score(exported.hear(clip), CAPTIONS)
        np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-3)
    with pytest.raises(ValueError, match="has no words"):
        exported.score(exported.hear(clips()[0]), [" "])


class TestInt8:
    """Eight bits."""

    @pytest.fixture(scope="class")
    def folder8(self, model: LpMusicCaps, tmp_path_factory: pytest.TempPathFactory) -> Path:
        out = tmp_path_factory.mktemp("exported") / "int8"
        export_onnx(model, ABOUT, out, int8=True)
        return out

    @pytest.fixture(scope="class")
    def coarse(self, folder8: Path) -> ExportedPieces:
        loaded = load_exported(folder8)
        assert isinstance(loaded, ExportedPieces)
        assert loaded.description.weights == "int8"
        return loaded

    def test_likelihoods_differ_a_little(self, exported: ExportedPieces, coarse: ExportedPieces) -> None:
        clip = clips()[0]
        fine, rough = (one.score(one.hear(clip), CAPTIONS) for one in (exported, coarse))
        off = np.abs(fine - rough) / np.abs(fine)
        assert 0 < off.max() < 0.05

    def test_a_clip_comes_out_the_same_whatever_stands_beside_it(self, coarse: ExportedPieces) -> None:
        heard = [coarse.hear(clip) for clip in clips()]
        together = coarse.write_together(heard, SEARCHES[1])
        assert together == [coarse.write(one, SEARCHES[1]) for one in heard]

    @pytest.mark.parametrize("graph", [LISTEN, STEP])
    def test_every_matrix_is_stored_in_bytes(self, folder8: Path, graph: str) -> None:
        stored = onnx.load(folder8 / graph).graph.initializer
        wide = {entry.name for entry in stored if len(entry.dims) > 1 and entry.data_type == FLOAT}
        assert wide <= {"decoder.embed_positions.weight"}
        narrow = [entry for entry in stored if len(entry.dims) > 1 and entry.data_type == INT8]
        layers = 2
        # in a layer: 3 + 1 of self-attention and 1 + 1 of the other, 2 of the feed-forward part; one head
        assert len(narrow) == (2 * layers if graph == LISTEN else 8 * layers + 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frontend": "decibel-mel"}, "no spectrogram called 'decibel-mel'"),
        ({"files": []}, "names other files"),
    ],
)
def test_folders_that_make_no_sense(
    folder: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    broken = shutil.copytree(folder, tmp_path / "broken")
    told = json.loads((broken / DESCRIPTION).read_text())
    (broken / DESCRIPTION).write_text(json.dumps(told | changes))
    with pytest.raises(ExportedModelError, match=message):
        load_exported(broken)


def test_graphs_of_another_model(folder: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(folder, tmp_path / "broken")
    content = (broken / LISTEN).read_bytes()
    (broken / STEP).write_bytes(content)
    told = json.loads((broken / DESCRIPTION).read_text())
    for file in told["files"]:
        if file["name"] == STEP:
            file["sha256"] = sha256_of(content)
    (broken / DESCRIPTION).write_text(json.dumps(told))
    with pytest.raises(ExportedModelError, match=r"step\.onnx belongs to another model"):
        load_exported(broken)


def test_int8_is_refused_where_it_would_not_pay(tmp_path: Path) -> None:
    encoder = EncoderConfig("log-mel-64", "none")
    small = MUSCAPS.new(MusCapsConfig(encoder=encoder, word_dim=12, hidden=24, min_count=1), CAPTIONS)
    with pytest.raises(ValueError, match="--int8 is for lp-musiccaps"):
        export_onnx(small, ABOUT, tmp_path / "out", int8=True)
    assert not (tmp_path / "out").exists()
