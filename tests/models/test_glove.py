"""Word vectors of a GloVe text file: taken over, frozen, and refused where they do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tiny_captioners import CAPTIONS, MUSCAPS_TINY, clips  # noqa: E402

from linernotes import registry  # noqa: E402
from linernotes.models.captioning import CaptionBatch  # noqa: E402
from linernotes.models.muscaps import MusCaps  # noqa: E402
from linernotes.models.muscaps.glove import use_glove  # noqa: E402
from linernotes.models.vocabulary import Vocabulary  # noqa: E402
from linernotes.models.word_family import MUSCAPS  # noqa: E402

pytestmark = pytest.mark.torch

VECTORS = {
    "low": [0.5, -1.0],
    "hum": [0.25, 2.0],
    "elsewhere": [9.0, 9.0],
    ". . .": [7.0, 7.0],
    ".": [1.0, 0.0],
}


def glove_file(folder: Path) -> Path:
    path = folder / "glove.txt"
    path.write_text("".join(f"{word} {' '.join(map(str, v))}\n" for word, v in VECTORS.items()), "utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MusCaps:
    monkeypatch.setitem(registry.AUDIO_ENCODERS, "bands", "tiny_captioners:band_encoder")
    torch.manual_seed(0)
    built = MUSCAPS.new(replace(MUSCAPS_TINY, word_dim=2, glove=str(glove_file(tmp_path))), CAPTIONS)
    assert isinstance(built, MusCaps)
    return built


def test_known_words_have_their_vectors_and_no_word_learns(model: MusCaps) -> None:
    words = {word: model.network.words.weight[n].tolist() for n, word in enumerate(model.vocabulary.words)}
    for word in ("low", "hum", "."):
        assert words[word] == VECTORS[word]
    assert words["<pad>"] == [0.0, 0.0]
    assert len({tuple(words[word]) for word in ("<unk>", "drums", "bright")}) == 3
    before = model.network.words.weight.clone()
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    model.loss(CaptionBatch(clips(), CAPTIONS)).backward()
    torch.optim.Adam(learning, lr=0.1).step()
    assert torch.equal(model.network.words.weight, before)


def test_words_that_differ_by_case_share_a_vector(tmp_path: Path) -> None:
    vocabulary = Vocabulary(("<pad>", "<sos>", "<eos>", "<unk>", "Low", "low", "rest"), lowercase=False)
    words = torch.nn.Embedding(len(vocabulary), 2)
    assert use_glove(words, vocabulary, glove_file(tmp_path)) == 2
    assert words.weight[4].tolist() == words.weight[5].tolist() == VECTORS["low"]


@pytest.mark.parametrize(
    ("content", "width", "message"),
    [
        (b"low 0.5 0.25 1.0\n", 2, "line 1: 3 numbers after the word, where model.word_dim is 2"),
        (b"other 1 2\nlow 0.5\n", 2, "line 2: 1 numbers after the word"),
        (b"low down\n", 2, "line 1: .*a word and its numbers a line"),
        (b"what 1.0 2.0\n", 2, "has none of the 5 words: is it a GloVe text file"),
        (b"", 2, "has none of the 5 words"),
        (b"PK\x03\x04\xff\xfe", 2, "no text in UTF-8: unpack it"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, width: int, message: str) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    words = torch.nn.Embedding(5, width)
    vocabulary = Vocabulary(("<pad>", "<sos>", "<eos>", "<unk>", "low"))
    with pytest.raises(ValueError, match=message):
        use_glove(words, vocabulary, path)
    assert words.weight.requires_grad
