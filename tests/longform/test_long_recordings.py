"""Real recordings over a minute: every time is inside, key and tempo are the measured ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from linernotes.audio import probe
from linernotes.audio.suffixes import AUDIO_SUFFIXES
from linernotes.captioner import load_captioner
from linernotes.clip import Notes
from linernotes.features.estimate import sounds_like_music
from linernotes.longform.checking import Evidence, Stretch, faults
from linernotes.longform.long_captioner import LongCaptioner
from linernotes.longform.offline import tell
from linernotes.longform.options import Length, LongOptions
from linernotes.longform.times import read_times
from linernotes.metrics.verdicts import judge
from linernotes.words.claims import check_caption
from linernotes.words.text_facts import read_facts

LONGER_THAN_S = 60.0


@pytest.mark.recordings
def test_every_long_recording_is_told_truly(recordings: Path) -> None:
    paths = [path for path in sorted(recordings.rglob("*")) if path.suffix.lower() in AUDIO_SUFFIXES]
    longer = [path for path in paths if probe(path).duration_s > LONGER_THAN_S]
    if not longer:
        pytest.skip(f"no recording over a minute below {recordings}")
    for path in longer:
        check(path)


def check(path: Path) -> None:
    captioner = load_captioner(threads=1)
    notes = LongCaptioner(captioner).write(captioner.analyse(path))
    assert notes.description is not None
    duration_s = notes.audio.duration_s
    shorter, longer = (
        tell(notes.facts, notes.sections, duration_s, LongOptions(length=length))
        for length in (Length.short, Length.full)
    )
    for description in (shorter, notes.description, longer):
        check_text(description.caption.text, notes)


def check_text(text: str, notes: Notes) -> None:
    duration_s = notes.audio.duration_s
    assert all(mention.is_possible and mention.seconds <= duration_s for mention in read_times(text)), text
    in_sections = tuple(fact for part in notes.sections for fact in part.facts)
    assert check_caption(text, (*notes.facts, *in_sections)).unsupported == (), text
    for claim in read_facts(text).facts:
        if claim.attribute in ("key", "tempo"):
            assert any(judge(claim, facts).kind == "supported" for facts in (notes.facts, in_sections)), text
    if sounds_like_music(notes.facts):
        stretches = tuple(Stretch(part.start_s, part.end_s, part.facts) for part in notes.sections)
        times_s = {0.0, duration_s} | {fact.start_s for fact in notes.facts}
        evidence = Evidence(duration_s, notes.facts, stretches, frozenset(times_s))
        assert faults(text, evidence, 1000) == [], text
