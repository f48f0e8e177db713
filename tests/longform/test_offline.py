"""The composer's long description says what changes and when, and nothing else."""

from __future__ import annotations

import itertools

import pytest
from evidence import DURATION_S, EVIDENCE, FACTS, NOTES, SECTIONS, fact, section

from linernotes.clip import Description
from linernotes.longform.checking import faults
from linernotes.longform.offline import tell
from linernotes.longform.options import Length, LongOptions, Manner
from linernotes.longform.times import read_times
from linernotes.words.claims import check_caption

IN_SECTIONS = tuple(one for part in SECTIONS for one in part.facts)


def told(length: Length = Length.full, manner: Manner = Manner.prose, seed: int = 0) -> Description:
    return tell(FACTS, SECTIONS, DURATION_S, LongOptions(length=length, manner=manner, seed=seed))


def test_changes_are_told_at_their_times() -> None:
    first, second, third, fourth = (moment.text for moment in told().moments)
    assert "C major" in first
    assert "120 B" in first or "120 beats per minute" in first
    assert "starts as an instrumental" in first
    assert "drums come in" in second
    assert "a voice starts to sing" in second
    assert "the music of 0:00 returns" in third
    assert "it goes on as an instrumental" in third
    assert "strings come in" in fourth
    assert "drums are back" in fourth
    assert "moves to D major" in fourth
    assert [moment.start_s for moment in told().moments] == [0.0, 20.0, 50.0, 70.0]


@pytest.mark.parametrize(("length", "manner", "seed"), itertools.product(Length, Manner, range(3)))
def test_nothing_is_said_that_no_fact_carries(length: Length, manner: Manner, seed: int) -> None:
    found = told(length, manner, seed)
    assert check_caption(found.caption.text, (*FACTS, *IN_SECTIONS)).unsupported == ()
    known = {one.id for one in (*FACTS, *IN_SECTIONS)}
    for claim in found.caption.claims:
        assert 0 <= claim.start < claim.end <= len(found.caption.text)
        assert set(claim.fact_ids) <= known
    assert faults(found.caption.text, EVIDENCE, 500) == []
    assert all(mention.seconds <= DURATION_S for mention in read_times(found.caption.text))


def test_moments_fill_the_recording() -> None:
    found = told().moments
    assert (found[0].start_s, found[-1].end_s) == (0.0, DURATION_S)
    assert all(one.end_s == other.start_s for one, other in itertools.pairwise(found))


def test_the_whole_is_the_moments_in_prose() -> None:
    assert told().caption.text == " ".join(moment.text for moment in told().moments)


def test_a_time_line_has_a_line_for_every_moment() -> None:
    lines = told(manner=Manner.timeline).caption.text.splitlines()
    assert [line.split()[0] for line in lines] == ["0:00", "0:20", "0:50", "1:10"]


def test_the_end_is_never_past_the_end() -> None:
    assert "It lasts 1:35" in told().caption.text  # 95.5 s, which rounds to 1:36


def test_short_is_short() -> None:
    many = [
        section(n, "AB"[n % 2] + str(n), 10.0 * n, 10.0 * n + 10, ("instrument", f"{n} drums"))
        for n in range(30)
    ]
    spans = [
        fact(f"section:{n}", "section", part.label, part.start_s, part.end_s) for n, part in enumerate(many)
    ]
    counts = [
        len(tell(spans, many, 300.0, LongOptions(length=length)).moments)
        for length in (Length.short, Length.medium)
    ]
    assert counts[0] <= 5 < counts[1] <= 11


def test_the_opening_says_nothing_that_a_turn_takes_back() -> None:
    even = (
        fact("dynamics", "dynamics", "steady", 0.0, DURATION_S),
        fact("tempo_change", "tempo_change", "steady", 0.0, DURATION_S),
        fact("instrument:drums", "instrument", "drums", 0.0, DURATION_S, sure=0.7),
    )
    text = tell((*FACTS, *even), SECTIONS, DURATION_S, LongOptions(length=Length.full)).caption.text
    assert "begins quieter" in text
    assert "volume stays even" not in text
    assert "level hardly changes" not in text
    assert "sounds like drums" not in text
    assert "tempo holds steady" in text or "pulse is steady" in text  # no turn tells of another tempo
    alone = tell((*FACTS[:2], *even), (), DURATION_S, LongOptions()).caption.text
    assert "volume stays even" in alone or "level hardly changes" in alone


def test_a_level_that_was_never_heard_is_not_gone_back_to() -> None:
    second, third, fourth = (moment.text for moment in told().moments[1:])
    assert "reaches its usual level" in second
    assert "is quieter" in third
    assert "is back at its usual level" in fourth


def test_silence_and_noise_are_told_as_such() -> None:
    quiet = section(2, "B", 20.0, DURATION_S, ("content", "silence"))
    found = tell(FACTS, (SECTIONS[0], quiet), DURATION_S, LongOptions())
    assert "there is only silence" in found.moments[1].text
    whale = [fact("content", "content", "other", 0, 60.0)]
    assert "not sound like music" in tell(whale, (), 60.0, LongOptions()).caption.text


def test_what_is_counted_otherwise_is_no_change_of_tempo() -> None:
    for bpm, changes in ((60.0, False), (80.0, False), (122.0, False), (105.0, True)):
        parts = (SECTIONS[0], section(2, "B", 20.0, 95.0, ("instrument", "piano")))
        faster = fact("s2/tempo", "tempo", bpm, 20.0, 95.0)
        parts = (parts[0], type(parts[1])(20.0, 95.0, parts[1].caption, (*parts[1].facts, faster), "B"))
        text = tell(NOTES.facts[:1], parts, 95.0, LongOptions(length=Length.full)).caption.text
        assert ("the tempo" in text.split("0:20")[-1] and "105" in text) == changes, text


def test_quotes_of_a_captioning_model_stand_at_their_section() -> None:
    found = tell(FACTS, SECTIONS, DURATION_S, LongOptions(), {20.0: "A man sings the blues."})
    assert found.moments[1].text.endswith("The captioning model hears: “A man sings the blues.”")
