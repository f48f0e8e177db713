"""Statistics of three clips whose every count is known, and leaks and audio faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes.building.checks import LeakFinder, audio_fault
from linernotes.building.statistics import normal, statistics, words_of
from linernotes.clip import Clip

CLIPS = [
    Clip("1", "a.wav", 0.0, 1800.0, ("A slow song.", "Slow drums"), ("slow", "drums"), artist_id="x",
         split="train", licence="CC0"),
    Clip("2", "a.wav", 1800.0, 3600.0, ("a SLOW song",), ("slow",), artist_id="x", split="test"),
    Clip("3", "", tags=("slow",)),
]  # fmt: skip


def test_everything_is_counted() -> None:
    found = statistics(iter(CLIPS))
    whole = found.whole
    assert (whole.clips, whole.tracks, whole.captions, whole.tokens) == (3, 2, 3, 8)
    assert whole.words_per_caption == pytest.approx(8 / 3)
    assert whole.hours == pytest.approx(1.0)
    assert whole.clips_without_end == 1
    assert {name: split.clips for name, split in found.splits.items()} == {"train": 1, "test": 1, "(none)": 1}
    assert found.clips_by_captions == {0: 1, 1: 1, 2: 1}
    assert found.captions_by_words == {2: 1, 3: 2}
    assert (found.vocabulary, found.words_seen_once) == (4, 1)  # a slow song drums
    assert (found.repeated_captions, found.captions_in_several_splits) == (1, 1)
    assert (found.tags, found.top_tags) == (2, {"slow": 3, "drums": 1})
    assert found.tags_per_clip == pytest.approx(4 / 3)
    assert (found.artists, found.artists_in_several_splits, found.clips_without_artist) == (1, 1, 1)
    assert found.clips_without_audio_path == 1
    assert found.licences == {"(not stated)": 2, "CC0": 1}


def test_nothing_has_statistics_too() -> None:
    assert statistics([]).whole.words_per_caption == 0.0


def test_words() -> None:
    assert words_of("Don't stop: 90s lo-fi, naïve!") == ["don't", "stop", "90s", "lo", "fi", "naïve"]
    assert normal("A  slow, SONG.") == normal("a slow song")


def test_leaks_are_found_once_both_splits_were_seen() -> None:
    finder = LeakFinder()
    assert list(finder.leaks(CLIPS[0])) == []
    messages = list(finder.leaks(CLIPS[1]))
    assert messages == [
        "artist 'x' is in test and in train",
        "a caption of test stands in train too: 'a SLOW song'",
    ]
    assert list(finder.leaks(CLIPS[2])) == []


def test_audio_faults(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "two.wav", np.sin(np.arange(32000) / 20) / 2, 16000)
    (tmp_path / "text.wav").write_text("no audio")
    assert audio_fault(Clip("a", "two.wav"), tmp_path) == ""
    assert audio_fault(Clip("a", "two.wav", 0.5, 2.4), tmp_path) == ""
    assert "ends at 2.6 s, but two.wav is 2.00 s long" in audio_fault(
        Clip("a", "two.wav", 0.5, 2.6), tmp_path
    )
    assert "starts at 2 s" in audio_fault(Clip("a", "two.wav", 2.0), tmp_path)
    assert audio_fault(Clip("a", "text.wav"), tmp_path)
    assert audio_fault(Clip("a", "none.wav"), tmp_path)
    assert "'..'" in audio_fault(Clip("a", "../two.wav"), tmp_path)
    assert "not part of the data set" in audio_fault(Clip("a", ""), tmp_path)
