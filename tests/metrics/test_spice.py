"""SPICE and SPIDEr: what is asked of the jar, how its answer is read, and what is said when a part is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_java import asked_of, put_java_on_path

from linernotes.metrics.java import FOLDERS_VARIABLE
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import mean_score
from linernotes.metrics.spice import CORENLP_JARS, MAIN_JAR, spice
from linernotes.metrics.spider import spider

# Like the jar, it answers in an order of its own; F is the share of the candidate's words that a reference has.
ANSWER = """
with open(sys.argv[5]) as file:
    segments = json.load(file)
scores = []
for segment in reversed(segments):
    words, known = segment["test"].split(), " ".join(segment["refs"]).split()
    f = sum(word in known for word in words) / len(words) if words else None
    scores.append({"image_id": segment["image_id"], "scores": {"All": {"pr": 0.1, "re": 0.2, "f": f}}})
with open(sys.argv[7], "w") as file:
    json.dump(scores, file)
"""


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "jars"
    folder.mkdir()
    for name in (MAIN_JAR, *CORENLP_JARS):
        (folder / name).touch()
    monkeypatch.setenv(FOLDERS_VARIABLE, str(folder))
    return folder


def test_asks_once_and_reads_f_by_clip(jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = put_java_on_path(tmp_path / "java", monkeypatch, ANSWER)
    candidates = {"b": "a slow song", "a": "loud drums", "empty": ""}
    references = {"b": ["a slow piano", "song"], "a": ["drums"], "empty": ["x"]}
    score = spice(candidates, references, memory_gb=3)
    assert score.per_clip == {"b": 1.0, "a": 0.5, "empty": 0.0}
    assert score.corpus == pytest.approx(0.5)
    arguments = asked_of(log)["arguments"]
    assert isinstance(arguments, list)
    assert arguments[0] == "-Xmx3G"
    assert arguments[2].split(":")[:3] == [str(jars / name) for name in (MAIN_JAR, *CORENLP_JARS)]
    assert arguments[3] == "edu.anu.spice.SpiceScorer"
    assert not Path(arguments[4]).exists()  # nothing is left behind


def test_names_each_missing_jar(jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_java_on_path(tmp_path / "java", monkeypatch, ANSWER)
    (jars / CORENLP_JARS[1]).unlink()
    with pytest.raises(
        MissingMetricError,
        match=rf"^SPICE lacks stanford-corenlp-3.6.0-models.jar: take .*stanford.edu.* {FOLDERS_VARIABLE}$",
    ):
        spice({"a": "x"}, {"a": ["x"]})


def test_refuses_a_java_that_could_not_print_the_scores(
    jars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_java_on_path(tmp_path / "java", monkeypatch, ANSWER, version="17.0.15")
    with pytest.raises(MissingMetricError, match=r"needs Java 8 to 14.*this is Java 17.*nashorn-core"):
        spice({"a": "x"}, {"a": ["x"]})
    (jars / "nashorn-core-15.4.jar").touch()
    assert spice({"a": "x"}, {"a": ["x"]}).corpus == 1.0


@pytest.mark.usefixtures("jars")
@pytest.mark.parametrize(
    "body", ["pass", "open(sys.argv[7], 'w').write('[]')", "open(sys.argv[7], 'w').write('{')"]
)
def test_an_unreadable_answer_is_an_error(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_java_on_path(tmp_path / "java", monkeypatch, body)
    with pytest.raises(MissingMetricError, match="no scores that can be read"):
        spice({"a": "x"}, {"a": ["x"]})


def test_spider_is_the_mean_of_both_clip_by_clip() -> None:
    cider_d, tuples = mean_score(["a", "b"], [2.0, 1.0]), mean_score(["b", "a"], [0.5, 0.0])
    score = spider(cider_d, tuples)
    assert score.per_clip == {"a": 1.0, "b": 0.75}
    assert score.corpus == 0.875
    with pytest.raises(ValueError, match="same clips"):
        spider(cider_d, mean_score(["a"], [1.0]))
