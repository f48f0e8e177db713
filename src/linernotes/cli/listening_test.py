"""`linernotes listening-test`: captions against people's, judged by ear."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes.cli.outputs import check_outputs
from linernotes.cli.progress import progress_bar
from linernotes.listening import HOST, PORT, RATINGS

if TYPE_CHECKING:
    from linernotes.listening.making import Made, Plan

app = typer.Typer(
    name="listening-test",
    help="A-vs-B listening tests of captions against people's: new, serve, report.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

FOLDER = typer.Argument(..., help="The test's folder, as `new` made it.")


def register(parent: typer.Typer) -> None:
    """Add `linernotes listening-test` and its sub-commands to `parent`."""
    parent.add_typer(app)


@app.command()
def new(
    source: str = typer.Argument(
        ..., help="A manifest with audio and people's captions, or a data set's name."
    ),
    root: Path | None = typer.Argument(None, help="The folder of the data set, when its name is given."),
    captions: list[str] = typer.Option(
        ...,
        help="A method, NAME=FILE: its captions by clip id, JSON Lines, csv or Parquet. Give it several times.",
    ),
    out: Path = typer.Option(..., help="The new folder for the test."),
    split: str = typer.Option("all", help="Only clips of this split."),
    clips: int | None = typer.Option(None, help="Draw so many clips; otherwise all."),
    per_rater: int | None = typer.Option(None, help="Questions a rater is asked [20, or as many as clips]."),
    ratings: int = typer.Option(
        RATINGS, help="How many raters should hear a pair before new pairs are taken."
    ),
    codes: int = typer.Option(
        0, help="Make so many codes; only they let raters in. Otherwise any name does."
    ),
    title: str = typer.Option(
        "Listening test", help="What raters see at the top; don't name a method in it."
    ),
    seed: int = typer.Option(0, help="Of the draw of clips, pairs and sides."),
    allow_missing: bool = typer.Option(
        False, "--allow-missing", help="Leave out clips without audio, a person's caption or a method's."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Lay out a test: one text is always a person's, the other a method's.

    The clips are cut out and written as FLAC without tags, so that every browser plays them and nothing tells.

    Examples:

    * `linernotes listening-test new eval.jsonl --captions lp=lp.jsonl --captions muscaps=muscaps.jsonl --out test`
    * `linernotes listening-test new eval.jsonl --captions lp=lp.jsonl --clips 240 --codes 24 --out test`
    """
    from linernotes.datasets.sources import audio_root, open_clips
    from linernotes.listening.making import Plan, make_test

    try:
        plan = Plan(title, clips, per_rater, ratings, codes, seed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    predictions = _predictions(captions)
    found = list(open_clips(source, root, split))
    with progress_bar("cutting clips", clips or len(found)) as advance:
        made = make_test(
            found, audio_root(source, root), predictions, plan, out,
            allow_missing=allow_missing, advance=advance,
        )  # fmt: skip
    typer.echo(_made_json(made) if as_json else _made_text(made, plan))


def _predictions(captions: list[str]) -> dict[str, dict[str, str]]:
    from linernotes.caption_files import read_predictions

    files: dict[str, Path] = {}
    for each in captions:
        name, equals, file = each.partition("=")
        if not (name.strip() and equals and file):
            raise typer.BadParameter(f"--captions takes NAME=FILE, got {each!r}")
        if name.strip() in files:
            raise typer.BadParameter(f"two methods are called {name.strip()!r}")
        files[name.strip()] = Path(file)
    return {name: read_predictions(path) for name, path in files.items()}


def _made_json(made: Made) -> str:
    data = {**asdict(made), "folder": str(made.folder)}
    return json.dumps(data, indent=2, ensure_ascii=False)


def _made_text(made: Made, plan: Plan) -> str:
    settings = made.settings
    lines = [
        f"{made.folder}: {made.clips} clips, {made.pairs} pairs with {len(settings.methods)} methods; every rater "
        f"is asked about {settings.per_rater}, and a pair is meant for {settings.ratings} raters"
    ]
    if made.left_out:
        lines.append(f"clips left out because something of theirs is missing: {made.left_out}")
    if made.identical:
        lines.append(f"pairs left out because both texts are the same: {made.identical}")
    if plan.codes:
        lines += ["codes, one for each rater:", *(f"  {code}" for code in made.codes)]
    return "\n".join([*lines, f"now: linernotes listening-test serve {made.folder}"])


@app.command()
def serve(
    folder: Path = FOLDER,
    host: str = typer.Option(HOST, help="The address to listen at; 0.0.0.0 lets other machines in."),
    port: int = typer.Option(PORT, min=0, max=65535, help="The port; 0 takes a free one."),
    as_json: bool = typer.Option(False, "--json", help="Print the address as JSON."),
) -> None:
    """Show the test to raters until Ctrl-C; answers are kept as they come, and the next `serve` goes on.

    Example: `linernotes listening-test serve test`
    """
    from linernotes.listening.server import ListeningServer
    from linernotes.listening.store import TestStore

    store = TestStore(folder)
    with ListeningServer(store, host, port) as server:
        typer.echo(json.dumps({"url": server.url}) if as_json else f"{store.settings.title}: {server.url}")
        sys.stdout.flush()
        if not server.is_local:
            print(
                "linernotes: other machines can reach this page, over plain HTTP; "
                f"{'each rater needs a code' if store.settings.closed else 'anybody who does may take part'}",
                file=sys.stderr,
            )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"linernotes: stopped; {len(store.verdicts())} answers so far", file=sys.stderr)
        finally:
            store.close()


@app.command()
def report(
    folder: Path = FOLDER,
    out: Path | None = typer.Option(None, help="Write the report to this Markdown file."),
    chart: Path | None = typer.Option(None, help="Draw stacked bars to this .png or .svg."),
    answers: Path | None = typer.Option(None, help="Write every answer to this csv."),
    names: bool = typer.Option(False, "--names", help="Call raters by the names they gave, not by numbers."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of Markdown."),
) -> None:
    """Count wins, ties and losses of every method, with intervals, and say how far the raters agree.

    Works while the test is being served. The chart needs the extra: `pip install 'linernotes[plot]'`.

    Example: `linernotes listening-test report test --out report.md --chart bars.png`
    """
    from linernotes.export import write_atomically
    from linernotes.listening.chart import check_chart, plot_report
    from linernotes.listening.report import answers_to_csv, report_to_dict, report_to_markdown
    from linernotes.listening.report import report as read_report
    from linernotes.listening.schema import FILE_NAME
    from linernotes.listening.store import TestStore

    check_outputs({"--out": out, "--chart": chart, "--answers": answers}, [folder / FILE_NAME])
    if chart is not None:
        check_chart(chart)
    with closing(TestStore(folder)) as store:
        found = read_report(store)
        verdicts = store.verdicts()
    markdown = report_to_markdown(found, names=names)
    if out is not None:
        write_atomically(out, markdown)
    if answers is not None:
        write_atomically(answers, answers_to_csv(verdicts, names=names))
    if chart is not None:
        plot_report(found, chart)
    if as_json:
        data = report_to_dict(found, names=names)
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
    elif out is None:
        typer.echo(markdown, nl=False)
