"""The dictionary reader on a dictionary of four words in the true format."""

from __future__ import annotations

from pathlib import Path

import pytest

from linernotes.metrics.wordnet import WordNet, load_wordnet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    header = "  1 This is a licence line\n"
    fast = "s 02 fast 0 quick(a) 0 000 | not slow\n"
    men = "n 01 man 0 000 | a person\n"
    for part in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"data.{part}").write_text(header)
        (tmp_path / f"index.{part}").write_text(header)
        (tmp_path / f"{part}.exc").write_text("")
    at = len(header)
    (tmp_path / "data.adj").write_text(header + f"{at:08d} 00 {fast}")
    (tmp_path / "index.adj").write_text(header + f"fast a 1 0 1 0 {at:08d}  \nquick a 1 0 1 0 {at:08d}  \n")
    (tmp_path / "data.noun").write_text(header + f"{at:08d} 18 {men}")
    (tmp_path / "index.noun").write_text(header + f"man n 1 0 1 1 {at:08d}  \n")
    (tmp_path / "noun.exc").write_text("mans man\n")
    return tmp_path


def words(wordnet: WordNet, word: str) -> set[str]:
    return {lemma.name() for synset in wordnet.synsets(word) for lemma in synset.lemmas()}


def test_synonyms_base_forms_and_exceptions(folder: Path) -> None:
    wordnet = WordNet(folder)
    assert words(wordnet, "fast") == words(wordnet, "faster") == words(wordnet, "Quick") == {"fast", "quick"}
    assert words(wordnet, "men") == words(wordnet, "mans") == {"man"}
    assert words(wordnet, "unheard-of") == set()


def test_missing_dictionary_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINERNOTES_WORDNET", str(tmp_path))
    load_wordnet.cache_clear()
    with pytest.raises(ValueError, match="install Debian's wordnet-base"):
        load_wordnet()
    load_wordnet.cache_clear()
