"""Plans: frozen by seed, consistent in time, and with the variety that a test of listeners needs."""

import hashlib
from collections import Counter
from itertools import pairwise

import pytest

from linernotes.datasets.rendered import GENERATOR_VERSION, midi_bytes, plan_piece
from linernotes.datasets.rendered.genres import GENRES

FROZEN = {
    0: ("23058113d46f06a1", "aabb82f2834dcef8"),
    1: ("98fb179346bd0aef", "ca4c82b121b761b5"),
    2: ("fb69caf97616612d", "57e4d481c31af216"),
    17: ("253a18ebe4a785fa", "266cd3b91ab22432"),
    100: ("54ecc7bb38afd31c", "1c7e395e7e1d3d27"),
    239: ("737d6eec7b840c27", "75afa54f4e613641"),
}
"""Start of the SHA-256 of plan and MIDI file, by seed."""


@pytest.mark.parametrize("seed", FROZEN)
def test_frozen_pieces_never_change(seed: int) -> None:
    piece = plan_piece(seed)
    fingerprints = (piece.fingerprint()[:16], hashlib.sha256(midi_bytes(piece)).hexdigest()[:16])
    assert GENERATOR_VERSION == "1"
    assert fingerprints == FROZEN[seed], "benchmarks/FROZEN.md: make a new version instead"


@pytest.mark.parametrize("seed", range(500_000, 500_020))
def test_chords_and_sections_tile_the_beats(seed: int) -> None:
    piece = plan_piece(seed)
    assert piece.chords[0].start_s == piece.sections[0].start_s == piece.beats_s[0]
    assert piece.chords[-1].end_s == piece.sections[-1].end_s == piece.end_s
    for spans in (piece.chords, piece.sections):
        assert all(left.end_s == right.start_s for left, right in pairwise(spans))
    assert list(piece.beats_s) == sorted(piece.beats_s)
    assert set(piece.downbeats_s) <= set(piece.beats_s)


@pytest.mark.parametrize("seed", range(500_000, 500_020))
def test_a_piece_ends_on_its_tonic_and_is_as_long_as_asked(seed: int) -> None:
    piece = plan_piece(seed, duration_s=60.0)
    assert piece.chords[-1].chord.root == piece.tonality.tonic
    assert 40.0 < piece.duration_s < 80.0
    assert -30.0 <= piece.tuning_cents <= 30.0


def test_the_frozen_set_has_what_makes_listening_hard() -> None:
    pieces = [plan_piece(seed) for seed in range(240)]
    chords = [span.chord for piece in pieces for span in piece.chords]
    share = Counter(chord.quality for chord in chords)
    assert {"maj7", "7", "min7", "dim", "hdim7"} <= set(share)
    assert sum(chord.bass_interval > 0 for chord in chords) > 0.08 * len(chords)
    assert sum(piece.drums for piece in pieces) > 120
    assert {piece.genre for piece in pieces} == {genre.name for genre in GENRES}
    assert len({piece.key for piece in pieces}) == 24
    assert {piece.metre for piece in pieces} == {"4/4", "3/4", "6/8"}


def test_sections_with_one_label_share_their_chords() -> None:
    piece = plan_piece(500_003, duration_s=90.0)
    progressions: dict[str, set[tuple[str, ...]]] = {}
    for section in piece.sections[:-1]:
        beats = [beat for beat in piece.beats_s if section.start_s <= beat < section.end_s]
        inside = tuple(
            span.label for beat in beats for span in piece.chords if span.start_s <= beat < span.end_s
        )
        progressions.setdefault(section.label, set()).add(inside)
    assert len(progressions) < len(piece.sections) - 1
    assert all(len(found) == 1 for found in progressions.values())


def test_an_unknown_genre_names_those_there_are() -> None:
    with pytest.raises(ValueError, match="'polka'; there are: rock, pop"):
        plan_piece(1, genre="polka")
