"""Real recordings through the whole path: nothing is said that the facts do not carry, nor what is plain wrong."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from linernotes.captioner import Analysis, Captioner, load_captioner
from linernotes.clip import Caption, Fact
from linernotes.words.claims import check_caption
from linernotes.writers import STYLES

RECORDINGS = (
    "fma/Black Ant - Fater Lee.mp3",
    "fma/BoxCat Games - Battle (Boss).mp3",
    "fma/Waylon Thornton - Favorite Secrets.mp3",
    "fma/sorin urzica - Happy Birthday to You - Special Song.mp3",
    "librosa/147793__setuniman__sweet-waltz-0i-22mi.ogg",
    "librosa/442789__lena-orsa__happy-music-pistachio-ice-cream-ragtime.ogg",
    "librosa/5703-47212-0000.ogg",
    "librosa/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).ogg",
    "librosa/Karissa_Hobbs_-_Lets_Go_Fishin.ogg",
    "librosa/Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy.ogg",
    "librosa/Kevin_MacLeod_-_Vibe_Ace.ogg",
    "librosa/admiralbob77_-_Choice_-_Drum-bass.ogg",
    "librosa/glacier-bay-humpback.ogg",
    "librosa/sorohanro_-_solo-trumpet-06.ogg",
)


@lru_cache(maxsize=len(RECORDINGS))
def analysed(path: Path) -> Analysis:
    return load_captioner(threads=1).analyse(path)


def assert_grounded(caption: Caption, facts: tuple[Fact, ...]) -> None:
    known = {fact.id for fact in facts}
    for claim in caption.claims:
        assert 0 <= claim.start < claim.end <= len(caption.text)
        assert set(claim.fact_ids) <= known
    assert check_caption(caption.text, facts).unsupported == (), caption.text


def check_everything_said(analysis: Analysis) -> None:
    for style in STYLES:
        for seed in (0, 1):
            captioner: Captioner = load_captioner(style=style, seed=seed)
            notes = captioner.write(analysis)
            in_sections = tuple(fact for section in notes.sections for fact in section.facts)
            assert_grounded(notes.caption, notes.facts + in_sections)
            for section in notes.sections:
                assert_grounded(section.caption, section.facts)


def test_the_example_is_told_truly(example: Path) -> None:
    analysis = analysed(example)
    check_everything_said(analysis)
    values = {fact.name: fact.value for fact in analysis.facts}
    assert values["content"] == "music"
    assert values["key"] == "D major"
    assert values["voice"] == "instrumental"
    assert float(values["tempo"]) == pytest.approx(120, rel=0.02)


@pytest.mark.recordings
@pytest.mark.parametrize("name", RECORDINGS)
def test_no_caption_says_more_than_its_facts(recordings: Path, name: str) -> None:
    check_everything_said(analysed(recordings / name))


def said_of(recordings: Path, part: str) -> str:
    (name,) = [name for name in RECORDINGS if part in name]
    analysis = analysed(recordings / name)
    return " ".join(load_captioner(style=style).write(analysis).caption.text.lower() for style in STYLES)


@pytest.mark.recordings
def test_a_string_orchestra_is_no_rock_band(recordings: Path) -> None:
    said = said_of(recordings, "Hungarian_Dance")
    assert not any(word in said for word in ("rock", "metal", "guitar", "sung", "singer"))


@pytest.mark.recordings
def test_a_solo_trumpet_is_no_song_with_vocals(recordings: Path) -> None:
    said = said_of(recordings, "solo-trumpet")
    assert not any(word in said for word in ("vocal", "sung", "singer", "singing", "voice"))


@pytest.mark.recordings
def test_a_spoken_reading_is_no_music(recordings: Path) -> None:
    assert "speech" in said_of(recordings, "5703-47212")


@pytest.mark.recordings
def test_a_whale_is_no_band(recordings: Path) -> None:
    said = said_of(recordings, "humpback")
    assert "music" in said
    assert not any(
        word in said for word in ("guitar", "drums", "band", "singer", "sung", "bpm", "electronic")
    )
