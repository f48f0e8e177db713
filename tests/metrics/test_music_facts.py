"""Precision, recall and F1 of music facts on pairs whose answers are counted by hand."""

from __future__ import annotations

import pickle

import pytest

from linernotes.metrics.music_facts import facts_metrics, music_facts
from linernotes.words.agreement import says
from linernotes.words.text_facts import TextFact


def fact(attribute: str, value: str, is_denied: bool = False) -> TextFact:
    return TextFact(attribute, value, 0, 1, is_denied, 0.95)


@pytest.mark.parametrize(
    ("attribute", "one", "other", "carried"),
    [
        ("instrument", "strings", "violin", True),
        ("instrument", "violin", "strings", False),
        ("key", "C# minor", "C# minor", True),
        ("key", "C#", "Db major", True),
        ("key", "minor", "A minor", True),
        ("key", "A minor", "minor", False),
        ("key", "A minor", "C major", False),
        ("tempo", "120 BPM", "124.5 BPM", True),
        ("tempo", "120 BPM", "126 BPM", False),
        ("tempo", "120 BPM", "60 BPM", False),
        ("tempo", "fast", "150 BPM", True),
        ("tempo", "150 BPM", "slow", False),
        ("tempo", "slow", "slow to medium", True),
        ("tempo", "slow", "fast", False),
        ("tempo", "100-110 BPM", "112 BPM", True),
        ("chord", "A:min7", "A:min", True),
        ("chord", "A:min", "A:maj", False),
        ("chord", "A#:maj", "A#:7", True),
        ("chord_loop", "C-G-Am-F", "Am-F-C-G", True),
        ("chord_loop", "C-G-Am-F", "C-Am-G-F", False),
        ("voice", "sung", "spoken", False),
    ],
)
def test_when_a_statement_carries_another(attribute: str, one: str, other: str, carried: bool) -> None:
    assert says(fact(attribute, one), fact(attribute, other)) is carried


def test_denials_are_carried_by_wider_ones_and_never_by_statements() -> None:
    assert says(fact("instrument", "violin", True), fact("instrument", "strings", True))
    assert not says(fact("instrument", "strings", True), fact("instrument", "violin", True))
    assert not says(fact("instrument", "drums", True), fact("instrument", "drums"))


def test_shares_are_those_counted_by_hand() -> None:
    candidates = {"a": "A violin and a flute in C# major.", "b": "A harp."}
    references = {"a": ["A violin and a cello in Db major."], "b": ["Drums and a harp."]}
    scores = music_facts(candidates, references)
    instrument = scores["instrument"]
    assert instrument.precision.corpus == pytest.approx(2 / 3)  # violin and harp of three
    assert instrument.recall.corpus == pytest.approx(2 / 4)
    assert instrument.f1.corpus == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert scores["key"].f1.corpus == 1.0
    assert (scores["key"].references_stating, scores["key"].candidates_stating) == (1, 1)
    assert scores["all"].precision.corpus == pytest.approx(3 / 4)
    assert instrument.f1.per_clip["b"] == pytest.approx(2 / 3)
    assert "tempo" not in scores


def test_a_family_is_right_but_does_not_find_its_member() -> None:
    scores = music_facts({"a": "strings"}, {"a": ["a violin"]})
    assert scores["all"].precision.corpus == 1.0
    assert scores["all"].recall.corpus == 0.0


def test_references_unite_and_polarity_counts() -> None:
    scores = music_facts({"a": "A violin without drums."}, {"a": ["A violin.", "No drums."]})
    assert scores["all"].f1.corpus == 1.0
    opposite = music_facts({"a": "No violin."}, {"a": ["A violin."]})
    assert opposite["all"].f1.corpus == 0.0


def test_captions_equal_to_their_references_score_one() -> None:
    texts = {"a": "A slow waltz in A minor, Am-F-C-G, 3/4.", "b": "A man sings at 96 BPM without drums."}
    for score in music_facts(texts, {clip: [text] for clip, text in texts.items()}).values():
        assert score.f1.corpus == score.precision.corpus == score.recall.corpus == 1.0


def test_saying_nothing_scores_nothing() -> None:
    scores = music_facts({"a": "", "b": "x"}, {"a": ["a violin"], "b": [""]})
    assert scores["all"].f1.corpus == scores["instrument"].recall.corpus == 0.0


def test_report_metrics_have_intervals_around_their_values() -> None:
    candidates = {str(n): "a violin" if n % 3 else "a flute in C major" for n in range(60)}
    metrics = facts_metrics(candidates, {str(n): ["a violin in C major"] for n in range(60)})
    assert set(metrics) == {
        "facts_f1",
        "facts_precision",
        "facts_recall",
        "facts_f1_key",
        "facts_f1_instrument",
    }
    for name in ("facts_f1", "facts_f1_instrument"):
        low, high = metrics[name].interval()
        assert low < metrics[name].corpus < high
    assert pickle.loads(pickle.dumps(metrics["facts_f1"])).corpus == metrics["facts_f1"].corpus


def test_ids_must_meet() -> None:
    with pytest.raises(ValueError, match="stand on one side only, such as"):
        music_facts({"a": ""}, {"b": [""]})
