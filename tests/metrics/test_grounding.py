"""Verdicts on statements whose truth is known from the facts given."""

from __future__ import annotations

import pytest

from linernotes.clip import Fact
from linernotes.metrics.grounding import ground, grounding_scores
from linernotes.metrics.grounding_report import report_to_dict, report_to_markdown


def fact(name: str, value: str | float, confidence: float = 0.9, start_s: float = 0.0) -> Fact:
    unit = "BPM" if name == "tempo" else ""
    return Fact(f"{name}:{value}", name, value, unit, confidence, "test", start_s, 10.0)


MALE = (fact("voice", "sung"), fact("singer_gender", "male"))
FACTS = (
    *MALE,
    fact("tempo", 90.0),
    fact("key", "A minor"),
    fact("metre", "4/4"),
    fact("instrument", "violin"),
    fact("instrument", "drums"),
    fact("instrument", "guitar", 0.5),
    fact("genre", "folk"),
    fact("mood", "sad"),
    fact("chord_loop", "Am-F-C-G", 0.8),
    fact("chord", "A:min", start_s=0.0),
    fact("chord", "F:maj", start_s=2.0),
)


def verdicts(text: str, facts: tuple[Fact, ...] = FACTS) -> dict[str, str]:
    return {claim.claim.value: claim.verdict for claim in ground(text, facts).claims}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("92 BPM", "supported"),
        ("120 BPM", "contradicted"),
        ("180 BPM", "contradicted"),
        ("a slow song", "supported"),
        ("presto", "contradicted"),
        ("in A minor", "supported"),
        ("in the key of A", "supported"),
        ("in C major", "contradicted"),
        ("in A dorian", "unverifiable"),
        ("4/4", "supported"),
        ("2/4", "unverifiable"),
        ("3/4", "contradicted"),
        ("a violin", "supported"),
        ("strings", "supported"),
        ("a flute", "unverifiable"),
        ("an electric guitar", "unverifiable"),
        ("no drums", "contradicted"),
        ("no percussion", "contradicted"),
        ("no guitar", "unverifiable"),
        ("no flute", "unverifiable"),
        ("folk", "supported"),
        ("reggae", "unverifiable"),
        ("not sad", "contradicted"),
        ("vocals", "supported"),
        ("instrumental", "contradicted"),
        ("the chords C-G-Am-F", "supported"),
        ("the chords C-G-Dm-F", "contradicted"),
        ("an F chord", "supported"),
        ("a B7 chord", "unverifiable"),
        ("not in A minor", "contradicted"),
    ],
)
def test_verdicts(text: str, verdict: str) -> None:
    assert list(verdicts(text).values()) == [verdict], ground(text, FACTS)


def test_a_woman_where_a_man_was_heard() -> None:
    assert verdicts("A woman sings.") == {"female": "contradicted", "sung": "supported"}
    unsure = (fact("voice", "sung"), fact("singer_gender", "male", 0.5))
    assert verdicts("A woman sings.", unsure)["female"] == "unverifiable"
    mixed = (fact("voice", "sung"), fact("singer_gender", "mixed"))
    assert verdicts("A woman sings.", mixed)["female"] == "supported"


def test_a_singer_where_nobody_sings() -> None:
    silent = (fact("voice", "instrumental"),)
    assert verdicts("A man sings.", silent) == {"male": "contradicted", "sung": "contradicted"}
    assert verdicts("There are no vocals.", silent) == {"sung": "supported"}
    doubtful = (fact("voice", "instrumental", 0.5),)
    assert verdicts("Someone sings.", doubtful) == {"sung": "unverifiable"}


def test_reasons_name_octaves_relatives_and_the_fact() -> None:
    (claim,) = ground("180 BPM", FACTS).claims
    assert claim.fact_id == "tempo:90.0"
    assert "twice that tempo" in claim.reason
    assert "relative" in ground("C major", FACTS).claims[0].reason
    assert "fifth" in ground("E minor", FACTS).claims[0].reason
    assert "parallel" in ground("A major.", FACTS).claims[0].reason
    assert ground("a flute", FACTS).claims[0].fact_id == ""


def test_a_tempo_that_varies_contradicts_nothing() -> None:
    varying = (fact("tempo", 90.0), fact("tempo_change", "varying"))
    assert verdicts("140 BPM", varying) == {"140 BPM": "unverifiable"}


def test_nothing_measured_proves_nothing() -> None:
    assert set(verdicts("A man sings a fast reggae in C major, C-G-Am-F, 3/4.", ()).values()) == {
        "unverifiable"
    }


def test_facts_of_sections_support_but_do_not_contradict() -> None:
    (claim,) = ground("a flute", FACTS, [fact("instrument", "flute")]).claims
    assert claim.verdict == "supported"
    (claim,) = ground("in A minor", FACTS, [fact("key", "D minor")]).claims
    assert claim.verdict == "supported"


def test_shares_are_of_all_statements() -> None:
    groundings = {"a": ground("A violin at 120 BPM.", FACTS), "b": ground("A flute and drums.", FACTS)}
    scores = grounding_scores(groundings)
    assert {name: score.corpus for name, score in scores.items()} == {
        "supported": 0.5,
        "contradicted": 0.25,
        "unverifiable": 0.25,
    }
    report = report_to_dict(groundings)
    assert (report["n"], report["claims"]) == (2, 4)
    assert report["attributes"]["tempo"] == {"supported": 0, "contradicted": 1, "unverifiable": 0}
    assert '- `a`: "120 BPM", but tempo 90 BPM was measured' in report_to_markdown(groundings)
    with pytest.raises(ValueError, match="no captions"):
        grounding_scores({})
