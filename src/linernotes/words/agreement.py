"""When two statements about music agree: enharmonic keys, near tempi, rotated loops, implied terms."""

from __future__ import annotations

from linernotes.words.grammar import load_reading_lexicon
from linernotes.words.text_chords import loops_agree, parse_chord
from linernotes.words.text_facts import TextFact
from linernotes.words.text_keys import Key, parse_key
from linernotes.words.text_tempo import parse_tempo


def says(one: TextFact, other: TextFact) -> bool:
    """Whether `other` says what `one` says, or more: a violin is among the strings, 118 BPM is fast.

    A denial is carried by a wider one: "no percussion" says "no drums".
    """
    if one.attribute != other.attribute or one.is_denied != other.is_denied:
        return False
    narrow, wide = (one.value, other.value) if one.is_denied else (other.value, one.value)
    if one.attribute in ("instrument", "genre", "mood"):
        return wide in load_reading_lexicon().licensed(narrow)
    if one.attribute == "key":
        return key_is(parse_key(narrow), parse_key(wide))
    if one.attribute == "tempo":
        return parse_tempo(one.value).agrees(parse_tempo(other.value))
    if one.attribute == "chord":
        return parse_chord(one.value).agrees(parse_chord(other.value))
    if one.attribute == "chord_loop":
        return loops_agree(one.value, other.value)
    return one.value == other.value


def key_is(narrow: Key, wide: Key) -> bool:
    """Whether a piece in the key `narrow` is in the key `wide`, which may lack tonic or mode."""
    return wide.tonic in (None, narrow.tonic) and wide.mode in ("", narrow.mode)
