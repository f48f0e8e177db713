"""METEOR 1.5: the jar's protocol, the formula over its counts, and equality with pycocoevalcap."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from fake_java import asked_of, put_java_on_path

from linernotes.caption_files import CaptionPairs
from linernotes.evaluation import evaluate
from linernotes.metrics.java import FOLDERS_VARIABLE
from linernotes.metrics.meteor_jar import meteor_jar
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.profiles import load_profile

COUNTS = {
    # Of "a slow sad piano song" against the second of two references, and of a text that is its reference:
    # words, function words, then content and function matches of each stage, chunks, matched words.
    "partly": "5 8 1 3 4 4 1 1 0 0 0 0 0 0 0 0 0 0 0 0 4 5 5",
    "wholly": "2 2 1 1 1 1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 1 2 2",
    "not": "0 3 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
}


GOLDEN = {"same": 1.0, "stem": 0.029851, "empty": 0.0, "two": 0.259066, "none": 0.0}
GOLDEN_CORPUS = 0.203943
"""What pycocoevalcap 1.2 gives for the captions of the last test."""


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jars" / "data").mkdir(parents=True)
    (tmp_path / "jars" / "meteor-1.5.jar").touch()
    (tmp_path / "jars" / "data" / "paraphrase-en.gz").touch()
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path / "jars"))


def by_hand(matched: float, words: float, reference_words: float, chunks: float, matches: float) -> float:
    precision, recall = matched / words, matched / reference_words
    f = precision * recall / (0.85 * precision + 0.15 * recall)
    return f * (1 - 0.6 * (chunks / matches) ** 0.2)


@pytest.mark.usefixtures("jars")
def test_counts_become_scores_and_sums_become_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "\n".join(f"print({COUNTS[key]!r})" for key in COUNTS)
    log = put_java_on_path(tmp_path / "java", monkeypatch, body)
    candidates = {"partly": "a  slow sad ||| piano song", "wholly": "a song", "not": ""}
    references = {"partly": ["x", "two\nlines"], "wholly": ["a song"], "not": ["y"]}
    score = meteor_jar(candidates, references)
    content, function = 0.75, 0.25
    partly = content * 4 + function
    assert score.per_clip == pytest.approx(
        {
            "partly": by_hand(partly, content * 4 + function, content * 5 + function * 3, 4, 5),
            "wholly": 1.0,
            "not": 0.0,
        }
    )
    words, reference_words = content * 5 + function * 2, content * 8 + function * 5
    assert score.corpus == pytest.approx(
        by_hand(partly + content + function, words, reference_words, 4, 7)  # the whole match has no chunk
    )
    asked = asked_of(log)
    assert asked["input"] == (
        "SCORE ||| x ||| two lines ||| a slow sad piano song\nSCORE ||| a song ||| a song\nSCORE ||| y ||| \n"
    )
    assert str(asked["arguments"]).endswith("'-', '-', '-stdio', '-l', 'en', '-norm']")


@pytest.mark.usefixtures("jars")
def test_a_report_and_its_floor_take_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, none = COUNTS["wholly"], COUNTS["not"]
    body = f"for line in asked.splitlines(): print({whole!r} if 'a song ||| a song' in line else {none!r})"
    log = put_java_on_path(tmp_path / "java", monkeypatch, body)
    pairs = CaptionPairs({"a": "a song", "b": "drums"}, {"a": ("a song",), "b": ("a choir",)})
    report = evaluate(pairs, load_profile("coco"), metrics=["meteor"], resamples=5)
    assert asked_of(log)["input"] == (
        "SCORE ||| a song ||| a song\nSCORE ||| a choir ||| drums\n"
        "SCORE ||| a song ||| drums\nSCORE ||| a choir ||| a song\n"
    )
    assert report.per_clip["meteor"].predicted.tolist() == [1.0, 0.0]
    assert report.results[0].shuffled == 0.0


@pytest.mark.usefixtures("jars")
def test_too_few_answers_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_java_on_path(tmp_path / "java", monkeypatch, f"print({COUNTS['not']!r})")
    with pytest.raises(MissingMetricError, match="1 answers for 2 captions"):
        meteor_jar({"a": "x", "b": "y"}, {"a": ["x"], "b": ["y"]})


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java on this machine")
@pytest.mark.skipif(
    importlib.util.find_spec("pycocoevalcap") is None, reason="METEOR's jar is in the package pycocoevalcap"
)
def test_equals_pycocoevalcap() -> None:
    candidates = {
        "same": "a slow piano piece",
        "stem": "a singer sings slowly",
        "empty": "",
        "two": "fast drums and a distorted guitar riff",
        "none": "birds",
    }
    references = {
        "same": ["a slow piano piece"],
        "stem": ["singers are singing a slow song"],
        "empty": ["a loud song"],
        "two": ["a calm song", "a quick song with drums and a distorted electric guitar"],
        "none": ["a café chanson"],
    }
    score = meteor_jar(candidates, references)
    assert score.per_clip == pytest.approx(GOLDEN, abs=5e-5)
    assert score.corpus == pytest.approx(GOLDEN_CORPUS, abs=5e-5)
