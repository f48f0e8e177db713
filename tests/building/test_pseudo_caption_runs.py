"""Whole runs over a manifest: what is counted, what is resumed, what a budget stops."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linernotes.building.pseudo_captions.asking import Asked, AskOptions
from linernotes.building.pseudo_captions.gates import GateOptions
from linernotes.building.pseudo_captions.instructions import load_instructions
from linernotes.building.pseudo_captions.makers import Backend, load_makers
from linernotes.building.pseudo_captions.making import Plan, make_captions, orders_of, survey
from linernotes.building.pseudo_captions.names import ArtistIndex
from linernotes.building.pseudo_captions.report import Report, report_to_markdown
from linernotes.clip import Clip
from linernotes.llm import Completion, Message, RateLimitedError, RefusedError, Schema, TruncatedError
from linernotes.llm.cache import AnswerCache
from linernotes.llm.load import Manners, with_manners
from linernotes.llm.metering import Meter, Price
from linernotes.llm.retrying import RetryPolicy
from linernotes.manifest import read_manifest

CLIPS = (
    Clip("a", "a.wav", end_s=1800.0, captions=("Human words.",), tags=("folk", "flute"), artist_id="Ann Ode"),
    Clip("b", "b.wav", 10.0, 1810.0, tags=("Ann Ode", "rock")),
    Clip("c", "c.wav", end_s=10.0),
    Clip("d", "d.wav", tags=("calm", "piano"), extra={"kept": 1}),
)


class Counted:
    """Says which tags it was told, counts its calls, and fails where it is told to."""

    name = "counted"

    def __init__(self, failures: dict[str, Exception] | None = None) -> None:
        self.failures = failures or {}
        self.asked: list[str] = []

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        temperature: float | None = 0.0,
        max_tokens: int = 512,
    ) -> Completion:
        told = messages[1].content
        self.asked.append(told)
        for word, error in self.failures.items():
            if word in told:
                raise error
        tags = json.loads(f"[{told.splitlines()[0].partition(': ')[2]}]")
        text = f"A piece with {' and '.join(tags)} in it."
        data = {"description": text}
        return Completion(json.dumps(data), "counted-1", data, 100, 10)


def plan(model: Counted, cache: Path | None = None, **changes: Any) -> Plan:
    manners = Manners(
        RetryPolicy(attempts=1), cache=cache, keep_failures=True, meter=changes.pop("meter", None)
    )
    maker = Asked(with_manners(model, manners), load_instructions().tasks, AskOptions())
    return Plan("songs", "counted", lambda: iter(CLIPS), {"writing": maker}, **changes)


def run(plan: Plan, folder: Path) -> Report:
    return make_captions(plan, survey(plan), folder)


def captions(folder: Path) -> dict[str, tuple[str, ...]]:
    return {clip.clip_id: clip.captions for clip in read_manifest(folder / "pseudo-captions.jsonl")}


def dead(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "dead-letters.jsonl").read_text().splitlines()]


def test_a_manifest_becomes_a_manifest(tmp_path: Path) -> None:
    report = run(plan(Counted()), tmp_path)
    assert captions(tmp_path) == {
        "a": ("A piece with folk and flute in it.",),
        "b": ("A piece with rock in it.",),  # Ann Ode is the artist of another clip
        "d": ("A piece with calm and piano in it.",),
    }
    assert (report.clips, report.clips_without_tags, report.tags_withheld) == (4, 1, 1)
    assert (report.in_manifest, report.failed) == (3, 0)
    clips = list(read_manifest(tmp_path / "pseudo-captions.jsonl"))
    (source,) = clips[2].extra["pseudo_captions"]
    assert clips[2].extra["kept"] == 1
    assert (source["task"], source["model"], source["tokens_in"], source["tokens_out"]) == (
        "writing",
        "counted-1",
        100,
        10,
    )
    assert len(source["prompt_sha256"]) == 64
    assert source["date"].endswith("+00:00")
    assert clips == list(read_manifest(tmp_path / "pseudo-captions.parquet"))
    assert replace(clips[0], captions=CLIPS[0].captions, extra={}) == CLIPS[0]


def test_table_3(tmp_path: Path) -> None:
    tasks = ("tag_concat", "template")
    makers = load_makers(tasks, Backend())
    report = run(Plan("songs", "", lambda: iter(CLIPS), makers), tmp_path)
    whole, concat = report.tables["all"], report.tables["tag_concat"]
    # half an hour of a, half an hour of b; d's end is not known
    assert (whole.items, whole.hours, whole.clips_without_end) == (3, 1.0, 1)
    assert (whole.fewest_captions, whole.most_captions, whole.captions) == (2, 2, 6)
    # 2, 1 and 2 words: the tag that names an artist is withheld
    assert (concat.tokens_mean, round(concat.tokens_sd, 3)) == (pytest.approx(5 / 3), 0.471)
    assert "| songs, tag_concat | 3 | 1.0 | 1 | 1.7±0.5 |" in report_to_markdown(report)
    assert [source["task"] for clip in read_manifest(tmp_path / "pseudo-captions.jsonl")
            for source in clip.extra["pseudo_captions"]] == [*tasks] * 3  # fmt: skip


def test_every_order_is_in_the_manifest_or_dead(tmp_path: Path) -> None:
    model = Counted({"rock": RefusedError("no rock here"), "piano": TruncatedError("too long")})
    report = run(plan(model), tmp_path)
    assert set(captions(tmp_path)) == {"a"}
    assert [(letter["clip_id"], letter["kind"], letter["reason"]) for letter in dead(tmp_path)] == [
        ("b", "failed", "RefusedError: no rock here"),
        ("d", "failed", "TruncatedError: too long"),
    ]
    assert report.failures == {"RefusedError": 1, "TruncatedError": 1}


def test_a_gate_keeps_captions_out_with_their_text(tmp_path: Path) -> None:
    gates = GateOptions(min_words=7, drop=frozenset({"length"}))
    report = run(plan(Counted(), gates=gates), tmp_path)
    assert set(captions(tmp_path)) == {"a", "d"}
    assert [letter["caption"] for letter in dead(tmp_path)] == ["A piece with rock in it."]
    assert (report.rejected, report.faults["length"], report.in_manifest) == (1, 1, 2)
    kept = run(plan(Counted(), gates=replace(gates, drop=frozenset())), tmp_path)
    assert (kept.rejected, kept.faults["length"], kept.in_manifest) == (0, 1, 3)


def test_what_was_paid_is_not_paid_again_good_or_bad(tmp_path: Path) -> None:
    cache = tmp_path / "c.sqlite"
    run(plan(Counted({"rock": RefusedError("no")}), cache), tmp_path)
    before = (captions(tmp_path), dead(tmp_path), (tmp_path / "pseudo-captions.jsonl").read_bytes())
    again = Counted()
    report = run(plan(again, cache), tmp_path)
    assert again.asked == []
    assert before == (captions(tmp_path), dead(tmp_path), (tmp_path / "pseudo-captions.jsonl").read_bytes())
    assert report.from_cache == 2
    assert AnswerCache(cache).forget_failures() == 1
    assert run(plan(again, cache), tmp_path).failed == 0
    assert len(again.asked) == 1


def test_what_a_server_could_not_do_is_asked_again(tmp_path: Path) -> None:
    cache = tmp_path / "c.sqlite"
    assert run(plan(Counted({"rock": RateLimitedError("later")}), cache), tmp_path).failed == 1
    again = Counted()
    assert run(plan(again, cache), tmp_path).failed == 0
    assert len(again.asked) == 1


@pytest.mark.parametrize(
    "limits",
    [{"max_calls": 2}, {"max_tokens": 220}, {"max_cost": 0.00022, "price": Price(1.0, 1.0)}],
    ids=["calls", "tokens", "cost"],
)
def test_a_budget_stops_the_run_and_the_next_goes_on(tmp_path: Path, limits: dict[str, Any]) -> None:
    cache = tmp_path / "c.sqlite"
    report = run(plan(Counted(), cache, meter=Meter(**limits)), tmp_path)
    assert (report.in_manifest, report.not_asked, report.is_complete) == (2, 1, False)
    assert "the limit of" in report.stopped
    assert set(captions(tmp_path)) == {"a", "b"}
    if "max_calls" not in limits:  # what was spent before counts
        spent = AnswerCache(cache).spent()
        assert (spent.tokens_in, spent.tokens_out) == (200, 20)
        stuck = run(plan(Counted(), cache, meter=Meter(**limits, spent=spent)), tmp_path)
        assert stuck.not_asked == 1
    whole = run(plan(Counted(), cache), tmp_path)
    assert (whole.in_manifest, whole.from_cache, whole.is_complete) == (3, 2, True)


def test_a_limit_counts_clips_with_tags() -> None:
    limited = plan(Counted(), limit=2)
    assert [order.clip.clip_id for order in orders_of(limited, ArtistIndex())] == ["a", "b"]


def test_clips_that_no_manifest_holds_cost_nothing(tmp_path: Path) -> None:
    model = Counted()
    twice = replace(plan(model), clips=lambda: iter([*CLIPS, CLIPS[0]]))
    with pytest.raises(ValueError, match="songs, a: this clip_id comes twice"):
        run(twice, tmp_path)
    astray = replace(plan(model), clips=lambda: iter([replace(CLIPS[0], audio_path="../a.wav")]))
    with pytest.raises(ValueError, match="songs, a: audio_path"):
        run(astray, tmp_path)
    assert model.asked == []


def test_two_runs_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    class Nosy(Counted):
        def complete(self, messages: Sequence[Message], **_: Any) -> Completion:  # type: ignore[override]
            with pytest.raises(ValueError, match="another run is at work"):
                run(plan(Counted()), tmp_path)
            return Completion('{"description": "A piece."}', "nosy", {"description": "A piece."})

    assert run(plan(Nosy()), tmp_path).in_manifest == 3


def test_leftovers_of_a_killed_run_go(tmp_path: Path) -> None:
    leftover = tmp_path / ".pseudo-captions.jsonl.abc.part"
    other = tmp_path / ".manifest.jsonl.abc.part"
    leftover.touch()
    other.touch()
    run(plan(Counted()), tmp_path)
    assert (leftover.exists(), other.exists()) == (False, True)
