"""What a language model writes is held against the facts and the clock."""

from __future__ import annotations

import pytest
from evidence import EVIDENCE, TRUE

from linernotes.longform.checking import faults


def found(text: str) -> str:
    return " | ".join(faults(text, EVIDENCE, 300))


def test_a_true_description_has_no_faults() -> None:
    assert found(TRUE) == ""


@pytest.mark.parametrize(
    ("words", "instead", "fault"),
    [
        ("0:50", "2:30", "“2:30” is after the end: the recording lasts 1:35"),
        ("0:50", "0:75", "“0:75” is no time"),
        ("0:50", "0:40", "“0:40” is none of the times in the material"),
        ("At 0:50", "After three minutes", "after the end"),
        ("120 BPM", "97 BPM", "“97 BPM”: tempo 120 BPM was measured"),
        ("in C major", "in A flat minor", "key C major was measured"),
        ("120 BPM in", "a moderate speed in", "it does not give the tempo, 120 BPM"),
        ("in C major and", "and", "it does not give the key, C major"),
        (" and circles through C-F-G-Am", "", "it does not give the chord loop, C-F-G-Am"),
        ("strings", "a saxophone", "“saxophone” stands nowhere in the material"),
        ("C-F-G-Am", "Dm-G-C-Am", "it does not give the chord loop"),
    ],
)
def test_every_fault_is_named(words: str, instead: str, fault: str) -> None:
    assert words in TRUE
    assert fault in found(TRUE.replace(words, instead, 1))


def test_a_key_counts_where_it_was_measured() -> None:
    late = TRUE.replace("At 0:20 drums", "At 0:20 the key is D major, drums")
    assert "“D major”: key C major was measured" in found(late)


def test_what_holds_for_a_section_may_be_said_of_it_only() -> None:
    everywhere = TRUE.replace("This song with piano", "This instrumental song with piano")
    assert "“instrumental”" in found(everywhere)
    there = TRUE.replace("At 0:20 drums", "At 0:20 it is instrumental, drums")
    assert "“instrumental”" in found(there)
    one_sentence = TRUE.replace("sing. At 0:50", "sing, and at 0:50")
    assert found(one_sentence) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is empty"),
        ("Certainly!", "no description"),
        ("lorem ipsum dolor sit amet " * 6, "it says nothing about the music"),
        ("The drums play. " * 30, "times: “The drums play.”"),
        (
            "A song in C major at 120 BPM with piano that circles through C-F-G-Am and goes on.",
            "names no time",
        ),
        (TRUE + " word" * 400, "far more than asked for"),
    ],
)
def test_nonsense_is_seen(text: str, fault: str) -> None:
    assert fault in found(text)


def test_what_a_captioning_model_said_may_be_said_again() -> None:
    from dataclasses import replace

    told = TRUE.replace("strings", "strings and a saxophone")
    assert faults(told, replace(EVIDENCE, said=("A saxophone plays.",)), 300) == []
