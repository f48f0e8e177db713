"""The rendered singing corpus: balanced, no singer in two splits, its truth the truth of its stems."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import soundfile

from linernotes import audio
from linernotes.building.singing.classes import level_db
from linernotes.building.singing.corpus import SINGERS, moved, plan_clips
from linernotes.building.singing.corpus_folder import CorpusSettings, render_corpus
from linernotes.building.singing.vocal_pitch import mean_pitch, voiced_pitch
from linernotes.datasets.rendered.singing import SungNote
from linernotes.manifest import read_manifest


def test_plans_are_balanced_and_singers_keep_to_their_split() -> None:
    orders = plan_clips(120, 1, degraded=0.5)
    assert orders == plan_clips(120, 1, degraded=0.5)
    assert orders[:60] == plan_clips(60, 1, degraded=0.5)  # a longer corpus begins as the shorter one
    assert sum(order.gender == "female" for order in orders) == 60
    for volume in ("low", "medium", "high"):
        assert sum(order.volume == volume for order in orders) == 40
    voices = {split: {singer.voice for singer in singers} for split, singers in SINGERS.items()}
    assert not voices["train"] & voices["test"]
    assert not voices["train"] & voices["validation"]
    assert all(order.voice in voices[order.split] for order in orders)


def test_a_melody_moves_by_octaves_into_the_range() -> None:
    line = (SungNote(70.0, 0.0, 1.0), SungNote(74.0, 1.0, 2.0))
    assert [note.pitch for note in moved(line, 47.0, (44.0, 59.0))] == [46.0, 50.0]
    assert [note.pitch for note in moved(line, 66.0, (54.0, 71.0))] == [58.0, 62.0]


def test_a_clip_that_fails_ends_the_rendering_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="clip 1 can't be rendered: no memory"):
        render_corpus(
            CorpusSettings(2),
            tmp_path / "sung",
            soundfont=tmp_path / "none.sf2",
            run=lambda work, orders: iter([None, "no memory"]),
        )


def test_settings_of_a_run_that_made_nothing_give_way(tmp_path: Path) -> None:
    """As of the first run without the extra `render`, by another soundfont than the second one's."""
    folder, failing = tmp_path / "sung", lambda work, orders: iter(["needs midirenderer"])
    for sound in ("system", "wheel"):
        with pytest.raises(ValueError, match="needs midirenderer"):
            render_corpus(
                CorpusSettings(1, soundfont_sha256=sound), folder, soundfont=tmp_path / "no.sf2", run=failing
            )
    (folder / "records").mkdir()
    with pytest.raises(ValueError, match="of other settings"):
        render_corpus(CorpusSettings(1, seed=2), folder, soundfont=tmp_path / "no.sf2", run=failing)


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="the program espeak-ng is not installed")
def test_truth_is_that_of_the_stem_and_a_second_run_makes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("midirenderer")
    pytest.importorskip("pretty_midi")
    pytest.importorskip("swift_f0")
    from linernotes.datasets.rendered.render import find_soundfont

    settings = CorpusSettings(1, seed=3, seconds=5.0)
    manifest = render_corpus(settings, tmp_path / "sung", soundfont=find_soundfont())
    clip = next(read_manifest(manifest))
    truth = clip.extra["truth"]
    mix, vocals = (tmp_path / "sung" / path for path in (clip.audio_path, clip.extra["vocals_path"]))
    stem = audio.decode(vocals, 16_000)
    assert soundfile.info(mix).frames == soundfile.info(vocals).frames == 5 * 16_000
    assert level_db(stem.waveform) == pytest.approx(truth["volume_db"], abs=0.05)
    found = mean_pitch(voiced_pitch(stem, audio.decode(mix, 16_000)))
    assert found is not None
    assert found.mean_hz == pytest.approx(truth["pitch_hz"], rel=0.06)
    before = mix.stat().st_mtime_ns
    render_corpus(settings, tmp_path / "sung", soundfont=find_soundfont())
    assert mix.stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="other settings"):
        render_corpus(CorpusSettings(1, seed=4), tmp_path / "sung", soundfont=find_soundfont())
