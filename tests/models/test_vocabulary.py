"""Words to ids and back."""

from __future__ import annotations

import pytest

from linernotes.models.vocabulary import SPECIALS, Vocabulary, build_vocabulary, words_of


def test_words_keep_what_joins_them_and_marks_stand_alone() -> None:
    assert words_of("It's lo-fi, in F# minor (4/4).") == [
        "it's", "lo-fi", ",", "in", "f#", "minor", "(", "4/4", ")", ".",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "caption",
    [
        "A calm piece: piano, bass (soft) and drums.",
        "Loud! It's fast; 95% noise.",
        "Two lines. A <unk> tone.",
    ],
)
def test_a_caption_comes_back_as_it_was(caption: str) -> None:
    vocabulary = build_vocabulary([caption], min_count=1)
    assert vocabulary.decode(vocabulary.encode(caption)) == caption


def test_case_can_be_kept() -> None:
    caption = "A ballad in Bb major by The Band."
    kept = build_vocabulary([caption], min_count=1, lowercase=False)
    assert kept.decode(kept.encode(caption)) == caption


def test_rare_words_are_unknown() -> None:
    vocabulary = build_vocabulary(["drums and bass", "drums and harp"], min_count=2)
    assert vocabulary.words == (*SPECIALS, "and", "drums")
    assert vocabulary.decode(vocabulary.encode("drums and bass")) == "Drums and <unk>"


def test_ids_do_not_depend_on_the_order_of_captions() -> None:
    captions = ["b a a", "c b"]
    assert build_vocabulary(captions, min_count=1) == build_vocabulary(captions[::-1], min_count=1)


def test_impossible_vocabularies_are_refused() -> None:
    with pytest.raises(ValueError, match="no word occurs 2 times"):
        build_vocabulary(["each word once"], min_count=2)
    with pytest.raises(ValueError, match="starts with <pad>"):
        Vocabulary(("a", "b", "c", "d"))
    with pytest.raises(ValueError, match="each word once"):
        Vocabulary((*SPECIALS, "a", "a"))
