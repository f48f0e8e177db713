"""BERTScore in the space of a tiny BERT of random weights: equality with the package bert_score, and its laws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the [bert] extra")
pytest.importorskip("transformers", reason="needs the [bert] extra")

from tiny_bert import make_tiny_bert
from typer.testing import CliRunner

from linernotes.cli.app import app
from linernotes.metrics.bert_score import bert_score
from linernotes.metrics.missing import MissingMetricError

pytestmark = pytest.mark.torch

CANDIDATES = {
    "same": "a slow piano song",
    "two": "Loud drums, and the guitar plays",
    "long": "music " * 60,
    "odd": "  chördz [SEP] quick  ",
}
REFERENCES = {
    "same": ["drums", "a slow piano song"],
    "two": ["the drums", "a loud song with guitar and drums", "sad"],
    "long": ["a sad song"],
    "odd": ["quick chords"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    make_tiny_bert(path)
    return path


@pytest.mark.parametrize("layer", [1, 3])
def test_equals_the_package(folder: Path, layer: int) -> None:
    package = pytest.importorskip("bert_score", reason="the comparison needs the package bert_score")
    theirs = package.score(
        list(CANDIDATES.values()), list(REFERENCES.values()), model_type=str(folder), num_layers=layer
    )
    for part, values in zip(("precision", "recall", "f1"), theirs, strict=True):
        ours = bert_score(CANDIDATES, REFERENCES, model=folder, num_layers=layer, part=part, batch_size=3)
        assert list(ours.per_clip.values()) == pytest.approx(values.tolist(), abs=1e-5)


def test_equal_texts_score_1_empty_ones_0_and_clips_keep_their_order(folder: Path) -> None:
    candidates = {"long": "a sad song with loud drums", "empty": "", "none": "drums", "short": "song"}
    references = {"long": [candidates["long"]], "empty": ["drums"], "none": [" "], "short": ["song"]}
    score = bert_score(candidates, references, model=folder, num_layers=2)
    assert score.per_clip == pytest.approx({"long": 1.0, "empty": 0.0, "none": 0.0, "short": 1.0}, abs=1e-6)
    assert list(score.per_clip) == list(candidates)
    assert score.corpus == pytest.approx(0.5)


def test_precision_and_recall_trade_places_with_the_texts(folder: Path) -> None:
    text, other = "a slow song", "loud drums and the guitar"
    precision = bert_score({"a": text}, {"a": [other]}, model=folder, num_layers=2, part="precision").corpus
    recall = bert_score({"a": other}, {"a": [text]}, model=folder, num_layers=2, part="recall").corpus
    assert precision == pytest.approx(recall, abs=1e-6)
    assert precision < 1


def test_byte_pair_models_read_the_first_word_as_after_a_blank(tmp_path: Path) -> None:
    from linernotes.metrics.bert_score import _encode
    from linernotes.metrics.text_models import Encoder

    asked: list[list[str]] = []

    class RobertaTokenizer:
        def __call__(self, texts: list[str], **_: object) -> None:
            asked.append(texts)
            raise StopIteration

    with pytest.raises(RuntimeError):
        list(_encode(["song", "  sad ", " "], Encoder(RobertaTokenizer(), None, "cpu", 8)))
    assert asked == [[" song", " sad", ""]]


def test_says_what_is_wrong_with_the_model(folder: Path, tmp_path: Path) -> None:
    pair = {"a": "song"}, {"a": ["song"]}
    with pytest.raises(MissingMetricError, match="does not know which layer of tiny"):
        bert_score(*pair, model=folder)
    with pytest.raises(MissingMetricError, match="tiny has 3 layers, and layer 4 is none"):
        bert_score(*pair, model=folder, num_layers=4)
    with pytest.raises(MissingMetricError, match="there is no folder"):
        bert_score(*pair, model=tmp_path / "absent", num_layers=1)
    (tmp_path / "hollow").mkdir()
    with pytest.raises(MissingMetricError, match=r"hollow can't be loaded .*are its files whole\?$"):
        bert_score(*pair, model=tmp_path / "hollow", num_layers=1)


def test_a_folder_is_scored_by_the_layer_that_the_command_names(folder: Path, tmp_path: Path) -> None:
    for name, captions in (("said", CANDIDATES), ("told", REFERENCES)):
        key = "caption" if name == "said" else "captions"
        rows = [json.dumps({"id": clip, key: text}) for clip, text in captions.items()]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    given = ["evaluate", str(tmp_path / "said.jsonl"), str(tmp_path / "told.jsonl"), "--profile", "lp2023"]
    given += ["--metrics", "bertscore", "--json", "--bert-model", str(folder)]
    found = json.loads(CliRunner().invoke(app, [*given, "--bert-layer", "2"]).stdout)
    score = found["metrics"]["bertscore"]
    assert score["value"] == pytest.approx(
        bert_score(CANDIDATES, REFERENCES, model=folder, num_layers=2).corpus
    )
    assert score["label"] == "BERTScore F1 (tiny, layer 2)"
    assert found["resources"] == {"bert_model": "tiny", "bert_layer": 2}
    reason = json.loads(CliRunner().invoke(app, given).stdout)["not_computed"]["bertscore"]
    assert reason.endswith("give its number, --bert-layer")
