"""The extractor of the base install: the facts of `linernotes facts`, beats, and rendered music of known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from linernotes.audio import decode, probe
from linernotes.building.annotate import NAMED, Bounds, claims
from linernotes.building.annotate.extractors import asked
from linernotes.building.annotate.labels_file import read_labels
from linernotes.building.annotate.making import Plan, annotate, survey
from linernotes.building.annotate.shipped import Shipped
from linernotes.captioner import load_captioner
from linernotes.clip import Fact
from linernotes.datasets.feature_classes import CLASSES
from linernotes.manifest import read_manifest


@pytest.fixture(scope="module")
def heard(example: Path) -> Sequence[Fact]:
    return Shipped()(decode(example, probe(example).sample_rate))


def test_it_states_what_facts_states(example: Path, heard: Sequence[Fact]) -> None:
    measured = [fact for fact in load_captioner(threads=1).analyse(example).facts if fact.name != "section"]
    known = {fact.name for fact in measured}
    claimed = [fact for fact in claims(heard, Bounds()) if fact.name in known]
    assert claimed == measured
    doubts = [fact for fact in heard if fact.id.startswith("doubt:")]
    assert doubts
    assert all(fact.confidence <= 0.5 and fact.name in NAMED for fact in doubts)


def test_beats_follow_one_another_and_bars_have_four(heard: Sequence[Fact]) -> None:
    beats = [fact for fact in heard if fact.name == "beat"]
    bars = [fact for fact in heard if fact.name == "downbeat"]
    tempo = next(fact for fact in heard if fact.name == "tempo")
    periods = np.diff([fact.start_s for fact in beats])
    assert 60 / np.median(periods) == pytest.approx(float(tempo.value), rel=0.03)
    assert [fact.value for fact in beats] == list(range(1, len(beats) + 1))
    assert all(one.end_s == other.start_s for one, other in pairwise(beats))
    starts = [fact.start_s for fact in beats]
    assert [starts.index(fact.start_s) % 4 for fact in bars] == [starts.index(bars[0].start_s)] * len(bars)
    assert {fact.confidence for fact in beats} == {tempo.confidence}


def test_rendered_clips_are_labelled_near_their_truth(tmp_path: Path) -> None:
    """Held where the everyday path is sure: no singing, the tempo, and no claim of a class that is not there."""
    pytest.importorskip("midirenderer", reason="rendering needs the [render] extra")
    from linernotes.datasets.rendered import find_soundfont
    from linernotes.datasets.rendered.clips import RenderSettings, render_clip_set
    from linernotes.datasets.rendered.render import soundfont_sha256

    font = find_soundfont()
    settings = RenderSettings(
        clips=4, seed=11, seconds=8.0, singing=0.0, scores=0.0, degrade=0.0,
        soundfont_sha256=soundfont_sha256(font),
    )  # fmt: skip
    made = render_clip_set(settings, tmp_path / "set", soundfont=font)
    plan = Plan(
        source="rendered",
        clips=lambda: read_manifest(made.manifest),
        root=made.manifest.parent,
        extractors=(asked("shipped"),),
        against_truth=True,
    )
    report = annotate(plan, survey(plan, tmp_path / "out"), tmp_path / "out")
    assert report.truth is not None
    assert report.annotated == 4
    tempo = report.truth.others["tempo, octaves allowed"]
    assert tempo.told >= 3
    assert tempo.right == tempo.told
    vocals = report.truth.heads["vocals"]
    assert vocals.hits == vocals.claimed >= 3
    labels = read_labels(tmp_path / "out" / "labels.npz")
    truth = replace(plan, truth=True, against_truth=False, extractors=())
    annotate(truth, survey(truth, tmp_path / "truth"), tmp_path / "truth")
    exact = read_labels(tmp_path / "truth" / "labels.npz")
    for clip, row in zip(read_manifest(made.manifest), exact.present("key"), strict=True):
        key = next(str(fact.value) for fact in clip.facts if fact.name == "key")
        assert row.sum() == 1
        assert CLASSES["key"][int(row.argmax())].endswith(key.split()[1])
    wrong = (labels.present("instrument") & exact.known("instrument") & ~exact.present("instrument")).sum()
    assert wrong <= 1
