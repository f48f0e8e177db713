"""Laying a test out, and what of it is on disk when."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from listening_bed import METHODS, RATE, SECONDS, MakeTest, clips, predictions

from linernotes.audio import AudioError
from linernotes.clip import Clip
from linernotes.listening import ASPECTS
from linernotes.listening.clip_files import write_clip_file
from linernotes.listening.making import Plan, make_test
from linernotes.listening.schema import FILE_NAME
from linernotes.listening.store import BadNameError, TestStore


def answer_all(store: TestStore, rater: int, limit: int = 1000) -> int:
    """Answer "a" to all that a rater is asked; returns how many tasks that were."""
    for count in range(limit):
        task = store.current_task(rater, len(ASPECTS))
        if task is None:
            return count
        for aspect in ASPECTS:
            assert store.save_answer(rater, task.task, aspect.key, "a", 5.0)
    return limit


def joined(store: TestStore, name: str) -> int:
    token = store.join(name)
    assert token is not None
    rater = store.rater_of(token)
    assert rater is not None
    return rater


def test_a_clip_is_cut_to_its_span_with_its_channels(root: Path) -> None:
    seconds = write_clip_file(Clip("c", "tone.wav", 1.0, 3.5), root / "tone.wav", root / "c.flac")
    wave, rate = soundfile.read(root / "c.flac")
    assert (seconds, rate, wave.shape) == (2.5, RATE, (round(2.5 * RATE), 2))
    original = soundfile.read(root / "tone.wav", start=RATE, frames=round(2.5 * RATE))[0]
    assert np.abs(wave - original).max() < 2 / 32768


def test_odd_rates_and_many_channels_become_what_browsers_play(root: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(root / "wide.wav", 0.1 * rng.normal(size=(96_000, 4)), 96_000)
    assert write_clip_file(Clip("c", "wide.wav"), root / "wide.wav", root / "w.flac") == 1.0
    found = soundfile.info(root / "w.flac")
    assert (found.samplerate, found.channels, found.format) == (48_000, 1, "FLAC")


def test_a_clip_behind_the_end_of_its_file_is_refused(root: Path) -> None:
    with pytest.raises(AudioError, match="which begins at 5 s"):
        write_clip_file(Clip("c", "tone.wav", 5.0), root / "tone.wav", root / "c.flac")


def test_a_broken_file_leaves_nothing_behind(root: Path) -> None:
    (root / "tone.wav").write_text("no sound")
    with pytest.raises(AudioError, match="is text, not audio"):
        make_test(clips(2), root, predictions(2), Plan(), root / "test")
    assert sorted(path.name for path in root.iterdir()) == ["tone.wav"]


def test_an_old_test_is_never_written_over(lay_out: MakeTest) -> None:
    lay_out()
    with pytest.raises(FileExistsError, match="holds a listening test already"):
        lay_out()


def test_what_is_missing_is_said(root: Path) -> None:
    wanted = clips(3)
    captions = predictions(3)
    del captions[METHODS[0]]["clip-1"]
    captions[METHODS[1]]["stray"] = "Nobody knows."
    with pytest.raises(
        ValueError, match=r"method-one has no caption for 1 clip such as 'clip-1'; method-two desc"
    ):
        make_test(wanted, root, captions, Plan(), root / "test")
    made = make_test(wanted, root, captions, Plan(), root / "test", allow_missing=True)
    assert (made.clips, made.left_out) == (2, 1)


@pytest.mark.parametrize(
    ("captions", "plan", "message"),
    [
        ({}, {}, "at least one method"),
        ({"human": {"clip-0": "x", "clip-1": "y"}}, {}, "may be called 'human'"),
        ({"m": {"clip-0": "x", "clip-1": " "}}, {}, "m: 1 captions are empty"),
        ({"m": {"clip-0": "x", "clip-1": "y"}}, {"per_rater": 3}, "nobody hears a clip twice"),
        ({"m": {"clip-0": "x", "clip-1": "y"}}, {"clips": 3}, "only 2 are there"),
    ],
)
def test_plans_that_can_not_be_are_refused(
    root: Path, captions: dict[str, dict[str, str]], plan: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_test(clips(2), root, captions, Plan(**plan), root / "test")
    assert not (root / "test").exists()


def test_a_caption_that_is_the_persons_is_not_asked_about(root: Path) -> None:
    captions = predictions(2)
    captions[METHODS[0]]["clip-0"] = "  A person heard  tone 0. "
    made = make_test(clips(2), root, captions, Plan(), root / "test")
    assert (made.pairs, made.identical) == (3, 1)


def test_one_text_is_the_persons_and_the_sound_is_the_clips(lay_out: MakeTest) -> None:
    store = TestStore(lay_out().folder)
    rater = joined(store, "Ada")
    task = store.current_task(rater, 2)
    assert task is not None
    assert [("person" in text) for text in (task.a, task.b)].count(True) == 1
    path = store.audio_of(rater, task.task)
    assert path is not None
    assert soundfile.info(path).duration == SECONDS
    assert task.a.split("tone")[1] == task.b.split("tone")[1], "both texts are about one clip"


def test_a_rater_goes_on_where_they_stopped(lay_out: MakeTest) -> None:
    folder = lay_out().folder
    store = TestStore(folder)
    rater = joined(store, "Ada Lovelace")
    first = store.current_task(rater, 2)
    assert first is not None
    store.save_answer(rater, first.task, ASPECTS[0].key, "tie", 4.0)
    store.close()
    store = TestStore(folder)
    again = joined(store, "  ada   LOVELACE ")
    assert again == rater
    task = store.current_task(again, 2)
    assert task is not None
    assert (task.task, task.answers) == (first.task, {ASPECTS[0].key: "tie"})
    assert answer_all(store, again) == 6
    assert store.current_task(again, 2) is None


def test_the_last_of_several_answers_counts_and_none_is_lost(lay_out: MakeTest) -> None:
    store = TestStore(lay_out().folder)
    rater = joined(store, "Ada")
    task = store.current_task(rater, 2)
    assert task is not None
    for choice in ("a", "tie", "b"):
        store.save_answer(rater, task.task, ASPECTS[0].key, choice, 4.0)  # type: ignore[arg-type]
    (verdict,) = store.verdicts()
    assert verdict.choice == "b"
    with sqlite3.connect(store.folder / FILE_NAME) as connection:
        assert connection.execute("SELECT count(*) FROM answers").fetchone() == (3,)


def test_nobody_answers_for_others(lay_out: MakeTest) -> None:
    store = TestStore(lay_out().folder)
    one, other = joined(store, "Ada"), joined(store, "Bob")
    task = store.current_task(one, 2)
    assert task is not None
    assert not store.save_answer(other, task.task, ASPECTS[0].key, "a", 4.0)
    assert store.audio_of(other, task.task) is None
    assert store.verdicts() == []


def test_codes_let_in_and_names_do_not(lay_out: MakeTest) -> None:
    made = lay_out(codes=3)
    store = TestStore(made.folder)
    assert len(set(made.codes)) == 3
    assert store.join("Ada") is None
    assert store.join(made.codes[0].upper()) is not None


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "\u202e"])
def test_names_by_which_nobody_is_known_are_refused(lay_out: MakeTest, name: str) -> None:
    with pytest.raises(BadNameError):
        TestStore(lay_out(2).folder).join(name)


def test_raters_at_the_same_time_get_whole_and_balanced_tests(lay_out: MakeTest) -> None:
    folder = lay_out(6, per_rater=4).folder
    stores = [TestStore(folder), TestStore(folder)]  # two processes would look like this
    raters = [joined(stores[0], f"rater {number}") for number in range(4)]
    threads = [threading.Thread(target=answer_all, args=(stores[rater % 2], rater)) for rater in raters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = stores[0].verdicts()
    assert Counter(verdict.rater for verdict in verdicts) == dict.fromkeys(raters, 4 * len(ASPECTS))
    for rater in raters:
        mine = [verdict for verdict in verdicts if verdict.rater == rater and verdict.aspect == "more_true"]
        assert Counter(verdict.method for verdict in mine) == dict.fromkeys(METHODS, 2)
        assert Counter(verdict.human_side for verdict in mine) == {"a": 2, "b": 2}
        assert len({verdict.clip_id for verdict in mine}) == 4


def test_a_question_that_nobody_answered_goes_back_after_an_hour(lay_out: MakeTest) -> None:
    store = TestStore(lay_out(1, ratings=1).folder)
    first, second = (store.current_task(joined(store, name), 2) for name in ("Ada", "Bob"))
    assert first is not None
    assert second is not None
    assert {first.a, first.b} != {second.a, second.b}, "the other method's turn, while Ada may still answer"
    with sqlite3.connect(store.folder / FILE_NAME) as connection:
        connection.execute(
            "UPDATE tasks SET given = '2020-01-01T00:00:00+00:00' WHERE task = ?", (first.task,)
        )
    third = store.current_task(joined(store, "Cy"), 2)
    assert third is not None
    assert {third.a, third.b} == {first.a, first.b}


def test_other_files_are_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="holds no listening test"):
        TestStore(root)
    (root / FILE_NAME).write_text("text, and rather more of it than a header has " * 10)
    with pytest.raises(ValueError, match="is no listening test of linernotes"):
        TestStore(root)
    (root / FILE_NAME).unlink()
    with sqlite3.connect(root / FILE_NAME) as connection:
        connection.execute("CREATE TABLE other (x)")
    with pytest.raises(ValueError, match="is no listening test of linernotes"):
        TestStore(root)


ANSWER_FOR_EVER = """
import sys
from pathlib import Path
from linernotes.listening.store import TestStore
store = TestStore(Path(sys.argv[1]))
rater = store.rater_of(store.join("Ada"))
task = store.current_task(rater, 2)
while True:
    store.save_answer(rater, task.task, "more_true", "a", 4.0)
    print("saved", flush=True)
"""


def test_kill_9_loses_no_answer_that_was_acknowledged(lay_out: MakeTest) -> None:
    folder = lay_out(2).folder
    command = [sys.executable, "-c", ANSWER_FOR_EVER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        seen += process.stdout.readlines()
    with sqlite3.connect(folder / FILE_NAME) as connection:
        kept = connection.execute("SELECT count(*) FROM answers").fetchone()[0]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert kept - seen.count("saved\n") in (0, 1)  # one may have been kept but not yet acknowledged
    assert len(TestStore(folder).verdicts()) == 1
