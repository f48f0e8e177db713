"""Laws of the composer: whatever the facts, claims are exact, nothing else is said, and the English is tidy."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linernotes.clip import Caption, Fact
from linernotes.words.claims import check_caption, coverage
from linernotes.writers import STYLES, Writer
from linernotes.writers.composer import composer
from linernotes.writers.given import given_aspects

VALUES: dict[str, st.SearchStrategy[str | float]] = {
    "tempo": st.floats(30, 240),
    "key": st.sampled_from(["C major", "F# minor", "Bb major", "A minor"]),
    "metre": st.sampled_from(["4/4", "3/4", "6/8"]),
    "chord_loop": st.sampled_from(["Am-F-C-G", "C-G-Am-F"]),
    "dynamics": st.sampled_from(["steady", "building", "fading", "varied"]),
    "tempo_change": st.sampled_from(["steady", "slowing", "quickening", "varying"]),
    "brightness": st.floats(200, 6000),
    "loudness_range": st.floats(0.5, 25),
    "tuning": st.floats(-49, 49),
    "instrument": st.sampled_from(
        ["acoustic guitar", "guitar", "drums", "violin", "strings", "oboe", "synthesizer"]
    ),
    "genre": st.sampled_from(["folk", "R&B", "electronic", "80s pop", "hip hop", "classical"]),
    "mood": st.sampled_from(["calm", "energetic", "sad", "uplifting", "dark"]),
    "era": st.sampled_from(["80s", "1960s"]),
    "voice": st.sampled_from(["sung", "spoken", "instrumental", "unsure"]),
    "singer_gender": st.sampled_from(["male", "female", "mixed", "unsure"]),
    "content": st.sampled_from(["music", "music", "music", "speech", "other", "silence"]),
}


@st.composite
def measured(draw: st.DrawFn) -> list[Fact]:
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=12))
    return [
        Fact(f"f{index}", name, draw(VALUES[name]), "", draw(st.floats(0, 1)), "test", 0.0, 60.0)
        for index, name in enumerate(names)
    ]


PHRASES = st.sampled_from(
    "sad;female vocal;groovy bass;808's;R&B;no voices;live performance;low quality;noisy;mono;fast tempo;uptempo;"
    "punchy kick;punchy snare;melodic singing;crowd cheering;foreign language;minor key;happy mood;dance vibe;"
    "folk music;pop song;instrumental;acoustic drums;no other instruments;bass;synth;choir;didgeridoo;92 BPM;"
    "something odd;drum solo;rapping;poor audio quality;movie soundtrack;retro pop hits;hour glass".split(";")
)
ODD = st.text(max_size=30)


def check_form(caption: Caption, facts: list[Fact]) -> None:
    """Claims lie in the text, in order, apart, and name facts that exist; spaces are single."""
    known, position = {fact.id for fact in facts}, 0
    for claim in caption.claims:
        assert position <= claim.start < claim.end <= len(caption.text)
        assert claim.fact_ids
        assert set(claim.fact_ids) <= known
        assert caption.text[claim.start : claim.end].strip() == caption.text[claim.start : claim.end]
        position = claim.end
    assert "  " not in caption.text
    assert caption.text == caption.text.strip()


def check_sentences(text: str) -> None:
    assert text.endswith((".", "!", "?"))
    assert not re.search(r"\b[Aa] (?:[aeio]|8)", text), text
    assert not re.search(r"\b[Aa]n (?:[bcdfgjkpqtvwz])", text), text
    assert not re.search(r" [,.;]", text), text
    for sentence in re.split(r"(?<=\.) ", text):
        letter = next((character for character in sentence if character.isalnum()), "")
        assert not letter.isalpha() or not letter.islower() or letter.upper() == letter, text


@settings(max_examples=150, deadline=None)
@given(measured(), st.sampled_from(STYLES), st.integers(0, 50))
def test_measured_facts_are_said_and_nothing_else(facts: list[Fact], style: str, seed: int) -> None:
    caption = composer(facts, style, seed)
    check_form(caption, facts)
    report = check_caption(caption.text, facts)
    assert not report.unsupported, (caption.text, report.unsupported)
    assert not report.invented_uses
    assert caption == composer(facts, style, seed)
    if style in ("short", "long"):
        check_sentences(caption.text)


@settings(max_examples=150, deadline=None)
@given(st.lists(PHRASES, min_size=1, max_size=14), st.integers(0, 50))
def test_every_aspect_is_said(aspects: list[str], seed: int) -> None:
    facts = given_aspects(aspects)
    caption = composer(facts, "short", seed)
    check_form(caption, facts)
    check_sentences(caption.text)
    claimed = {fact_id for claim in caption.claims for fact_id in claim.fact_ids}
    assert claimed == {fact.id for fact in facts}
    assert coverage(caption.text, aspects) >= 0.8
    assert caption == composer(facts, "short", seed)


@settings(max_examples=100, deadline=None)
@given(st.lists(ODD, max_size=8), st.sampled_from(STYLES), st.integers(0, 5))
def test_odd_aspects_survive(aspects: list[str], style: str, seed: int) -> None:
    facts = given_aspects(aspects)
    check_form(composer(facts, style, seed), facts)


@pytest.mark.parametrize(
    "aspects", [["😀"], [""], [" \n "], ["happy\nmood"], ["R&B"], ["808's"], ["x" * 5000], ["sad"] * 300]
)
def test_named_odd_aspects_survive(aspects: list[str]) -> None:
    facts = given_aspects(aspects)
    caption = composer(facts)
    check_form(caption, facts)
    assert caption.text.endswith(".")


def test_300_different_aspects_are_all_said() -> None:
    aspects = [f"strange thing {number}" for number in range(300)]
    assert coverage(composer(given_aspects(aspects)).text, aspects) == 1.0


@given(measured())
@settings(max_examples=40, deadline=None)
def test_short_is_at_most_two_sentences(facts: list[Fact]) -> None:
    assert len(re.findall(r"\.(?: |$)", composer(facts, "short", 1).text)) <= 2


FOLK = [
    Fact("tempo", "tempo", 92.3, "BPM", 0.9, "test", 0, 60),
    Fact("key", "key", "C major", "", 0.9, "test", 0, 60),
    Fact("genre:folk", "genre", "folk", "", 0.9, "test", 0, 60),
    Fact("instrument:guitar", "instrument", "acoustic guitar", "", 0.9, "test", 0, 60),
    Fact("instrument:flute", "instrument", "flute", "", 0.55, "test", 0, 60),
    Fact("instrument:tuba", "instrument", "tuba", "", 0.2, "test", 0, 60),
    Fact("mood:calm", "mood", "calm", "", 0.9, "test", 0, 60),
    Fact("voice", "voice", "instrumental", "", 0.9, "test", 0, 60),
]


def test_seeds_vary_the_words() -> None:
    assert len({composer(FOLK, "short", seed).text for seed in range(20)}) >= 12
    aspects = given_aspects("sad, folk song, female vocal, piano, violin, slow tempo, live performance")
    assert len({composer(aspects, "short", seed).text for seed in range(20)}) >= 8


def test_confidence_decides_between_is_sounds_like_and_silence() -> None:
    for seed in range(10):
        text = composer(FOLK, "long", seed).text
        assert "acoustic guitar" in text
        assert re.search(r"(perhaps|possibly|sounds like) (a )?flute", text)
        assert "tuba" not in text


def test_generator_style_is_a_dense_prompt() -> None:
    texts = {composer(FOLK, "generator", seed).text for seed in range(10)}
    assert "instrumental folk, acoustic guitar, 92 BPM, C major, calm" in texts


def test_tags_are_a_comma_list_without_doubts() -> None:
    assert composer(FOLK, "tags").text == "folk, calm, instrumental, acoustic guitar, 92 BPM, C major"


def test_speech_is_not_described_as_music() -> None:
    facts = [*FOLK, Fact("content", "content", "speech", "", 0.95, "test", 0, 60)]
    texts = {composer(facts, "short", seed).text for seed in range(20)}
    assert "This does not sound like music: it is speech." in texts
    assert not any("folk" in text for text in texts)


def test_an_instrumental_has_no_singer() -> None:
    facts = [*FOLK, Fact("gender", "singer_gender", "female", "", 0.8, "test", 0, 60)]
    assert not any(re.search("female|woman", composer(facts, "long", seed).text) for seed in range(10))


def test_long_tells_how_sections_unfold() -> None:
    sections = [
        Fact("section:1", "section", "A", "", 0.9, "test", 0, 30),
        Fact("section:2", "section", "B", "", 0.9, "test", 30, 60),
        Fact("s1/instrument:guitar", "instrument", "acoustic guitar", "", 0.9, "test", 0, 30),
        Fact("s2/instrument:drums", "instrument", "drums", "", 0.9, "test", 30, 60),
    ]
    text = composer([*FOLK, *sections], "long").text
    assert "two sections" in text
    assert re.search(r"(?i)drums.*0:30|0:30.*drums", text)


def test_facts_of_one_section_alone_are_captioned() -> None:
    facts = [Fact("s2/genre:folk", "genre", "folk", "", 0.9, "test", 30, 60)]
    assert "folk" in composer(facts).text


def test_given_and_measured_facts_share_a_caption() -> None:
    text = composer([*given_aspects("sad, piano"), FOLK[0]]).text
    assert "piano" in text
    assert re.search("92 (BPM|beats)", text)


def test_nothing_certain_is_admitted() -> None:
    assert composer([]).text == "Nothing can be said about this recording with confidence."


def test_an_unknown_style_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="short, long, tags, generator"):
        composer(FOLK, "haiku")


def test_the_composer_is_a_writer() -> None:
    writer: Writer = composer
    assert writer(FOLK).text


def test_who_speaks_is_not_said_to_sing() -> None:
    facts = given_aspects("flute lesson, male voice, instructive speaking, embouchure, mellow")
    assert not any("sing" in composer(facts, "short", seed).text for seed in range(20))


def test_a_doubtful_singer_is_told_apart_from_a_sure_voice() -> None:
    facts = [
        Fact("voice", "voice", "sung", "", 0.95, "test", 0, 60),
        Fact("gender", "singer_gender", "female", "", 0.6, "test", 0, 60),
    ]
    for seed in range(5):
        caption = composer(facts, "short", seed)
        assert "(probably female)" in caption.text
        assert ("gender",) in {claim.fact_ids for claim in caption.claims}


def test_a_range_that_rises_and_falls_is_not_called_narrow() -> None:
    def fact(name: str, value: float | str, unit: str = "") -> Fact:
        return Fact(name, name, value, unit, 0.95, "test", 0.0, 60.0)

    narrow = [fact("loudness_range", 2.0, "LU"), fact("instrument", "piano")]
    assert "narrow dynamic range" in composer(narrow, "tags").text
    assert "narrow" not in composer([*narrow, fact("dynamics", "varied")], "tags").text
