"""CIDEr-D beyond what the golden files hold: known values, one clip, and document frequencies kept in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linernotes.metrics.cider import (
    cider_d,
    document_frequencies_of,
    load_document_frequencies,
    save_document_frequencies,
)

REFERENCES = {
    "a": ["a slow sad piano melody", "the piano is slow and sad"],
    "b": ["loud drums and electric guitar"],
    "c": ["a choir sings over a pipe organ"],
}
CANDIDATES = {
    "a": "a slow sad piano melody",
    "b": "a choir sings over a pipe organ",
    "c": "café – “ambient” …",
}


def test_the_reference_itself_scores_ten_and_nothing_shared_scores_zero() -> None:
    score = cider_d({"a": "piano", "b": "loud drums and electric guitar", "c": ""}, REFERENCES)
    assert score.per_clip["b"] == pytest.approx(10.0)
    assert score.per_clip["c"] == 0.0
    assert score.corpus == pytest.approx(sum(score.per_clip.values()) / 3)


def test_one_clip_alone_scores_zero_as_in_the_reference_implementation() -> None:
    assert cider_d({"a": "a slow piano"}, {"a": ["a slow piano"]}).corpus == 0.0


def test_saved_frequencies_give_the_corpus_value_of_one_clip(tmp_path: Path) -> None:
    path = tmp_path / "frequencies.json"
    save_document_frequencies(REFERENCES, path)
    assert list(tmp_path.iterdir()) == [path]
    kept = load_document_frequencies(path)
    assert kept == document_frequencies_of(REFERENCES)
    assert kept.clips == 3
    assert kept.frequencies["slow sad"] == 1
    assert kept.frequencies["a"] == kept.frequencies["and"] == 2
    whole = cider_d(CANDIDATES, REFERENCES)
    assert cider_d(CANDIDATES, REFERENCES, document_frequencies=kept).per_clip == pytest.approx(
        whole.per_clip
    )
    alone = cider_d({"a": CANDIDATES["a"]}, {"a": REFERENCES["a"]}, document_frequencies=kept)
    assert alone.corpus == pytest.approx(whole.per_clip["a"])
    assert alone.corpus > 1


@pytest.mark.parametrize("content", ["{}", "[1]", "not json", json.dumps({"clips": 0, "frequencies": {}})])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="not a file of document frequencies"):
        load_document_frequencies(path)
