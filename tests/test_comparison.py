"""Which differences are real, which numbers may stand side by side, and why the others may not."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from linernotes.caption_files import CaptionPairs, pair_captions
from linernotes.comparison import compare, holm, on_common_clips, refuse_mixed, verdict
from linernotes.comparison_report import comparison_json, comparison_markdown, reports_markdown
from linernotes.evaluation import evaluate
from linernotes.evaluation_report import report_json
from linernotes.metrics.profiles import load_profile
from linernotes.published import BUILTIN, PublishedScore, lint_published, read_published
from linernotes.published.report import published_markdown

WORDS = "slow sad piano melody drums strings bass rock with a the and plays over fast voice".split()
LP = load_profile("lp2023")
KEYS = ("bleu1", "rougeL", "distinct1")


def system(right: float, seed: int, count: int = 60) -> CaptionPairs:
    """Predictions each word of which is the reference's with probability `right`, and any word otherwise."""
    told, rng = random.Random(0), random.Random(seed)
    said: dict[str, str] = {}
    references: dict[str, tuple[str, ...]] = {}
    for number in range(count):
        words = told.choices(WORDS, k=10)
        references[f"c{number}"] = (" ".join(words),)
        said[f"c{number}"] = " ".join(word if rng.random() < right else rng.choice(WORDS) for word in words)
    return CaptionPairs(said, references)


def test_a_system_is_not_better_than_itself() -> None:
    found = compare(system(0.5, 1), system(0.5, 1), LP, metrics=KEYS, resamples=500)
    for item in found.metrics:
        assert item.first == item.second
        assert not item.is_real
        if item.difference is not None:
            assert (item.difference.value, item.difference.p_value) == (0.0, 1.0)
    assert verdict(found) == "No difference between A and B is real: none by BLEU-1 and ROUGE-L."


def test_a_planted_improvement_is_found() -> None:
    better, worse = system(0.8, 1), system(0.5, 2)
    found = compare(better, worse, LP, names=("new", "old"), metrics=KEYS, resamples=500)
    tested = [item for item in found.metrics if item.difference is not None]
    assert [item.metric.key for item in tested] == ["bleu1", "rougeL"]
    for item in tested:
        assert item.difference is not None
        assert item.is_real
        assert 0 < item.difference.low < item.difference.value < item.difference.high
    assert verdict(found) == "new is better by BLEU-1 and ROUGE-L."
    other_way = compare(worse, better, LP, names=("old", "new"), metrics=KEYS, resamples=500)
    assert verdict(other_way) == "new is better by BLEU-1 and ROUGE-L."
    assert "| BLEU-1 |" in comparison_markdown(found)
    data = json.loads(json.dumps(comparison_json(found), allow_nan=False))
    assert data["metrics"]["bleu1"]["real"] is True
    assert data["metrics"]["distinct1"]["real"] is None


def test_equally_good_systems_are_seldom_told_apart() -> None:
    """Of 20 pairs of systems that differ by chance only, Holm's correction lets next to none through."""
    seen = 0
    for seed in range(20):
        found = compare(
            system(0.5, 2 * seed, 30), system(0.5, 2 * seed + 1, 30), LP, metrics=KEYS[:2], resamples=200
        )
        seen += any(item.is_real for item in found.metrics)
    assert seen <= 3


def test_holm_equals_the_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_other_clips_are_refused_and_common_ones_found() -> None:
    first = pair_captions({"a": "x", "b": "y"}, {"a": ("r",), "b": ("s",), "c": ("t",)}, allow_missing=True)
    second = pair_captions({"b": "y", "c": "z"}, {"a": ("r",), "b": ("s",), "c": ("t",)}, allow_missing=True)
    with pytest.raises(ValueError, match="on the same clips and references"):
        compare(first, second, LP)
    one, two = on_common_clips(first, second)
    assert list(one.candidates) == list(two.candidates) == ["b"]
    assert one.only_predicted == ("a",)
    with pytest.raises(ValueError, match="same clips and references"):
        compare(one, replace(two, references={"b": ("other",)}), LP)
    with pytest.raises(ValueError, match="no clip in common"):
        on_common_clips(CaptionPairs({"a": "x"}, {"a": ("r",)}), CaptionPairs({"b": "x"}, {"b": ("r",)}))


def test_reports_of_different_profiles_are_refused_with_the_reason() -> None:
    pairs = system(0.5, 1, 10)
    lp, coco, fewer = (
        report_json(evaluate(given, load_profile(name), metrics=["bleu1"], resamples=10))
        for given, name in ((pairs, "lp2023"), (pairs, "coco"), (system(0.5, 1, 5), "lp2023"))
    )
    with pytest.raises(
        ValueError, match=r"profiles are not mixed: a holds lp2023 .* b holds coco .* other numbers"
    ):
        refuse_mixed([("a", lp), ("b", coco)])
    with pytest.raises(
        ValueError, match=r"\(n = 10\) and b \(n = 5\) can't stand side by side: they scored other clips"
    ):
        refuse_mixed([("a", lp), ("b", fewer)])
    with pytest.raises(ValueError, match="b: not a JSON report"):
        refuse_mixed([("a", lp), ("b", {"profile": "lp2023"})])
    refuse_mixed([("a", lp), ("b", lp)])
    assert "| BLEU-1 | 0." in reports_markdown([("a", lp), ("b", lp)])


def published(**given: str | float) -> PublishedScore:
    fields = {
        "system": "S",
        "data_set": "D",
        "metric": "bleu4",
        "value": 0.1,
        "source": "P, Table 1",
        "n": "10",
    }
    return PublishedScore(**{**fields, "profile": "coco", **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"profile": "lp2023"}, "profile: coco / lp2023"),
        ({"data_set": "E"}, "data set: D / E"),
        ({"split": "test"}, "split: unstated / test"),
        ({"n": "11"}, "n: 10 / 11"),
        ({"input": "tags"}, "input: unstated / tags"),
    ],
)
def test_scores_of_another_kind_stand_apart(other: dict[str, str], reason: str) -> None:
    lint = lint_published([published(), published(system="T"), published(system="U", **other)])
    assert [len(board.rows) for board in lint.boards] == [2, 1]
    assert [pair.reasons for pair in lint.apart] == [(reason,)]
    assert reason in published_markdown(lint)


def test_scores_of_other_metrics_need_not_be_kept_apart() -> None:
    lint = lint_published([published(), published(metric="cider", profile="lp2023")])
    assert (len(lint.boards), lint.apart) == (2, ())


def test_an_unstated_profile_stands_with_its_own_paper_only() -> None:
    rows = [
        published(profile="unstated"),
        published(profile="unstated", system="T", source="P, Table 2"),
        published(profile="unstated", system="U", source="Q, Table 1"),
        published(profile="unstated", system="V", source="P, Table 1, quoting R"),
    ]
    lint = lint_published(rows)
    assert [[row.system for row in board.rows] for board in lint.boards] == [["S", "T"], ["U"], ["V"]]
    assert all("is unstated" in pair.reasons[0] for pair in lint.apart)


def test_odd_rows_are_pointed_at() -> None:
    rows = [
        published(setting="supervised"),
        published(system="T", setting="zero-shot", value=29.1),
        published(setting="supervised", value=0.2, source="Q, Table 3"),
    ]
    warnings = " ".join(lint_published(rows).warnings)
    assert "supervised, zero-shot: name the setting" in warnings
    assert "T, bleu4 29.1 (P, Table 1): outside 0..1; in per cent?" in warnings
    assert "S, bleu4: 0.1 in P, Table 1, 0.2 in Q, Table 3" in warnings


def test_the_builtin_table_keeps_the_four_papers_apart() -> None:
    lint = lint_published(read_published(BUILTIN))
    profiles = [board.kind.profile for board in lint.boards]
    assert {"lp2023", "sonicverse2025", "unstated"} <= set(profiles)
    values = {(row.system, row.setting, row.metric): row.value for row in lint.boards[1].rows}
    assert values["LP-MusicCaps", "transfer", "bleu4"] == 0.0605
    assert any("the line of LP-MusicCaps is made of several systems" in warning for warning in lint.warnings)
    assert not any("per cent" in warning for warning in lint.warnings)
    lp, sonicverse = profiles.index("lp2023") + 1, profiles.index("sonicverse2025") + 1
    reasons = next(pair.reasons for pair in lint.apart if (pair.first, pair.second) == (lp, sonicverse))
    assert "profile: lp2023 / sonicverse2025" in reasons


def test_tables_are_read_from_csv_json_and_toml(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("system,data_set,metric,value,source,n\nS,D,bleu4,0.1,P,10\n")
    (tmp_path / "t.json").write_text(
        '[{"system": "S", "data_set": "D", "metric": "bleu4", "value": 0.1, "source": "P", "n": 10}]'
    )
    (tmp_path / "t.toml").write_text(
        '[[score]]\nsystem = "S"\ndata_set = "D"\nmetric = "bleu4"\nvalue = 0.1\nsource = "P"\nn = 10\n'
    )
    expected = (PublishedScore("S", "D", "bleu4", 0.1, "P", n="10"),)
    for suffix in ("csv", "json", "toml"):
        assert read_published(tmp_path / f"t.{suffix}") == expected


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "system,data_set,metric,value,source\n", "holds no scores"),
        ("t.csv", "system,data_set,metric,value,source\nS,D,bleu4,,P\n", "row 1: lacks value"),
        (
            "t.csv",
            "system,data_set,metric,value,source\nS,D,bleu4,high,P\n",
            "row 1: the value 'high' is no number",
        ),
        (
            "t.csv",
            "system,data_set,metric,value,source\nS,D,bleu4,nan,P\n",
            "row 1: the value 'nan' is no number",
        ),
        (
            "t.csv",
            "system,data_set,metric,value,source,year\nS,D,bleu4,1,P,2\n",
            "row 1: no field is called 'year'",
        ),
        ("t.json", "{}", "needs a list of scores"),
        ("t.json", "[3]", "row 1: needs the fields system"),
        ("t.json", "nonsense", "t.json"),
        ("t.toml", "a = 1", "needs a list of scores"),
        ("t.txt", "", "a .csv, .json or .toml file"),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_published(tmp_path / name)


def test_reports_of_other_data_are_refused_though_they_have_as_many_clips() -> None:
    def reported(pairs: CaptionPairs) -> dict[str, object]:
        return report_json(evaluate(pairs, LP, metrics=["bleu1"], resamples=5))

    pairs, other_captions = system(0.5, 1, 5), system(0.9, 2, 5)
    other_ids = CaptionPairs(
        {f"x{clip}": text for clip, text in pairs.candidates.items()},
        {f"x{clip}": texts for clip, texts in pairs.references.items()},
    )
    other_references = replace(pairs, references={**pairs.references, "c0": ("another truth",)})
    back = reversed(list(other_captions.candidates.items()))
    refuse_mixed([("a", reported(pairs)), ("b", reported(replace(other_captions, candidates=dict(back))))])
    with pytest.raises(ValueError, match="they scored other clips, so a difference would say nothing"):
        refuse_mixed([("a", reported(pairs)), ("b", reported(other_ids))])
    with pytest.raises(ValueError, match="they scored other references"):
        refuse_mixed([("a", reported(pairs)), ("b", reported(other_references))])
    old = {key: value for key, value in reported(pairs).items() if key != "data"}
    with pytest.raises(
        ValueError, match=r"b: does not say which clips .* run `linernotes evaluate --json` again"
    ):
        refuse_mixed([("a", reported(pairs)), ("b", old)])


def test_an_attribute_that_one_clip_states_tells_no_systems_apart() -> None:
    """Resamples without that clip say nothing, so that all others agree: one clip is still one clip."""
    told = {f"c{number}": ("a violin",) for number in range(40)} | {"c0": ("a violin in C major",)}
    said = {clip: texts[0] for clip, texts in told.items()}
    found = compare(
        CaptionPairs(said, told),
        CaptionPairs({**said, "c0": "a violin in D major"}, told),
        LP,
        metrics=["facts_f1_key"],
        resamples=100,
    ).metrics[0]
    assert (found.first, found.second) == (1.0, 0.0)
    assert found.difference is not None
    assert (found.difference.low, found.difference.high, found.difference.p_value) == (1.0, 1.0, 1.0)
    assert not found.is_real
