"""Clips: splits that share no piece, facts of what sounds, audible players, scores with their key and metre."""

import shutil
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from linernotes.datasets.rendered import find_soundfont
from linernotes.datasets.rendered.clips import (
    FAMILIES,
    RenderSettings,
    families_in_text,
    families_of,
    families_of_tags,
    make_clips,
    plan_orders,
    scores_missing,
)
from linernotes.datasets.rendered.clips.arrangement import arrange_piece
from linernotes.datasets.rendered.clips.bands import BANDS, find_band, mood_of
from linernotes.datasets.rendered.clips.making import choose
from linernotes.datasets.rendered.clips.orchestra import ORCHESTRA
from linernotes.datasets.rendered.clips.scores import COMPOSERS, arrange_score, family_of_work, shuffled_works
from linernotes.datasets.rendered.clips.stems import frame_levels, heard_in, mix, record
from linernotes.datasets.rendered.clips.truth import clip_facts, clip_tags, tempo_within
from linernotes.datasets.rendered.dice import Dice
from linernotes.words.lexicon import load_lexicon

RATE = 8_000
SETTINGS = RenderSettings(
    clips=4, seed=11, seconds=3.0, sample_rate=RATE, singing=0.0, scores=0.0, degrade=0.0
)


def font() -> str:
    pytest.importorskip("midirenderer", reason="rendering needs the [render] extra")
    return str(find_soundfont())


def test_splits_share_no_family_and_keep_their_quota() -> None:
    settings = replace(SETTINGS, clips=1000, scores=0.2, music21_version="any", splits=(60.0, 20.0, 20.0))
    orders = plan_orders(settings)
    splits: dict[str, set[str]] = {}
    for order in orders:
        splits.setdefault(order.family, set()).add(order.split)
    assert all(len(names) == 1 for names in splits.values())
    clips = Counter(order.split for order in orders for _ in order.clips)
    assert clips["train"] == pytest.approx(600, abs=30)
    assert clips["validation"] == pytest.approx(200, abs=30)
    assert sorted(number for order in orders for number in order.clips) == list(range(1000))


def test_genres_are_even_and_shares_are_kept() -> None:
    orders = plan_orders(replace(SETTINGS, clips=2 * len(BANDS) * 4, singing=0.25))
    assert set(Counter(order.band for order in orders).values()) == {4}
    assert sum(order.is_sung for order in orders) == len(BANDS)
    assert all(find_band(order.band).is_sung for order in orders if order.is_sung)


def test_movements_of_one_work_are_one_family() -> None:
    assert family_of_work("mozart/k80/movement1.mxl") == family_of_work("mozart/k80/movement2.mxl")
    assert family_of_work("bach/bwv244.10.mxl") == family_of_work("bach/bwv244.15.mxl")
    assert family_of_work("palestrina/Agnus_I_52.krn") == family_of_work("palestrina/Kyrie_52.krn")
    assert family_of_work("palestrina/Agnus_I_52.krn") != family_of_work("palestrina/Agnus_I_53.krn")


def test_all_composers_died_over_a_century_ago() -> None:
    assert max(composer.died for composer in COMPOSERS.values()) < 1926


def test_the_lexicon_reads_every_instrument_and_genre_as_what_it_is() -> None:
    lexicon = load_lexicon()
    for name, instrument in ORCHESTRA.items():
        assert families_in_text(f"a tune with {name}") == {instrument.family} == families_of([name])
    assert {instrument.family for instrument in ORCHESTRA.values()} | {"voice"} == set(FAMILIES)
    for band in BANDS:
        assert any(term.kind == "genre" for term in lexicon.terms(band.genre)), band.genre
        for mode in ("major", "minor"):
            for tempo_bpm in (60.0, 100.0, 150.0):
                mood = mood_of(band.character, mode, tempo_bpm)
                assert any(term.kind == "mood" for term in lexicon.terms(mood)), mood


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("A man sings over distorted guitar, bass guitar and drums.", {"voice", "guitar", "bass", "drums"}),
        ("An instrumental fiddle tune with upright bass.", {"strings", "bass"}),
        ("synth bass, synth pad, Rhodes", {"bass", "synth", "keys"}),
        ("It is fast.", set()),
    ],
)
def test_families_are_read_from_free_text(text: str, families: set[str]) -> None:
    assert families_in_text(text) == families


def test_facts_name_exactly_the_players_that_are_mixed_and_heard() -> None:
    band = find_band("pop")
    arrangement = arrange_piece(band, 21, needed_s=8.0, sung=False)
    stems = record(arrangement, 8.0, RATE, soundfont=font(), seed=21)
    for number in range(6):
        start_s = number % 3 * 2.0
        playing = choose(arrangement, stems, start_s, SETTINGS, Dice("test", number))
        heard = [one for _, one in playing]
        facts = clip_facts(arrangement, heard, start_s, 3.0)
        named = {str(fact.value) for fact in facts if fact.name == "instrument"}
        assert named == {stem.player.instrument for stem, _ in playing}
        assert families_of_tags(clip_tags(facts)) == families_of(named)
        whole = mix([stem for stem, _ in playing], start_s, 3.0, RATE)
        for stem, one in playing:
            part = stem.waveform[round(start_s * RATE) : round((start_s + 3.0) * RATE)]
            assert np.abs(np.corrcoef(part, whole)[0, 1]) > 0.02, one.player.instrument
            levels = frame_levels(part[round(one.start_s * RATE) : round(one.end_s * RATE)], RATE)
            assert levels.max() > 10 ** (-20 / 20) * 10 ** (-9 / 20)
        assert all(0.0 <= fact.start_s < fact.end_s <= 3.0 for fact in facts)
        assert {fact.confidence for fact in facts} == {1.0}
        assert {fact.source for fact in facts} == {"rendered"}


def test_a_player_who_is_silent_in_the_span_is_not_heard() -> None:
    arrangement = arrange_piece(find_band("rock"), 5, needed_s=6.0, sung=False)
    stem = record(arrangement, 6.0, RATE, soundfont=font(), seed=5)[0]
    waveform = stem.waveform.copy()
    waveform[3 * RATE :] = 0.0
    half = replace(stem, waveform=waveform)
    assert heard_in(half, 0.0, 3.0, RATE)
    assert heard_in(half, 3.0, 3.0, RATE) is None


def test_tempo_and_chords_are_those_of_the_span() -> None:
    arrangement = arrange_piece(find_band("ballad"), 9, needed_s=20.0, sung=False)
    beats = [beat for beat in arrangement.beats_s if 4.0 <= beat <= 14.0]
    expected = 60.0 / np.diff(beats).mean()
    assert tempo_within(arrangement, 4.0, 10.0) == pytest.approx(expected, abs=0.01)
    stems = record(arrangement, 14.0, RATE, soundfont=font(), seed=9)
    heard = [one for stem in stems if (one := heard_in(stem, 4.0, 10.0, RATE))]
    chords = [fact for fact in clip_facts(arrangement, heard, 4.0, 10.0) if fact.name == "chord"]
    middle = (chords[1].start_s + chords[1].end_s) / 2 + 4.0
    assert next(c.label for c in arrangement.chords if c.start_s <= middle < c.end_s) == chords[1].value
    assert (chords[0].start_s, chords[-1].end_s) == (0.0, 10.0)


def test_singers_sing_and_are_named_with_their_sex() -> None:
    if find_spec("pyworld") is None or not shutil.which("espeak-ng"):
        pytest.skip("singing needs the [singing] extra and the program espeak-ng")
    settings = replace(SETTINGS, clips=2 * len(BANDS), singing=0.3, seconds=4.0)
    order = next(order for order in plan_orders(settings) if order.is_sung)
    made = make_clips(order, settings, font())
    values = [{fact.name: fact.value for fact in one.clip.facts} for one in made]
    assert "sung" in [value["voice"] for value in values]
    for one, value in zip(made, values, strict=True):
        assert (value["voice"] == "sung") == ("family:voice" in one.clip.tags)
        assert (value.get("singer_gender") in ("male", "female")) == (value["voice"] == "sung")


def test_scores_keep_metre_and_key_and_move_together() -> None:
    if reason := scores_missing():
        pytest.skip(reason)
    work = "bach/bwv66.6.mxl"  # F# minor, in four
    found = [arrange_score(work, seed, needed_s=6.0) for seed in range(4)]
    assert {one.metre for one in found} == {"4/4"}
    assert all(one.key.endswith(" minor") for one in found)
    assert len({one.key for one in found}) > 1
    assert all(one.end_s >= 6.0 for one in found)
    assert all(note.start_s < 6.0 for one in found for player in one.players for note in player.notes)
    assert len(set(shuffled_works(1))) == len(shuffled_works(1)) > 100
