"""`linernotes pseudo-caption`: captions for the tags of a whole data set."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from linernotes.cli.outputs import check_outputs
from linernotes.cli.progress import progress_bar
from linernotes.llm import KEY_VARIABLE, TIMEOUT_S

if TYPE_CHECKING:
    from linernotes.building.pseudo_captions.asking import AskOptions
    from linernotes.building.pseudo_captions.makers import Backend
    from linernotes.building.pseudo_captions.report import Report
    from linernotes.llm.metering import Meter, Price, Usage

TASK_HELP = "writing, summary, paraphrase, attribute_prediction, tag_concat, template or k2c"
BACKEND_HELP = (
    "composer or small (shipped), an OpenAI-compatible URL, local:FOLDER (or .gguf), scripted:FILE, or "
    "t5:FOLDER_OR_NAME for k2c."
)
MODEL = typer.Option("", help="The model's name on that server.")
INSTRUCTIONS = typer.Option(None, help="Your own instructions, in the shape of the shipped file (TOML).")
PLAIN = typer.Option(False, "--plain", help="Take the answer as it is: for models too small to write JSON.")
TEMPERATURE = typer.Option("0", help="A number, or `default` to leave it to the server.")
MAX_TOKENS = typer.Option(1000, min=1, help="Room for one answer, thoughts included.")
KEY = typer.Option(KEY_VARIABLE, help="Environment variable that holds the server's key.")
TIMEOUT = typer.Option(TIMEOUT_S, help="Seconds to wait for one answer.")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("pseudo-caption")(pseudo_caption)


def pseudo_caption(
    source: str = typer.Argument(..., help="A manifest (.jsonl, .parquet, .csv), or the name of a data set."),
    root: Path | None = typer.Argument(None, help="The folder of the data set, when its name is given."),
    task: list[str] = typer.Option(["writing"], help=f"{TASK_HELP}; several times for several captions."),
    backend: str = typer.Option("composer", help=BACKEND_HELP),
    out: Path = typer.Option(..., help="Folder for manifest, dead letters, report and answers."),
    model: str = MODEL,
    instructions: Path | None = INSTRUCTIONS,
    plain: bool = PLAIN,
    split: str = typer.Option("all", help="Only this split."),
    limit: int | None = typer.Option(None, min=1, help="Only so many clips, of those with tags."),
    drop: list[str] = typer.Option(
        ["contradiction", "leak"],
        help="Keep captions with this fault out: coverage, contradiction, unsupported, leak, unknown_name, "
        "length, repetition, duplicate, or `none`; several times for several.",
    ),
    min_coverage: float = typer.Option(0.5, help="Share of the tags' words that a caption should say."),
    min_words: int = typer.Option(3, min=0, help="Shorter captions are too short."),
    max_words: int = typer.Option(150, min=1, help="Longer captions are too long."),
    jobs: int = typer.Option(4, min=1, help="Requests in flight at once."),
    calls_per_minute: float | None = typer.Option(None, help="Start no more requests than this a minute."),
    attempts: int = typer.Option(6, min=1, help="Ask so often where a server fails."),
    first_wait: float = typer.Option(1.0, min=0.0, help="Seconds before the second attempt; then doubling."),
    timeout: float = TIMEOUT,
    max_calls: int | None = typer.Option(None, min=1, help="Stop before more requests than this."),
    max_tokens_paid: int | None = typer.Option(
        None, min=1, help="Stop when so many tokens are paid, in and out."
    ),
    max_cost: float | None = typer.Option(None, min=0.0, help="Stop when so much is paid, by the prices."),
    price_in: float = typer.Option(0.0, min=0.0, help="Price of a million tokens of prompts."),
    price_out: float = typer.Option(0.0, min=0.0, help="Price of a million tokens of answers."),
    cache: Path | None = typer.Option(None, help="Keep answers in this file, not in the folder of --out."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Ask again for what failed before."),
    temperature: str = TEMPERATURE,
    max_tokens: int = MAX_TOKENS,
    key_variable: str = KEY,
    seed: int = typer.Option(0, help="Another seed, other words from the shipped writers."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Make captions from tags: by an instructed language model, the shipped writers, or the paper's baselines.

    Only tags reach a prompt, never artist, title or album. A killed run goes on where it was by the same command.

    Examples:

    * `linernotes pseudo-caption rendered/manifest.jsonl --task writing --task paraphrase --out captions/`
    * `linernotes pseudo-caption musiccaps data/ --task summary --backend http://localhost:11434/v1 --model qwen3
      --jobs 8 --out captions/`
    """
    from linernotes.building.pseudo_captions.gates import GateOptions
    from linernotes.building.pseudo_captions.makers import Backend, asks_many, check_task, load_makers
    from linernotes.building.pseudo_captions.making import Plan, make_captions, survey
    from linernotes.datasets.sources import open_clips
    from linernotes.llm.load import Manners
    from linernotes.llm.metering import Meter, Price
    from linernotes.llm.retrying import RetryPolicy

    try:
        gates = GateOptions(min_coverage, min_words, max_words, frozenset(drop) - {"none"})
        asking = ask_options(temperature, max_tokens, plain)
        retries = RetryPolicy(attempts, first_wait)
        for each in task:
            check_task(each, Backend(instructions=instructions))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if max_cost is not None and not price_in and not price_out:
        raise typer.BadParameter("--max-cost needs --price-in or --price-out")
    answers = _answers(task, backend, out, cache, [Path(source), instructions])
    price = Price(price_in, price_out)
    spent = _spent(answers, retry_failed)
    meter = Meter(max_calls, max_tokens_paid, price=price, max_cost=max_cost, spent=spent)
    manners = Manners(retries, calls_per_minute, timeout, answers, True, meter)
    chosen = Backend(backend, model, key_variable, instructions, asking, manners, seed)
    plan = Plan(
        source=_label(source),
        backend=f"{model} at {backend}" if model else backend,
        clips=lambda: open_clips(source, root, split),
        makers=load_makers(task, chosen),
        gates=gates,
        jobs=jobs if asks_many(chosen) else 1,
        limit=limit,
    )
    with progress_bar("clips", None) as advance:
        ahead = survey(plan, advance)
    if not ahead.orders:
        raise ValueError(f"none of the {ahead.clips} clips of {source} has tags")
    with progress_bar("captions", ahead.orders) as advance:
        report = make_captions(plan, ahead, out, advance, lambda: _details(chosen, meter, price, limit))
    _print(report, out, as_json)
    _end(report, out)


def _answers(
    tasks: list[str], backend: str, out: Path, cache: Path | None, read: list[Path | None]
) -> Path | None:
    """Where answers are kept, if they are worth it; that nothing is read and written at once is seen to here."""
    from linernotes.building.pseudo_captions.makers import Backend, needs_cache
    from linernotes.building.pseudo_captions.making import ANSWERS, OUTPUTS

    kind, _, rest = backend.partition(":")
    model = Path(rest) if kind in ("scripted", "local") and rest else None
    inputs = [path for path in (*read, model) if path is not None and path.is_file()]
    answers = (cache or out / ANSWERS) if needs_cache(tasks, Backend(backend)) else None
    check_outputs({**{f"--out's {name}": out / name for name in OUTPUTS}, "--cache": answers}, inputs)
    return answers


def _spent(answers: Path | None, retry_failed: bool) -> Usage:
    """What the kept answers cost; what failed is forgotten here if it shall be asked again."""
    from linernotes.llm.cache import AnswerCache
    from linernotes.llm.metering import NOTHING

    if answers is None:
        return NOTHING
    kept = AnswerCache(answers)
    if retry_failed:
        kept.forget_failures()
    spent = kept.spent()
    kept.close()
    return spent


def ask_options(temperature: str, max_tokens: int, plain: bool) -> AskOptions:
    """How a model is asked, from what stands on the command line.

    Raises:
        ValueError: the temperature is none.
    """
    from linernotes.building.pseudo_captions.asking import AskOptions

    try:
        degrees = None if temperature == "default" else float(temperature)
    except ValueError:
        raise ValueError(f"temperature is a number from 0 to 2, or `default`, not {temperature!r}") from None
    return AskOptions(degrees, max_tokens, plain)


def _label(source: str) -> str:
    path = Path(source)
    return f"{path.resolve().parent.name}/{path.name}" if path.is_file() else path.name or source


def _details(backend: Backend, meter: Meter, price: Price, limit: int | None) -> Mapping[str, Any]:
    """What the run was told and what it cost; requests are those of this run, not of killed ones before it."""
    from linernotes.building.pseudo_captions.makers import instructions_of

    told = instructions_of(backend)
    details: dict[str, Any] = {} if limit is None else {"limit": f"the first {limit:,} clips with tags"}
    if told is not None:
        asking = backend.asking
        degrees = "the server's own" if asking.temperature is None else f"{asking.temperature:g}"
        details["instructions"] = f"version {told.version}, sha256 {told.sha256}"
        details["asked"] = f"temperature {degrees}, at most {asking.max_tokens} tokens"
    if backend.manners.cache is not None:
        paid = _spent(backend.manners.cache, retry_failed=False)
        details |= {
            "requests_sent": meter.usage.calls,
            "answers_paid_for": paid.calls,
            "tokens_in": paid.tokens_in,
            "tokens_out": paid.tokens_out,
        }
        cost = price.of(paid)
        if cost:
            details["cost"] = round(cost, 6)
    return details


def _print(report: Report, out: Path, as_json: bool) -> None:
    from linernotes.building.pseudo_captions.making import PARQUET
    from linernotes.building.pseudo_captions.report import report_to_markdown

    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
        return
    typer.echo(report_to_markdown(report), nl=False)
    if not (out / PARQUET).exists():
        print("linernotes: no Parquet: pip install 'linernotes[data]'", file=sys.stderr)


def _end(report: Report, out: Path) -> None:
    """What is missing makes the exit status 1."""
    from linernotes.building.pseudo_captions.making import DEAD_LETTERS

    if report.failed:
        line = f"captions that failed: {report.failed}; {out / DEAD_LETTERS} says why"
        print(f"linernotes: error: {line}", file=sys.stderr)
    if report.stopped:
        line = f"stopped with {report.not_asked} captions to go: {report.stopped}"
        print(f"linernotes: error: {line}", file=sys.stderr)
    if report.failed or report.stopped:
        raise typer.Exit(1)
