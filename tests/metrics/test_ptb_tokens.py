"""Words as CoreNLP 3.4.1's tokenizer cuts them for pycocoevalcap; each line was put to the jar."""

from __future__ import annotations

import pytest

from linernotes.metrics.ptb_tokens import ptb_words, tokenize_ptb


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The song is sad. It's slow, isn't it?", "the song is sad it 's slow is n't it"),
        ("A hip-hop/R&B track - 4/4 - at 120bpm.", "a hip-hop/r & b track 4/4 at 120bpm"),
        ("R&B, AT&T but r&b", "r&b at&t but r & b"),
        ("song.the next", "song.the next"),
        ("etc. and vs. Mr. Smith at 3 p.m.", "etc. and vs. mr. smith at 3 p.m."),
        ("a short one.", "a short one"),
        ("(live) [intro]", "-lrb- live -rrb- -lsb- intro -rsb-"),
        ("cannot gonna rock'n'roll '80s 80's", "can not gon na rock 'n' roll '80s 80 's"),
        ("Wow!! Really?! Yes!", "wow !! really ?! yes"),
        ("3.5 1,000 10:30 -5 $5 50%", "3.5 1,000 10:30 -5 $ 5 50 %"),
        ("There'S IT'S children's", "there 's it 's children 's"),
        ("C# F# G# minor", "c# f# g # minor"),
    ],
)
def test_words_of_the_jar(text: str, words: str) -> None:
    assert tokenize_ptb(text) == words.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("it’s “loud” and ‘soft’", "it 's loud and soft"),
        ("slow – sad — end…", "slow sad end"),
        ("café Beyoncé naïve", "café beyoncé naïve"),
        ("cafe\u0301", "cafe\u0301"),
        ("«x» ‹y› „z‟", "x y „ z ‟"),
        ("½ £5 €6 5¢", "1/2 # 5 $ 6 5 cents"),
        ("B♭ and F♯ ♪", "b ♭ and f ♯ ♪"),
        ("日本語 русский", "日本語 русский"),
        ("emoji 😀 gone", "emoji gone"),
        ("a\u00a0b\u2003c", "a b c"),
    ],
)
def test_marks_beyond_ascii(text: str, words: str) -> None:
    assert tokenize_ptb(text) == words.split()


def test_a_full_stop_that_depends_on_the_next_word() -> None:
    assert tokenize_ptb("in the key of A. The end") == ["in", "the", "key", "of", "a", "the", "end"]
    assert tokenize_ptb("sung by B. King") == ["sung", "by", "b.", "king"]
    assert tokenize_ptb("Op. 5, no. It is") == ["op.", "5", "no", "it", "is"]


def test_tokens_with_a_space_in_them_are_one_for_rouge_and_two_for_the_rest() -> None:
    assert tokenize_ptb("takes 1 1/2 bars") == ["takes", "1\u00a01/2", "bars"]
    assert ptb_words("takes 1 1/2 bars") == ["takes", "1", "1/2", "bars"]
    assert tokenize_ptb("a 4/4 4/4 beat") == ["a", "4/4", "4/4", "beat"]


@pytest.mark.parametrize("text", ["", " ", ".", "... !", "\n", "-"])
def test_no_words(text: str) -> None:
    assert [word for word in tokenize_ptb(text) if word not in ("!", "?")] == []
