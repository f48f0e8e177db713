"""The pipeline as a whole, on stages that do next to nothing: what is kept, done again and counted."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from linernotes.audio import Audio
from linernotes.building.singing import ATTRIBUTES, Attribute, making, stages
from linernotes.building.singing.diarising import GenderTurns
from linernotes.building.singing.hearing import Turn
from linernotes.building.singing.making import Plan, build
from linernotes.building.singing.polishing import Polish
from linernotes.building.singing.records import Outcome
from linernotes.building.singing.spleeter import Spleeter
from linernotes.building.singing.stages import made_by, plain_of
from linernotes.building.singing.wording import ModelWriter, Templates
from linernotes.clip import Clip
from linernotes.features.frames import Frames
from linernotes.llm import Completion, LanguageModelError, ServerError, UnauthorisedError
from linernotes.manifest import read_manifest

TRACKS = 10
REAL_ATTEMPT = making._attempt


class Killed(BaseException):
    """What no stage catches."""


@dataclass
class Log:
    """Which stage worked on which clip; raises `Killed` at the call numbered `dies_at`."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    dies_at: int = -1

    def note(self, stage: str, clip: str) -> None:
        if len(self.calls) == self.dies_at:
            raise Killed
        self.calls.append((stage, clip))


class Copy:
    name = "copy"

    def __call__(self, audio: Audio) -> Audio:
        return Audio(audio.waveform, 16_000)


class Whole:
    name = "whole"

    def __call__(self, frames: Frames, vocals: Audio) -> list[Turn]:
        raise NotImplementedError


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    """Ten tracks of 6 s of noise by five artists; the ninth is born early, the tenth has no file."""
    root = tmp_path / "tracks"
    root.mkdir()
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * 16_000)
    for number in range(TRACKS - 1):
        soundfile.write(root / f"{number}.wav", noise, 16_000)
    return root


def clips() -> Iterator[Clip]:
    for number in range(TRACKS):
        extra = {"artist": f"Nina Simone {number // 2}", "birth_year": 1950 if number == 8 else 1980}
        yield Clip(f"t{number}", f"{number}.wav", artist_id=f"a{number // 2}", extra=extra)


@pytest.fixture
def run(
    tracks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Log, dict[str, Any]]]:
    """Builds the set with stages that listen to nothing; returns what was worked on and the report."""

    def once(dies_at: int = -1, **changes: Any) -> tuple[Log, dict[str, Any]]:
        log = Log(dies_at=dies_at)

        def attempt(stage: stages.Stage, clip: Clip) -> Outcome:
            log.note(stage.name, clip.clip_id)
            if stage.name == "diarise":
                return Outcome((made_by(clip, stage, turns=[[0.0, 6.0, "singer 1"]]),))
            if stage.name == "attributes":
                return Outcome((made_by(clip, stage, attributes=plain_of(told(clip.clip_id))),))
            return REAL_ATTEMPT(stage, clip)

        monkeypatch.setattr(making, "_attempt", attempt)
        writer = changes.pop("writer", Templates())
        source, demixer = changes.pop("clips", clips), changes.pop("demixer", Copy())
        root = changes.pop("root", tracks)
        plan = Plan("here", source, root, demixer, Whole(), writer, Polish(), **changes)
        build(plan, tmp_path / "out")
        return log, json.loads((tmp_path / "out" / "singing-report.json").read_text())

    return once


def told(clip_id: str) -> dict[str, Attribute]:
    """Attributes that follow from the name; of the first track no mood is known."""
    number = int(clip_id[1])
    values = {
        "volume": "low",
        "pitch": "high" if number % 2 else "low",
        "singer_gender": "male",
        "timbre": "warm",
        "mood": "unsure" if number == 0 else "calm",
        "tempo": "slow",
    }
    numbers = {"volume": -35.0 + number, "pitch": 240.0 if number % 2 else 100.0}
    return {
        name: Attribute(name, values.get(name, "unsure"), 0.9, "test", numbers.get(name))
        for name in ATTRIBUTES
    }


def test_only_light_stages_go_elsewhere_and_a_process_that_dies_costs_one_item(
    run: Callable[..., Any],
) -> None:
    sent: list[str] = []

    def elsewhere(work: Callable[[Clip], Outcome], clips: Sequence[Clip]) -> Iterator[Outcome | str]:
        for clip in clips:
            sent.append(clip.clip_id)
            yield "the process died" if clip.clip_id == "t3" else work(clip)

    _, report = run(run=elsewhere)
    there = [f"t{number}" for number in range(TRACKS - 2)]
    assert sent == [*there, *(f"{name}-000" for name in there if name != "t3")]  # segment, then attributes
    excluded = {stage["name"]: stage["excluded"] for stage in report["stages"]}
    assert excluded["segment"] == {"failed": 1}
    assert report["whole"]["tracks"] == TRACKS - 4
    sent.clear()
    run(run=elsewhere, retry_failed=True)
    assert sent == ["t3"]  # and nothing that was done


def test_light_stages_can_travel_to_another_process(tmp_path: Path) -> None:
    light = (
        stages.Demix(tmp_path, tmp_path, Spleeter()),
        stages.Diarise(tmp_path, tmp_path, GenderTurns()),
        stages.Segment(tmp_path, tmp_path),
        stages.Attributes(tmp_path),
    )
    for stage in light:
        assert making._is_light(stage)
        assert pickle.loads(pickle.dumps(stage)).identity == stage.identity
    assert not making._is_light(stages.Demix(tmp_path, tmp_path, Copy()))


def test_every_exclusion_is_counted_and_no_artist_is_in_two_splits(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    _, report = run()
    reasons = {stage["name"]: stage["excluded"] for stage in report["stages"]}
    assert reasons["filter"] == {"singer born before 1970": 1, "audio missing": 1}
    assert reasons["prompt"] == {"unknown: mood": 1}
    made = list(read_manifest(tmp_path / "out" / "manifest.jsonl"))
    assert len(made) == TRACKS - 3
    assert report["artists_in_several_splits"] == 0
    assert report["whole"]["tracks"] == TRACKS - 3
    assert report["largest_deviation"] is not None
    for clip in made:
        assert set(clip.extra["made_by"]) == set(stages.ITEM_STAGES)
        assert "Nina" not in clip.captions[0]
        for path in (clip.audio_path, clip.extra["vocals_path"]):
            assert soundfile.info(tmp_path / "out" / path).duration == pytest.approx(6.0, abs=0.01)
    assert "| Total | 7 | 7 |" in (tmp_path / "out" / "singing-report.md").read_text()


@pytest.mark.parametrize("dies_at", [0, 5, 13, 21, 30, 37, 45, 55])
def test_a_killed_run_does_nothing_twice(run: Callable[..., Any], tmp_path: Path, dies_at: int) -> None:
    with pytest.raises(Killed):
        run(dies_at)
    log, _ = run()
    done = (tmp_path / "out" / "manifest.jsonl").read_bytes()
    whole, _ = run()
    assert whole.calls == []
    assert (tmp_path / "out" / "manifest.jsonl").read_bytes() == done
    # 10 tracks are filtered, 8 go through five stages, 7 to the last: what died was repeated, nothing else
    assert len(log.calls) == 10 + 5 * 8 + 7 - dies_at


def test_another_writer_rewrites_and_keeps_what_came_before(run: Callable[..., Any]) -> None:
    run()
    log, _ = run(allow_partial=True)
    assert {stage for stage, _ in log.calls} == {"prompt", "postprocess"}


def test_a_lost_file_is_made_again(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    next((tmp_path / "out" / "vocals").iterdir()).unlink()
    log, _ = run()
    assert [stage for stage, _ in log.calls] == ["segment"]


class Quieter:
    name = "half as loud"

    def __call__(self, audio: Audio) -> Audio:
        return Audio(audio.waveform * np.float32(0.5), 16_000)


def test_back_to_an_earlier_demixer_the_voices_are_its_own(run: Callable[..., Any], tmp_path: Path) -> None:
    voices = [tmp_path / "out" / "tracks" / "t3.vocals.flac", tmp_path / "out" / "vocals" / "t3-000.flac"]
    run()
    theirs = [path.read_bytes() for path in voices]
    run(demixer=Quieter())
    assert all(path.read_bytes() != before for path, before in zip(voices, theirs, strict=True))
    log, _ = run()
    assert [path.read_bytes() for path in voices] == theirs
    assert {stage for stage, _ in log.calls} == {"demix", "segment"}  # what was heard of them still holds


def test_stems_that_tracks_bring_are_not_taken_for_ours(run: Callable[..., Any], tracks: Path) -> None:
    """As those of `singing render`; a track that is changed is worked on again, stem or no stem."""

    def with_stems() -> Iterator[Clip]:
        for clip in clips():
            yield replace(clip, extra={**clip.extra, "vocals_path": f"stems/{clip.clip_id}.flac"})

    run(clips=with_stems)
    log, _ = run(clips=with_stems)
    assert log.calls == []
    soundfile.write(tracks / "3.wav", 0.05 * np.random.default_rng(1).standard_normal(7 * 16_000), 16_000)
    log, _ = run(clips=with_stems)
    assert {clip.partition("-")[0] for _, clip in log.calls} == {"t3"}


def test_a_set_within_its_source_is_no_source(run: Callable[..., Any], tmp_path: Path) -> None:
    """As by `build folder songs --out songs/set`."""

    def grown() -> Iterator[Clip]:
        for clip in clips():
            yield replace(clip, audio_path=f"tracks/{clip.audio_path}")
        for path in (tmp_path / "out").rglob("*.flac"):
            yield Clip(path.name, str(path.relative_to(tmp_path)))

    run(clips=grown, root=tmp_path)
    assert len([clip for clip in grown() if clip.audio_path.startswith("out")]) == 3 * 8
    log, report = run(clips=grown, root=tmp_path)
    assert log.calls == []
    assert report["stages"][0]["items"] == TRACKS


def test_a_source_without_tracks_is_told(run: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="here holds no track"):
        run(clips=lambda: iter(()))


def test_a_run_of_some_stages_keeps_the_rest_of_the_report_and_says_what_it_outdates(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    _, whole = run()
    _, same = run(stages=("filter", "demix"))
    assert [stage["name"] for stage in same["stages"]] == list(stages.ITEM_STAGES)
    assert (same["whole"], same["artists"], same["outdated"]) == (whole["whole"], whole["artists"], [])
    _, other = run(stages=("filter",), born_from=1900)  # one track more
    assert other["whole"] == whole["whole"]
    assert other["outdated"] == list(stages.STAGES[1:])
    _, partly = run(stages=("demix", "split"), born_from=1900)
    assert partly["outdated"] == list(stages.STAGES[2:])  # the split is of the old captions still
    assert "run them again: diarise" in (tmp_path / "out" / "singing-report.md").read_text()
    _, again = run(born_from=1900)
    assert again["outdated"] == []
    assert again["whole"]["tracks"] == whole["whole"]["tracks"] + 1


def test_a_damaged_report_is_written_anew(run: Callable[..., Any], tmp_path: Path) -> None:
    _, whole = run()
    for text in ("{", "[]", '{"stages": [1]}', '{"stages": [], "more": 1}'):
        (tmp_path / "out" / "singing-report.json").write_text(text)
        _, again = run()
        assert again["whole"] == whole["whole"]


def test_an_artist_known_by_name_alone_is_in_one_split(run: Callable[..., Any], tmp_path: Path) -> None:
    def named() -> Iterator[Clip]:
        for number, clip in enumerate(clips()):
            name = clip.extra["artist"]
            yield replace(
                clip, artist_id="", extra={**clip.extra, "artist": f" {name.upper()}" if number % 2 else name}
            )

    _, report = run(clips=named)
    assert (report["artists"], report["clips_without_artist"]) == (4, 0)
    assert report["artists_in_several_splits"] == 0
    splits: dict[str, set[str]] = {}
    for clip in read_manifest(tmp_path / "out" / "manifest.jsonl"):
        splits.setdefault(clip.extra["artist"].strip().casefold(), set()).add(clip.split)
    assert all(len(found) == 1 for found in splits.values())


def test_where_nothing_is_left_the_report_says_what_would_help(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    _, report = run(clips=lambda: iter([next(clips())]))  # of which no mood is known
    assert report["whole"]["captions"] == 0
    text = (tmp_path / "out" / "singing-report.md").read_text()
    assert "No segment was left to caption. `--allow-partial`" in text
    assert "Largest deviation" not in text


def test_the_report_tells_the_classes_in_words(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    text = (tmp_path / "out" / "singing-report.md").read_text()
    assert (
        "classes: stated (volume -28 and -20 dBFS; pitch male 130 and 200 Hz, female 235 and 330 Hz;" in text
    )


def test_terciles_are_fitted_on_the_set(run: Callable[..., Any]) -> None:
    _, report = run(fit_terciles=True)
    assert report["thresholds"]["made_by"] == "terciles of this set"


def test_stages_need_those_before_them(run: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="run the stage filter first"):
        run(stages=("demix",))
    with pytest.raises(ValueError, match="no stage is called 'mix'"):
        run(stages=("mix",))


class Moody:
    """A language model that fails with `error` while it has one, else says what it is told."""

    name = "moody"

    def __init__(self) -> None:
        self.error: LanguageModelError | None = None

    def complete(self, messages: Any, **options: Any) -> Completion:
        del options
        if self.error:
            raise self.error
        told = json.loads(messages[-1].content)
        text = Templates()({name: Attribute(name, value, 1.0, "") for name, value in told.items()}, "x").text
        return Completion(text, "moody-1")


def test_what_a_model_did_not_answer_is_asked_again_and_only_that(run: Callable[..., Any]) -> None:
    model = Moody()
    model.error = ServerError("gone")
    _, report = run(writer=ModelWriter(model))
    assert report["stages"][-2]["excluded"]["not answered"] == 7
    model.error = None
    log, report = run(writer=ModelWriter(model))
    assert [stage for stage, _ in log.calls] == ["prompt"] * 7 + ["postprocess"] * 7
    assert report["stages"][-1]["made"] == 7


def test_a_model_that_lets_nothing_pass_ends_the_run(run: Callable[..., Any]) -> None:
    model = Moody()
    model.error = UnauthorisedError("wrong key")
    with pytest.raises(UnauthorisedError, match="wrong key"):
        run(writer=ModelWriter(model))


def test_a_server_that_is_gone_ends_the_run(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "FAILURES_IN_A_ROW", 3)
    model = Moody()
    model.error = ServerError("no connection")
    with pytest.raises(LanguageModelError, match=r"3 items in a row were not answered .*no connection"):
        run(writer=ModelWriter(model))
