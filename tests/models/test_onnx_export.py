"""An exported model says what the PyTorch model says, word for word; broken folders cost a line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from tiny_captioners import CAPTIONS, DCASE_TINY, MUSCAPS_TINY, VARIANTS  # noqa: E402

from linernotes import registry  # noqa: E402
from linernotes.clip import Licence  # noqa: E402
from linernotes.decoding import DecodingOptions, FloatArray  # noqa: E402
from linernotes.models.captioning import CaptionBatch, CaptionModel, Waveforms  # noqa: E402
from linernotes.models.dcase_baseline import DcaseBaseline  # noqa: E402
from linernotes.models.exported import ExportedModel, load_exported  # noqa: E402
from linernotes.models.exported_folder import (  # noqa: E402
    DESCRIPTION,
    LISTEN,
    STEP,
    ExportedModelError,
    sha256_of,
)
from linernotes.models.muscaps import EncoderConfig, MusCaps  # noqa: E402
from linernotes.models.on_arrays import ModelOnArrays  # noqa: E402
from linernotes.models.onnx_export import TrainedAs, export_onnx  # noqa: E402
from linernotes.models.word_decoding import targets_of  # noqa: E402
from linernotes.models.word_family import DCASE_BASELINE, MUSCAPS  # noqa: E402

pytestmark = pytest.mark.torch

RATE = 16_000
LOG_MEL = EncoderConfig("log-mel-64", "none")
ABOUT = TrainedAs("muscaps", "tiny", DecodingOptions(beams=3), (Licence("tiny", "none", False),), {})
SEARCHES = [DecodingOptions(beams=beams, max_tokens=12, length_penalty=0.0) for beams in (1, 3, 5)]
DESIGNS = {
    **{
        f"{fusion}-{variant}": {"fusion": fusion, "variant": variant}
        for fusion in ("early", "late", "init")
        for variant in ("paper", "released")
    },
    **{
        f"attention-{variant}": {"attention": True, "variant": variant, "standardise": True}
        for variant in ("paper", "released")
    },
}
ENCODERS = {
    "musicnn-shipped": EncoderConfig("musicnn-mtt", "shipped", frozen=True),
    "musicnn-fine-tuned": EncoderConfig("musicnn-msd", "shipped", frozen=False),
    "harmonic-cnn": EncoderConfig("harmonic-cnn", "none", frozen=False),
}


def muscaps(encoder: EncoderConfig = LOG_MEL, **design: object) -> CaptionModel:
    return MUSCAPS.new(replace(MUSCAPS_TINY, encoder=encoder, **design), CAPTIONS)  # type: ignore[arg-type]


def dcase(frames_per_step: int) -> CaptionModel:
    return DCASE_BASELINE.new(replace(DCASE_TINY, encoder=LOG_MEL, frames_per_step=frames_per_step), CAPTIONS)


MODELS: dict[str, Callable[[], CaptionModel]] = {
    **{name: (lambda design=design: muscaps(**design)) for name, design in DESIGNS.items()},  # type: ignore[misc]
    **{f"dcase-{frames}": (lambda frames=frames: dcase(frames)) for frames in (1, 4)},  # type: ignore[misc]
}


def opinionated(build: Callable[[], CaptionModel]) -> CaptionModel:
    """Untrained, but sure of what it says, and with running statistics that are not those of a fresh network."""
    torch.manual_seed(3)
    model = build()
    assert isinstance(model, MusCaps | DcaseBaseline)
    output = model.output if isinstance(model, DcaseBaseline) else model.network.output
    with torch.no_grad():
        # Weight normalisation holds the length of every row in a tensor of its own.
        parts = dict(output.named_parameters())
        parts["weight" if "weight" in parts else "parametrizations.weight.original0"].mul_(12)
    model.train()
    samples = torch.from_numpy(np.stack([clip(number, 1.0) for number in range(4)]))
    model.loss(CaptionBatch(Waveforms(samples, torch.full((4,), RATE)), CAPTIONS))
    model.eval()
    return model


def clip(number: int, seconds: float) -> FloatArray:
    """A tone of its own and some noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(number).normal(0, 0.02, len(t))
    return np.asarray(0.3 * np.sin(2 * np.pi * 110 * 3**number * t) + noise, np.float32)


def word_log_probs(model: CaptionModel, heard: FloatArray, caption: str) -> FloatArray:
    """Of each word and `<eos>`, by PyTorch."""
    assert isinstance(model, MusCaps | DcaseBaseline)
    from linernotes.encoders.audio_encoder import AudioEmbeddings

    audio = AudioEmbeddings.of_clips([torch.from_numpy(heard)])
    targets = targets_of([caption], model.vocabulary, model.config.max_words, torch.device("cpu"))
    with torch.no_grad():
        if isinstance(model, DcaseBaseline):
            logits = model.logits(audio)[:, : targets.outputs.shape[1]]
        else:
            context = model.network.listen(audio)
            logits = model.network.read(targets.inputs, context, model.network.start(context)).logits
    found = torch.log_softmax(logits, -1).gather(-1, targets.outputs[..., None])[0, :, 0]
    return np.asarray(found)


@pytest.mark.parametrize("name", MODELS)
def test_every_variant_says_the_same(name: str, tmp_path: Path) -> None:
    model = opinionated(MODELS[name])
    report = export_onnx(model, ABOUT, tmp_path / "out")
    assert report.difference < 1e-4
    exported, original = load_exported(tmp_path / "out"), ModelOnArrays(model)
    assert isinstance(exported, ExportedModel)
    said = set()
    for number, seconds in enumerate((0.4, 1.0, 2.3)):
        heard = exported.hear(clip(number, seconds))
        np.testing.assert_allclose(heard, original.hear(clip(number, seconds)), atol=1e-5)
        for caption in CAPTIONS:
            found = exported.word_log_probs(heard, caption)
            np.testing.assert_allclose(found, word_log_probs(model, heard, caption), atol=1e-5)
        np.testing.assert_allclose(
            exported.score(heard, CAPTIONS), original.score(heard, CAPTIONS), atol=1e-4
        )
        for options in SEARCHES:
            caption = exported.write(heard, options)
            assert caption == original.write(heard, options)
            said.add(caption)
    assert len(said) > 1


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_hears_the_same(name: str, tmp_path: Path) -> None:
    model = opinionated(lambda: muscaps(ENCODERS[name], attention=True, standardise=True))
    export_onnx(model, ABOUT, tmp_path / "out")
    exported, original = load_exported(tmp_path / "out"), ModelOnArrays(model)
    assert exported.frame_s == original.frame_s
    assert exported.sample_rate == original.sample_rate
    for number, seconds in enumerate((1.7, 6.0)):
        heard, expected = (one.hear(clip(number, seconds)) for one in (exported, original))
        np.testing.assert_allclose(heard, expected, atol=1e-4)
        for options in SEARCHES:
            assert exported.write(heard, options) == original.write(expected, options)
    notice = (tmp_path / "out" / "LICENCES.txt").read_text()
    assert "tiny: none" in notice
    assert ("Permission to use" in notice) == name.startswith("musicnn")


def test_attention_can_still_be_looked_at(tmp_path: Path) -> None:
    model = opinionated(lambda: muscaps(attention=True))
    export_onnx(model, ABOUT, tmp_path / "out")
    exported = load_exported(tmp_path / "out")
    heard = exported.hear(clip(0, 2.0))
    found, expected = (one.explain(heard, CAPTIONS[0]) for one in (exported, ModelOnArrays(model)))
    assert found.words == expected.words
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-6)
    export_onnx(opinionated(muscaps), ABOUT, tmp_path / "out")
    with pytest.raises(ValueError, match="no attention"):
        load_exported(tmp_path / "out").explain(heard, CAPTIONS[0])


def test_what_cannot_be_exported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.AUDIO_ENCODERS, "bands", "tiny_captioners:band_encoder")
    with pytest.raises(ValueError, match="the encoder 'bands' has no export"):
        export_onnx(VARIANTS["muscaps-early-paper"][1](), ABOUT, tmp_path / "out")
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ValueError, match="holds something else"):
        export_onnx(muscaps(), ABOUT, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


class TestBrokenFolders:
    @pytest.fixture(scope="class")
    def whole(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("exported") / "out"
        export_onnx(opinionated(muscaps), ABOUT, folder)
        return folder

    @pytest.fixture
    def folder(self, whole: Path, tmp_path: Path) -> Path:
        return shutil.copytree(whole, tmp_path / "out")

    def described(self, folder: Path, **changes: object) -> None:
        path = folder / DESCRIPTION
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def replaced(self, folder: Path, name: str, content: bytes) -> None:
        """A file whose checksum is right."""
        (folder / name).write_bytes(content)
        files = json.loads((folder / DESCRIPTION).read_text())["files"]
        others = [file for file in files if file["name"] != name]
        self.described(folder, files=[*others, {"name": name, "sha256": sha256_of(content)}])

    def refused(self, folder: Path, message: str) -> None:
        with pytest.raises(ExportedModelError, match=message) as caught:
            load_exported(folder)
        assert "\n" not in str(caught.value)

    def test_whole(self, folder: Path) -> None:
        assert load_exported(folder).description.licences == ABOUT.licences
        assert asdict(load_exported(folder).description.decoding)["beams"] == 3

    def test_files_missing_or_changed(self, folder: Path) -> None:
        (folder / STEP).write_bytes((folder / STEP).read_bytes()[:-100])
        self.refused(folder, "checksum differs")
        (folder / STEP).unlink()
        self.refused(folder, "lacks step.onnx")
        (folder / DESCRIPTION).unlink()
        self.refused(folder, "holds no exported.json")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"format_version": 2}, "format 2 .* this version reads 1"),
            ({"frontend": "mel"}, "no frontend called 'mel'"),
            ({"files": [{"name": "../../secret", "sha256": ""}]}, "names other files"),
            ({"licences": [{"component": "x"}]}, "missing keys"),
            ({"decoding": {"beams": 0}}, "beams must be at least 1"),
            ({"max_words": 0}, "must be positive"),
            ({"surplus": 1}, "unknown key 'surplus'"),
        ],
    )
    def test_descriptions_that_make_no_sense(
        self, folder: Path, changes: dict[str, object], message: str
    ) -> None:
        self.described(folder, **changes)
        self.refused(folder, message)

    def test_a_description_that_is_no_object(self, folder: Path) -> None:
        (folder / DESCRIPTION).write_text("[1")
        self.refused(folder, "can't be read")
        (folder / DESCRIPTION).write_text("[1]")
        self.refused(folder, "format None")

    def test_graphs_that_are_none_or_another_models(self, folder: Path, tmp_path: Path) -> None:
        good = (folder / STEP).read_bytes()
        self.replaced(folder, STEP, b"not a graph")
        self.refused(folder, "is no ONNX graph")
        self.replaced(folder, STEP, (folder / LISTEN).read_bytes())
        self.refused(folder, "gives no .*log_probs")
        self.replaced(folder, STEP, good)
        vocabulary = json.loads((folder / "vocabulary.json").read_text())
        vocabulary["words"].append("surplus")
        self.replaced(folder, "vocabulary.json", json.dumps(vocabulary).encode())
        self.refused(folder, "the graph writes .* words")
        self.replaced(folder, "vocabulary.json", b"{}")
        self.refused(folder, "vocabulary.json is damaged")

    def test_graphs_that_do_not_fit_together(self, folder: Path, tmp_path: Path) -> None:
        export_onnx(opinionated(lambda: muscaps(hidden=20)), ABOUT, tmp_path / "narrow")
        self.replaced(folder, LISTEN, (tmp_path / "narrow" / LISTEN).read_bytes())
        exported = load_exported(folder)
        with pytest.raises(ExportedModelError, match=r"step.onnx does not fit the rest"):
            exported.write(exported.hear(clip(0, 1.0)), SEARCHES[0])
