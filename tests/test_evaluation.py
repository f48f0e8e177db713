"""A report states each number with its interval and floor; what could not be computed never stops the rest."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from linernotes.caption_files import CaptionPairs
from linernotes.evaluation import evaluate, worst_clips
from linernotes.evaluation_report import per_clip_csv, report_json, report_markdown
from linernotes.metrics.measures import Measure
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.profiles import PROFILES, Metric, Profile, load_profile
from linernotes.metrics.score import (
    Score,
    Statistics,
    derange,
    mean_score,
    paired_differences,
    resampled,
)
from linernotes.metrics.score_sheet import Resources, ScoreSheet

WORDS = "slow sad piano melody drums strings bass rock with a the and plays over fast voice".split()
NGRAMS = ("bleu1", "bleu4", "rougeL")


def sentences(count: int, seed: int) -> dict[str, str]:
    rng = random.Random(seed)
    return {f"c{n}": " ".join(rng.choices(WORDS, k=rng.randint(6, 14))) for n in range(count)}


def pairs_of(count: int) -> CaptionPairs:
    """Predictions that share about half of their words with their references."""
    told, other = sentences(count, 1), sentences(count, 2)
    said = {clip: " ".join([*told[clip].split()[:5], *other[clip].split()[:4]]) for clip in told}
    return CaptionPairs(said, {clip: (text,) for clip, text in told.items()})


PAIRS = pairs_of(40)


def own_profile(**measures: Measure) -> Profile:
    metrics = tuple(Metric(key, key, measure, "test", "none", "kept") for key, measure in measures.items())
    return Profile("test", "Made for a test", metrics)


def equal_words(sheet: ScoreSheet) -> Score:
    """1 where candidate and reference are the same."""
    values = [float(text == sheet.references[clip][0]) for clip, text in sheet.candidates.items()]
    return mean_score(list(sheet.candidates), values)


def test_profiles_hold_the_metrics_of_the_specification() -> None:
    keys = {name: [metric.key for metric in profile.metrics] for name, profile in PROFILES.items()}
    bleus = ["bleu1", "bleu2", "bleu3", "bleu4"]
    assert keys["lp2023"][:7] == [*bleus, "meteor", "rougeL", "bertscore"]
    assert keys["coco"][:9] == [*bleus, "meteor", "rougeL", "cider", "spice", "spider"]
    assert keys["dcase"][9:13] == ["sbert", "fer", "fense", "spider_fl"]
    assert keys["sonicverse2025"][:5] == ["bleu", "bleu4", "meteor", "rougeL", "bertscore"]
    for found in keys.values():
        assert {"facts_f1", "vocabulary", "novel_v", "novel_c", "distinct1", "average_tokens"} <= set(found)
        assert len(set(found)) == len(found)
    assert [name for name, profile in PROFILES.items() if not profile.comparable] == ["sonicverse2025"]
    assert "not comparable with any other profile" in PROFILES["sonicverse2025"].about


def test_unknown_names_are_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="no profile called 'x'; choose from lp2023, coco"):
        load_profile("x")
    with pytest.raises(ValueError, match="profile coco has no metric 'x'; it has bleu1"):
        evaluate(PAIRS, load_profile("coco"), metrics=["x"])
    with pytest.raises(ValueError, match="has no metric 'blue4'; did you mean 'bleu4'"):
        evaluate(PAIRS, load_profile("coco"), metrics=["blue4"])
    with pytest.raises(ValueError, match=r"'cider' \(coco and dcase have\)"):
        evaluate(PAIRS, load_profile("lp2023"), metrics=["cider"])


def test_the_json_has_the_stated_layout() -> None:
    report = evaluate(PAIRS, load_profile("lp2023"), metrics=NGRAMS, resamples=200)
    data = json.loads(json.dumps(report_json(report), allow_nan=False))
    assert (data["profile"], data["n"]) == ("lp2023", 40)
    assert list(data["metrics"]) == list(NGRAMS)
    for item in data["metrics"].values():
        low, high = item["ci95"]
        assert 0 <= low <= item["value"] <= high <= 1
        assert 0 <= item["shuffled"] < item["value"]
        if item["shuffled"]:
            assert item["ratio"] == pytest.approx(item["value"] / item["shuffled"])
        assert all(item[name] for name in ("tokenizer", "casing", "implementation"))
    assert data["versions"]["linernotes"]


def test_the_same_captions_give_the_same_report() -> None:
    first, second = (
        report_json(evaluate(PAIRS, load_profile("lp2023"), metrics=NGRAMS, resamples=50)) for _ in range(2)
    )
    assert first == second


def test_perfect_captions_score_1_and_far_above_their_floor() -> None:
    perfect = CaptionPairs({clip: texts[0] for clip, texts in PAIRS.references.items()}, PAIRS.references)
    for name, keys in (("lp2023", ("bleu4", "rougeL")), ("coco", ("bleu4", "rougeL"))):
        for result in evaluate(perfect, load_profile(name), metrics=keys, resamples=20).results:
            assert result.value == pytest.approx(1.0, abs=1e-6)
            assert result.shuffled is not None
            assert result.shuffled < 0.6


def test_the_floor_hands_every_caption_to_another_clip() -> None:
    handed: list[dict[str, str]] = []

    def watch(sheet: ScoreSheet) -> Score:
        handed.append(dict(sheet.candidates))
        return equal_words(sheet)

    report = evaluate(PAIRS, own_profile(watched=watch), resamples=10)
    own, shuffled = handed
    assert own == PAIRS.candidates
    assert sorted(shuffled.values()) == sorted(own.values())
    owner = {text: clip for clip, text in own.items()}
    assert all(owner[text] != clip for clip, text in shuffled.items())
    assert report.results[0].shuffled == 0.0
    assert shuffled == derange(PAIRS.candidates, seed=0) != derange(PAIRS.candidates, seed=1)


def test_one_clip_has_no_floor() -> None:
    one = CaptionPairs({"a": "a sad song"}, {"a": ("a sad slow song",)})
    result = evaluate(one, load_profile("lp2023"), metrics=["rougeL"], resamples=10).results[0]
    assert (result.shuffled, result.ratio) == (None, None)
    assert result.ci95 == (result.value, result.value)


def test_no_captions_are_an_error() -> None:
    with pytest.raises(ValueError, match="there are no captions to score"):
        evaluate(CaptionPairs({}, {}), load_profile("lp2023"))


def test_an_empty_prediction_is_scored_and_told() -> None:
    said = {**PAIRS.candidates, "c0": ""}
    report = evaluate(
        replace(PAIRS, candidates=said), load_profile("coco"), metrics=["rougeL", "cider"], resamples=20
    )
    assert report.n == 40
    assert report.per_clip["rougeL"].predicted[0] == 0.0
    assert report_json(report)["empty_predictions"] == 1
    assert "Empty predictions, scored as they are: 1." in report_markdown(report)


def test_what_is_missing_never_stops_the_rest() -> None:
    calls = []

    def missing(sheet: ScoreSheet) -> Score:
        calls.append(sheet)
        raise MissingMetricError("there is no jar: get one")

    def on_top(sheet: ScoreSheet) -> Score:
        return sheet.once("metric absent", lambda: missing(sheet))

    profile = own_profile(absent=missing, built_on_it=on_top, present=equal_words)
    report = evaluate(PAIRS, profile, resamples=10)
    assert [result.metric.key for result in report.results] == ["present"]
    assert report_json(report)["not_computed"] == {
        "absent": "there is no jar: get one",
        "built_on_it": "there is no jar: get one",
    }
    assert len(calls) == 1
    assert "- absent, built_on_it: there is no jar: get one" in report_markdown(report)


def test_a_metric_names_the_option_it_needs() -> None:
    report = evaluate(
        PAIRS, load_profile("dcase"), metrics=["sbert", "fense", "novel_v", "distinct1"], resamples=5
    )
    assert report_json(report)["not_computed"] == {
        "sbert": "it needs --sentence-model; published numbers are of "
        "sentence-transformers/paraphrase-TinyBERT-L6-v2",
        "fense": "it needs --fluency-model",
        "novel_v": "it needs --train-captions",
    }
    assert [result.metric.key for result in report.results] == ["distinct1"]


def test_novelty_needs_train_captions() -> None:
    pairs = CaptionPairs({"a": "sad piano", "b": "loud drums"}, {"a": ("x",), "b": ("y",)})
    report = evaluate(
        pairs,
        load_profile("coco"),
        metrics=["vocabulary", "novel_v", "novel_c", "average_tokens"],
        resources=Resources(train_captions=("Sad, piano.", "loud drums")),
    )
    values = {result.metric.key: result.value for result in report.results}
    assert values == {"vocabulary": 4, "novel_v": 0.0, "novel_c": 0.5, "average_tokens": 2.0}
    assert all(result.ci95 is None and result.shuffled is None for result in report.results)


def test_values_of_clips_and_the_worst_of_them() -> None:
    report = evaluate(PAIRS, load_profile("lp2023"), metrics=["rougeL", "bleu1"], resamples=10)
    rows = list(csv.DictReader(io.StringIO(per_clip_csv(report))))
    assert [row["id"] for row in rows] == list(PAIRS.candidates)
    values = {row["id"]: float(row["rougeL"]) for row in rows}
    assert np.mean(list(values.values())) == pytest.approx(report.results[0].value, abs=1e-5)
    key, lowest = worst_clips(report, 3)
    assert key == "rougeL"
    assert max(values[clip] for clip in lowest) <= min(values[clip] for clip in values if clip not in lowest)
    shown = report_markdown(report, worst=3)
    assert all(PAIRS.candidates[clip] in shown and PAIRS.references[clip][0] in shown for clip in lowest)


def test_the_interval_covers_a_known_truth() -> None:
    """Of 200 samples from a distribution with mean 0.3, about 95 % of the intervals hold 0.3."""
    rng = np.random.default_rng(7)
    ids = tuple(map(str, range(60)))
    held = 0
    for _ in range(200):
        low, high = mean_score(ids, rng.beta(3, 7, size=60).tolist()).interval(resamples=200)
        held += low <= 0.3 <= high
    assert 0.88 * 200 <= held <= 0.99 * 200


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    score = mean_score(tuple(map(str, range(50))), np.linspace(0, 1, 50).tolist())
    whole = resampled([score], resamples=64)[0]
    monkeypatch.setattr("linernotes.metrics.score._DRAWS_AT_ONCE", 150)
    assert np.allclose(resampled([score], resamples=64)[0], whole, atol=1e-12)
    assert np.allclose(resampled([score, score], resamples=64)[1], whole, atol=1e-12)


def test_resamples_without_anything_to_count_are_left_out() -> None:
    def share(sums: Statistics) -> Statistics:
        with np.errstate(invalid="ignore"):
            value: Statistics = sums[..., 0] / sums[..., 1]
        return value

    score = Score(("a", "b"), np.array([[1.0, 1.0], [0.0, 0.0]]), share)
    assert score.interval(resamples=50) == (1.0, 1.0)


def test_a_planted_difference_has_a_small_p_and_none_has_a_large_one() -> None:
    rng = np.random.default_rng(3)
    ids = tuple(map(str, range(300)))
    base = rng.random(300)
    first = mean_score(ids, base.tolist())
    better = mean_score(ids, (base + 0.02 + 0.01 * rng.standard_normal(300)).tolist())
    other = mean_score(ids, (base + 0.01 * rng.standard_normal(300)).tolist())
    planted, none, same = paired_differences([better, other, first], [first, first, first])
    assert planted.value == pytest.approx(0.02, abs=0.002)
    assert planted.low > 0.015
    assert planted.p_value < 0.01 < none.p_value
    assert none.low < 0 < none.high
    assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_four_clips_prove_nothing() -> None:
    ids = ("a", "b", "c", "d")
    found = paired_differences([mean_score(ids, [0.9] * 4)], [mean_score(ids, [0.1] * 4)])[0]
    assert found.p_value == 0.125


def test_a_paired_difference_matches_clips_by_id() -> None:
    first = mean_score(("a", "b", "c"), [0.1, 0.5, 0.9])
    second = mean_score(("c", "a", "b"), [0.9, 0.1, 0.5])
    found = paired_differences([first], [second])[0]
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="on the same clips"):
        paired_differences([first], [mean_score(("a", "b", "x"), [0.0, 0.0, 0.0])])


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_distributions_are_drawn(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib")
    from linernotes.plot.score_distributions import plot_distributions

    report = evaluate(PAIRS, load_profile("lp2023"), metrics=["rougeL"], resamples=5)
    path = plot_distributions(report, tmp_path / f"x{suffix}")
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")
    with pytest.raises(ValueError, match=r"\.png or \.svg"):
        plot_distributions(report, tmp_path / "x.gif")


STATED = CaptionPairs(
    {"a": "a violin in C major", "b": "a violin", "c": "a violin", "d": "x"},
    {"a": ("a violin in C major",), "b": ("a violin",), "c": ("a flute",), "d": ("y",)},
)


def test_where_nobody_states_an_attribute_there_is_no_score() -> None:
    report = evaluate(STATED, load_profile("coco"), metrics=["facts_f1_key"], resamples=200)
    result = report.results[0]
    assert (result.value, result.ci95) == (1.0, (1.0, 1.0))
    assert np.isnan(report.per_clip["facts_f1_key"].predicted).tolist() == [False, True, True, True]
    rows = csv.DictReader(io.StringIO(per_clip_csv(report)))
    assert [row["facts_f1_key"] for row in rows] == ["1", "", "", ""]
    assert worst_clips(report, 3) == ("facts_f1_key", ("a",))
    assert "## The lowest clip by key F1" in report_markdown(report, worst=3)


def test_wrong_and_missing_statements_are_still_scored() -> None:
    report = evaluate(STATED, load_profile("coco"), metrics=["facts_f1", "facts_precision"], resamples=50)
    f1 = report.per_clip["facts_f1"].predicted
    assert f1[:3].tolist() == [1.0, 1.0, 0.0]
    assert np.isnan(f1[3])
    assert report.results[0].value == pytest.approx(3 / 4)
    silent = replace(STATED, candidates={**STATED.candidates, "c": "x"})
    report = evaluate(silent, load_profile("coco"), metrics=["facts_precision"], resamples=50)
    assert report.per_clip["facts_precision"].predicted[2] == 0.0
    nothing = CaptionPairs({"a": "x", "b": "y"}, {"a": ("z",), "b": ("z",)})
    report = evaluate(nothing, load_profile("coco"), metrics=["facts_f1"], resamples=5)
    assert report_json(report)["not_computed"] == {"facts_f1": "no prediction and no reference states it"}


def test_clips_without_a_score_are_drawn_nowhere(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from linernotes.plot.score_distributions import plot_distributions

    report = evaluate(STATED, load_profile("coco"), metrics=["facts_f1_key"], resamples=5)
    assert plot_distributions(report, tmp_path / "x.svg").is_file()


def test_a_floor_that_stands_for_no_match_has_no_ratio() -> None:
    told = {"a": "one two three four five", "b": "six seven eight nine ten"}
    pairs = CaptionPairs(told, {clip: (text,) for clip, text in told.items()})
    result = evaluate(pairs, load_profile("coco"), metrics=["bleu4"], resamples=5).results[0]
    assert result.shuffled is not None
    assert 0 < result.shuffled < 1e-9
    assert result.ratio is None
    assert "| 0.0000 |  |" in report_markdown(evaluate(pairs, load_profile("coco"), metrics=["bleu4"]))


def test_a_model_that_no_metric_reads_is_not_named() -> None:
    resources = Resources(bert_model="some-bert", bert_layer=3, sentence_model="some-sentences")
    report = evaluate(PAIRS, load_profile("coco"), metrics=["bleu1"], resources=resources, resamples=5)
    assert report_json(report)["resources"] == {}
    assert "some-" not in report_markdown(report)
    bert, fense = load_profile("lp2023").metric("bertscore"), load_profile("dcase").metric("fense")
    assert bert.models == {"bert_model", "bert_layer"}
    assert fense.models == {"sentence_model", "fluency_model"}
