"""A data set annotated: spans, bad files, what is done once is not done again, who has the say."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tone_set import EXTRACTOR, RATE, TONES, tone

from linernotes.building.annotate import Bounds
from linernotes.building.annotate.extractors import asked, load_extractor
from linernotes.building.annotate.labels_file import LabelsFormat, read_labels
from linernotes.building.annotate.making import Heard, Plan, annotate, survey
from linernotes.building.annotate.predictions import read_predictions
from linernotes.building.annotate.report import Report
from linernotes.datasets.feature_classes import CLASSES, labels_of_facts
from linernotes.manifest import read_manifest

BAD = ["silent", "corrupt", "missing", "pathless", "beyond"]
GOOD = [f"{kind}-{number}" for kind in ("file", "span") for number in range(3)]


def plan_of(manifest: Path, **more: object) -> Plan:
    plan = Plan("tones", lambda: read_manifest(manifest), manifest.parent, (asked(EXTRACTOR),))
    return replace(plan, **more)  # type: ignore[arg-type]


def run(plan: Plan, out: Path) -> Report:
    return annotate(plan, survey(plan, out), out)


def keys_in(out: Path) -> dict[str, str]:
    return {
        clip.clip_id: str(next(fact.value for fact in clip.facts if fact.name == "key"))
        for clip in read_manifest(out / "annotated.jsonl")
    }


def test_files_and_spans_are_heard_and_bad_ones_are_told(tones: Path, listened: Path, tmp_path: Path) -> None:
    report = run(plan_of(tones), tmp_path / "out")
    assert keys_in(tmp_path / "out") == dict(zip(GOOD, [*TONES, *TONES], strict=True))
    assert listened.read_text().split("\n").count("440 1.00") == 2
    assert [failure.clip_id for failure in report.failures] == BAD
    assert (report.clips, report.annotated, report.failed) == (11, 6, 5)
    reasons = {failure.clip_id: failure.reason for failure in report.failures}
    for clip_id, part in (
        ("silent", "silent"),
        ("corrupt", "corrupt.flac"),
        ("missing", "nowhere.wav"),
        ("pathless", "no audio_path"),
        ("beyond", "starts at 9 s"),
    ):
        assert part in reasons[clip_id]
        assert "\n" not in reasons[clip_id]
    told = (tmp_path / "out" / "annotate-report.md").read_text()
    assert all(clip_id in told for clip_id in BAD)
    assert json.loads((tmp_path / "out" / "annotate-report.json").read_text())["annotated"] == 6


def test_vectors_are_masked(tones: Path, tmp_path: Path) -> None:
    run(plan_of(tones), tmp_path)
    labels = read_labels(tmp_path / "labels.npz")
    assert labels.clip_ids == tuple(GOOD)
    keys = labels.present("key")
    assert [CLASSES["key"][column] for column in keys.argmax(axis=1)] == [*TONES, *TONES]
    assert keys.sum() == 6
    assert labels.known("key").all()
    trumpet = CLASSES["instrument"].index("trumpet")
    known = labels.known("instrument")
    assert known[:, trumpet].all()
    assert known.sum() == 6
    assert not labels.present("instrument").any()
    assert not any(
        fact.name == "instrument"
        for clip in read_manifest(tmp_path / "annotated.jsonl")
        for fact in clip.facts
    )
    with np.load(tmp_path / "labels.npz") as stored:
        assert stored["key_label"].dtype == np.uint8
        assert (stored["key_known"] == labels.known("key")).all()


def test_nothing_is_done_twice_until_something_changes(tones: Path, listened: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = run(plan_of(tones), out)
    before = {name: (out / name).read_bytes() for name in ("annotated.jsonl", "labels.npz")}
    again = run(plan_of(tones), out)
    assert (first.heard_now, again.heard_now) == (10, 0)
    assert len(listened.read_text().splitlines()) == 6
    assert {name: (out / name).read_bytes() for name in before} == before
    soundfile.write(tones.parent / "0.wav", tone(TONES["C major"], 2.0), RATE)
    soundfile.write(tones.parent / "corrupt.flac", tone(440.0), RATE)
    changed = run(plan_of(tones), out)
    assert changed.heard_now == 2
    assert keys_in(out)["file-0"] == "C major"
    assert keys_in(out)["corrupt"] == "A major"


def test_another_version_is_asked_anew(
    tones: Path, listened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(plan_of(tones), tmp_path)
    monkeypatch.setattr(load_extractor(EXTRACTOR), "version", "1.1", raising=False)
    run(plan_of(tones), tmp_path)
    assert len(listened.read_text().splitlines()) == 12


def test_an_extractor_that_fails_costs_its_own_answer_only(tones: Path, tmp_path: Path) -> None:
    soundfile.write(tones.parent / "1.wav", tone(3000.0), RATE)
    unlucky = asked("counting_extractor:Unlucky")
    report = run(plan_of(tones, extractors=(unlucky, asked(EXTRACTOR))), tmp_path)
    by_id = {failure.clip_id: failure for failure in report.failures if failure.reason.count("Unlucky")}
    assert "confidence must be in 0..1" in by_id["file-0"].reason or "NaN" in by_id["file-0"].reason
    assert not by_id["file-0"].left_out
    assert keys_in(tmp_path)["file-0"] == "A major"
    lost = [failure for failure in report.failures if failure.clip_id == "file-1"]
    assert [failure.left_out for failure in lost] == [True, True]
    assert "RuntimeError: too shrill" in lost[1].reason
    assert "file-1" not in keys_in(tmp_path)


def test_who_comes_first_has_the_say(tones: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.csv"
    said.write_text(
        "clip_id,name,value,confidence\nfile-0,key,F minor,0.9\nfile-0,genre,rock,0.8\nx,key,C major,1\n"
    )
    report = run(plan_of(tones, predictions=(read_predictions(said),)), tmp_path / "out")
    assert keys_in(tmp_path / "out")["file-0"] == "F minor"
    assert keys_in(tmp_path / "out")["file-1"] == "C major"
    assert report.classes["genre"]["rock"].present == 1
    assert report.unmatched_predictions == 1
    assert report.facts_left_out == 18


def test_truth_comes_first_and_is_complete(tones: Path, listened: Path, tmp_path: Path) -> None:
    lines = tones.read_text().splitlines()
    lines[0] = lines[0].replace('"flute"', '"piano"')
    tones.write_text("\n".join(lines) + "\n")
    report = run(plan_of(tones, extractors=(), truth=True), tmp_path / "out")
    assert not listened.exists()
    assert report.annotated == 11
    flute, piano = report.classes["instrument"]["flute"], report.classes["instrument"]["piano"]
    assert (flute.present, flute.absent) == (5, 1)
    assert (piano.present, piano.absent) == (1, 5)
    assert report.classes["instrument"]["harp"].absent == 0
    assert report.classes["vocals"]["instrumental"].present == 6


def test_labels_are_held_against_the_truth(tones: Path, tmp_path: Path) -> None:
    text = tones.read_text().replace('"value": "C major"', '"value": "A minor"', 1)
    tones.write_text(text)
    report = run(plan_of(tones, against_truth=True), tmp_path)
    assert report.truth is not None
    key = report.truth.heads["key"]
    assert (key.present, key.claimed, key.hits) == (6, 6, 5)
    assert key.precision == pytest.approx(5 / 6)
    assert key.recall == pytest.approx(5 / 6)
    flute = report.truth.classes["instrument"]["flute"]
    assert (flute.present, flute.claimed, flute.precision, flute.recall) == (6, 0, None, 0.0)


def test_bounds_decide_what_is_known(tones: Path, tmp_path: Path) -> None:
    strict = run(plan_of(tones, bounds=Bounds(0.97, 0.001)), tmp_path)
    assert strict.classes["key"]["A major"].present == 0
    assert strict.classes["instrument"]["trumpet"].absent == 0


def test_a_worker_that_dies_is_an_answer_that_can_be_asked_for_again(
    tones: Path, listened: Path, tmp_path: Path
) -> None:
    def dying(work: Callable[..., int], groups: tuple[object, ...]):  # type: ignore[no-untyped-def]
        for number, group in enumerate(groups):
            if number:
                work(group)
            yield Heard(group, None if number else "the process died")

    plan = plan_of(tones)
    report = annotate(plan, survey(plan, tmp_path), tmp_path, dying)
    assert report.failures[0].reason == "the process died"
    assert run(plan, tmp_path).failures[0].reason == "the process died"
    assert "file-0" not in keys_in(tmp_path)
    run(replace(plan, retry_failed=True), tmp_path)
    assert keys_in(tmp_path)["file-0"] == "A major"


def test_labels_as_parquet_say_the_same(tones: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the [data] extra")
    run(plan_of(tones), tmp_path)
    labels = read_labels(tmp_path / "labels.npz")
    run(plan_of(tones, labels=LabelsFormat.parquet), tmp_path)
    assert not (tmp_path / "labels.npz").exists()
    table = parquet.read_table(tmp_path / "labels.parquet")
    assert table["clip_id"].to_pylist() == list(labels.clip_ids)
    assert (np.array(table["key_label"].to_pylist()) == labels.present("key")).all()
    assert (np.array(table["instrument_known"].to_pylist()) == labels.known("instrument")).all()
    assert table.schema.metadata[b"key_classes"].decode().split("\n") == list(CLASSES["key"])
    assert keys_in(tmp_path) == {
        clip.clip_id: next(fact.value for fact in clip.facts)
        for clip in read_manifest(tmp_path / "annotated.parquet")
    }


def test_two_runs_do_not_meet(tones: Path, tmp_path: Path) -> None:
    plan = plan_of(tones)

    def intruding(work: Callable[..., int], groups: tuple[object, ...]):  # type: ignore[no-untyped-def]
        with pytest.raises(ValueError, match="another run is at work"):
            annotate(plan, survey(plan, tmp_path), tmp_path)
        yield from ()

    if os.name == "posix":
        annotate(plan, survey(plan, tmp_path), tmp_path, intruding)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nonsense", "package.module:name, or one of shipped"),
        ("no_such_package:Keys", "no module 'no_such_package'"),
        ("counting_extractor:Nobody", "has no Nobody"),
        ("counting_extractor:Forgetful", "lacks version"),
    ],
)
def test_what_is_no_extractor_is_named(tones: Path, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        asked(name)


def test_with_absent_training_gets_the_same_mask(tones: Path, tmp_path: Path) -> None:
    run(plan_of(tones, with_absent=True), tmp_path)
    labels = read_labels(tmp_path / "labels.npz")
    known, present = labels.known("instrument"), labels.present("instrument")
    assert 0 < known.sum() < known.size
    for number, clip in enumerate(read_manifest(tmp_path / "annotated.jsonl")):
        row = labels_of_facts(clip.facts, "instrument", CLASSES["instrument"])
        assert (~np.isnan(row)).tolist() == known[number].tolist()
        assert (row > 0).tolist() == present[number].tolist()


def test_a_refused_manifest_leaves_nothing_behind(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"clip_id": "x"\n', "utf-8")
    with pytest.raises(ValueError, match="line 1"):
        run(plan_of(bad), tmp_path / "out")
    assert not (tmp_path / "out").exists()
