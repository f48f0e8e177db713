"""`linernotes judge`: do captions say the same of the music as their references?"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from linernotes import __version__
from linernotes.cli.evaluate import ALLOW_MISSING, read_sides
from linernotes.cli.outputs import check_outputs
from linernotes.cli.progress import progress_bar
from linernotes.export import write_atomically
from linernotes.judging import JOBS, MAX_TOKENS, REPEATS, JudgeOptions
from linernotes.llm import KEY_VARIABLE, TIMEOUT_S

if TYPE_CHECKING:
    from linernotes.caption_files import CaptionPairs
    from linernotes.judging import Judged
    from linernotes.judging.report import JudgeReport, Verdicts
    from linernotes.llm import LanguageModel
    from linernotes.llm.metering import Meter


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("judge")(judge)


def judge(
    predictions: Path | None = typer.Argument(None, help='JSON Lines of {"id", "caption"}; csv, Parquet.'),
    references: Path | None = typer.Argument(
        None, help='JSON Lines of {"id", "captions": [...]}; csv, Parquet.'
    ),
    pairs: Path | None = typer.Option(None, help='Instead: a JSON list of {"prediction", "ground_truth"}.'),
    llm: str = typer.Option("", help="The judge: an OpenAI-compatible URL, local:FOLDER or scripted:FILE."),
    without_llm: bool = typer.Option(False, "--without-llm", help="Judge by the lexicon alone, offline."),
    model: str = typer.Option("", help="The model's name on that server."),
    key_variable: str = typer.Option(KEY_VARIABLE, help="Environment variable that holds the server's key."),
    repeats: int = typer.Option(REPEATS, help="Ask so often, with the questions in another order each time."),
    temperature: str = typer.Option("0", help="A number, or `default` to leave it to the server."),
    max_tokens: int = typer.Option(MAX_TOKENS, min=1, help="Room for one answer, thoughts included."),
    jobs: int = typer.Option(JOBS, min=1, help="Requests in flight at once."),
    cache: Path | None = typer.Option(None, help="Keep answers in this file: a killed run goes on from it."),
    floor: bool = typer.Option(
        False, "--floor", help="Also judge shuffled captions (one more request a pair)."
    ),
    max_calls: int | None = typer.Option(None, min=1, help="Stop before more requests than this."),
    calls_per_minute: float | None = typer.Option(None, help="Start no more requests than this a minute."),
    timeout: float = typer.Option(TIMEOUT_S, help="Seconds to wait for one answer."),
    allow_missing: bool = ALLOW_MISSING,
    out: Path | None = typer.Option(None, help="Write the report to this Markdown file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, with every answer and every failure."),
) -> None:
    """Ask of every caption whether key, instruments, genre, mood, voice and singer's gender are its references'.

    Examples:

    * `linernotes judge captions.jsonl truth.jsonl --without-llm`
    * `linernotes judge captions.jsonl truth.jsonl --llm http://localhost:11434/v1 --model qwen3 --cache c.sqlite`
    """
    if bool(llm) == without_llm:
        raise typer.BadParameter("give either --llm or --without-llm")
    from linernotes.judging.report import JudgeReport, report_to_dict, report_to_markdown

    options = _options(repeats, jobs, temperature, max_tokens)
    kind, _, scripted = llm.partition(":")
    script = Path(scripted) if kind == "scripted" else None
    check_outputs({"--out": out, "--cache": cache}, [predictions, references, pairs, script])
    texts = read_sides(predictions, references, pairs, allow_missing)
    judges: list[Verdicts] = []
    if llm:
        from linernotes.llm.load import Manners, load_language_model
        from linernotes.llm.metering import Meter

        meter = Meter(max_calls)
        manners = Manners(calls_per_minute=calls_per_minute, timeout_s=timeout, cache=cache, meter=meter)
        loaded = load_language_model(llm, model=model, key_variable=key_variable, manners=manners)
        judges.append(_by_model(texts, loaded, meter, options, floor))
    judges.append(_by_lexicon(texts))
    report = JudgeReport(tuple(judges))
    if out is not None:
        write_atomically(out, report_to_markdown(report))
    if as_json:
        typer.echo(json.dumps(report_to_dict(report), indent=2, ensure_ascii=False, allow_nan=False))
    elif out is None:
        typer.echo(report_to_markdown(report), nl=False)
    _end(report, texts)


def _options(repeats: int, jobs: int, temperature: str, max_tokens: int) -> JudgeOptions:
    try:
        degrees = None if temperature == "default" else float(temperature)
        if degrees is not None and not 0 <= degrees <= 2:
            raise ValueError(f"temperature must be 0 to 2 or `default`, not {temperature}")
        return JudgeOptions(repeats=repeats, jobs=jobs, temperature=degrees, max_tokens=max_tokens)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _by_model(
    texts: CaptionPairs, judge: LanguageModel, meter: Meter, options: JudgeOptions, floor: bool
) -> Verdicts:
    from linernotes.judging.prompt import load_prompt
    from linernotes.judging.report import Verdicts

    deranged = _deranged(texts) if floor else None
    judged = _with_bar("judging", texts, judge, options)
    shuffled = None
    if deranged is not None:
        shuffled = _with_bar("judging shuffled", deranged, judge, replace(options, repeats=1))
    prompt = load_prompt()
    usage = meter.usage
    provenance = {
        "model": judge.name,
        "answered by": ", ".join(sorted({judgement.model for judgement in judged.judgements})) or None,
        "prompt": f"version {prompt.version}, sha256 {prompt.sha256[:12]}",
        "temperature": "the server's own" if options.temperature is None else options.temperature,
        "max_tokens": options.max_tokens,
        **_when(),
        "answers from the cache": sum(judgement.from_cache for judgement in judged.judgements),
        "requests sent": usage.calls,
        "tokens in": usage.tokens_in or None,
        "tokens out": usage.tokens_out or None,
    }
    return Verdicts("language model", provenance, judged, shuffled)


def _with_bar(label: str, texts: CaptionPairs, judge: LanguageModel, options: JudgeOptions) -> Judged:
    from linernotes.judging.by_model import judge_by_model

    with progress_bar(label, len(texts.candidates) * options.repeats) as advance:
        return judge_by_model(texts, judge, options, advance)


def _by_lexicon(texts: CaptionPairs) -> Verdicts:
    from linernotes.judging.by_lexicon import judge_by_lexicon
    from linernotes.judging.report import Verdicts

    with progress_bar("reading", len(texts.candidates)) as advance:
        judged = judge_by_lexicon(texts, advance)
    shuffled = judge_by_lexicon(_deranged(texts)) if len(texts.candidates) > 1 else None
    return Verdicts("lexicon", {"rules": "linernotes.judging.by_lexicon", **_when()}, judged, shuffled)


def _deranged(texts: CaptionPairs) -> CaptionPairs:
    from linernotes.metrics.score import derange

    return replace(texts, candidates=derange(texts.candidates))


def _when() -> dict[str, str]:
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "linernotes": __version__}


def _end(report: JudgeReport, texts: CaptionPairs) -> None:
    """Say on stderr what is missing from the report; requests that failed make the exit status 1."""
    alone = len(texts.only_predicted) + len(texts.only_referenced)
    if alone:
        print(f"linernotes: ids on one side only, passed over: {alone}", file=sys.stderr)
    failed = sum(
        len(judged.failures) for each in report.judges for judged in (each.judged, each.shuffled) if judged
    )
    if failed:
        print(f"linernotes: error: requests that failed: {failed}; the report lists them", file=sys.stderr)
        raise typer.Exit(1)
