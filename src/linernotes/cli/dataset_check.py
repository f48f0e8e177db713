"""`linernotes dataset validate` and `linernotes dataset split`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.building.splits import SplitPlan, Together, parse_ratios
from linernotes.cli.dataset import AS_JSON, ROOT, SOURCE, counted
from linernotes.cli.progress import progress_bar
from linernotes.registry import load_dataset

if TYPE_CHECKING:
    from linernotes.clip import Clip
    from linernotes.manifest import Problem

SHOWN = 100


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("validate")(validate)
    app.command("split")(split)


def validate(
    source: str = SOURCE,
    root: Path | None = ROOT,
    audio: bool = typer.Option(False, "--audio", help="Also open every clip's audio file."),
    keep_unknown: bool = typer.Option(
        False, "--keep-unknown", help="Allow fields of your own; they go to extra."
    ),
    allow_leaks: bool = typer.Option(
        False, "--allow-leaks", help="Allow artists and captions in more than one split."
    ),
    as_json: bool = AS_JSON,
) -> None:
    """Find everything that is wrong with a manifest, or what a data set lacks on this disk; exit 1 if there is.

    Example: `linernotes dataset validate train.jsonl --audio`
    """
    if root is not None:
        _validate_dataset(source, root, audio, as_json)
        return
    from linernotes.datasets.sources import manifest_at

    path = manifest_at(source)
    with progress_bar("lines", None) as advance:
        found = list(_problems(path, audio, keep_unknown, allow_leaks, advance))
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in found], indent=2, ensure_ascii=False))
    else:
        for problem in found[:SHOWN]:
            typer.echo(f"{source}: {problem}")
        rest = len(found) - SHOWN
        typer.echo(
            f"and {rest} more"
            if rest > 0
            else f"{source}: {len(found) or 'no'} problem{'s' * (len(found) != 1)}"
        )
    if found:
        raise typer.Exit(1)


def _problems(
    path: Path, audio: bool, keep_unknown: bool, allow_leaks: bool, advance: Callable[[float], None]
) -> Iterator[Problem]:
    from linernotes.building.checks import LeakFinder, audio_fault
    from linernotes.manifest import Problem, checked_lines

    leaks, number = LeakFinder(), 0
    for number, line in enumerate(checked_lines(path, keep_unknown=keep_unknown), 1):
        if number % (10 if audio else 1000) == 0:
            advance(number)
        yield from line.problems
        if line.clip is None:
            continue
        messages = [] if allow_leaks else list(leaks.leaks(line.clip))
        if audio and (fault := audio_fault(line.clip, path.parent)):
            messages.append(fault)
        yield from (Problem(line.number, line.clip.clip_id, message) for message in messages)
    if not number:
        yield Problem(0, "", "holds no clip at all")


def _validate_dataset(name: str, root: Path, audio: bool, as_json: bool) -> None:
    dataset = load_dataset(name)
    with progress_bar("clips", None) as advance:
        report = dataset.validate(root, advance)
    broken = list(_broken_audio(name, root)) if audio else []
    if as_json:
        typer.echo(json.dumps({**asdict(report), "broken_audio": broken}, indent=2, ensure_ascii=False))
    else:
        for line in (*report.files, *report.splits):
            typer.echo(str(line))
        for problem in (*report.problems, *broken):
            typer.echo(f"problem: {problem}")
    if report.problems or broken:
        raise typer.Exit(1)


def _broken_audio(name: str, root: Path) -> Iterator[str]:
    """Audio files of a data set that are there and can't be used."""
    from linernotes.building.checks import audio_fault
    from linernotes.datasets.sources import audio_root, open_clips

    folder = audio_root(name, root)
    with progress_bar("audio files", None) as advance:
        for clip in counted(open_clips(name, root), advance):
            there = clip.audio_path and (folder / clip.audio_path).exists()
            if there and (fault := audio_fault(clip, folder)):
                yield f"{clip.clip_id}: {fault}"


def split(
    source: str = SOURCE,
    root: Path | None = ROOT,
    out: Path = typer.Option(..., help="The manifest to write, with the new splits.", show_default=False),
    ratios: str = typer.Option("60/20/20", help="Train, validation and test; two numbers: train and test."),
    by: Together = typer.Option(Together.artist, help="What must not be torn apart."),
    balance_tags: bool = typer.Option(
        False, "--balance-tags", help="Give every split its share of each tag."
    ),
    part_captions: bool = typer.Option(
        False, "--part-captions", help="Allow the same caption in two splits (else such clips stay together)."
    ),
    seed: int = typer.Option(0, help="Another seed, another split."),
    as_json: bool = AS_JSON,
) -> None:
    """Split a data set so that no artist and no caption is in two splits, and say how near the ratios it came.

    Example: `linernotes dataset split all.jsonl --by artist --ratios 70/10/20 --balance-tags --out split.jsonl`
    """
    from linernotes.building.splits import plan_splits
    from linernotes.datasets.sources import open_clips
    from linernotes.manifest import write_manifest

    wanted = parse_ratios(ratios)
    with progress_bar("planning", None) as advance:
        plan = plan_splits(
            counted(open_clips(source, root), advance),
            wanted,
            together=by,
            balance_tags=balance_tags,
            part_captions=part_captions,
            seed=seed,
        )
    if not plan.split_of:
        raise ValueError(f"{source} holds no clips: there is nothing to split")
    with progress_bar("writing", None) as advance:
        write_manifest(out, _with_splits(counted(open_clips(source, root), advance), plan))
    if as_json:
        facts = {name: value for name, value in asdict(plan).items() if name != "split_of"}
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _print_plan(plan, out, by)


def _with_splits(clips: Iterator[Clip], plan: SplitPlan) -> Iterator[Clip]:
    for clip in clips:
        yield replace(clip, split=plan.split_of[clip.clip_id])


def _print_plan(plan: SplitPlan, out: Path, by: Together) -> None:
    for share in plan.shares:
        typer.echo(
            f"{share.name}: {share.clips} clips in {share.groups} groups, "
            f"{100 * share.share:.1f} % (wanted {100 * share.wanted:.1f} %)"
        )
    typer.echo(f"largest deviation: {100 * plan.largest_deviation:.1f} points ({plan.deviates})")
    typer.echo(f"largest group that stays together: {100 * plan.largest_group:.1f} % of the clips")
    if by is Together.artist and plan.clips_without_artist:
        typer.echo(
            f"warning: {plan.clips_without_artist} clips name no artist: they stay with their recording"
        )
    typer.echo(f"written: {out}")
