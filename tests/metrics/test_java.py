"""Java and jars are found where they are said to be, and a program never outlives its call."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fake_java import asked_of, put_java_on_path

from linernotes.metrics.java import FOLDERS_VARIABLE, find_file, find_java, java_version, run_java
from linernotes.metrics.missing import MissingMetricError


def test_without_java_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingMetricError, match=r"no Java on this machine: install .* or set JAVA_HOME"):
        find_java()


def test_java_home_comes_before_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_java_on_path(tmp_path / "path", monkeypatch, "")
    mine = tmp_path / "home" / "bin" / "java"
    mine.parent.mkdir(parents=True)
    mine.touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java() == mine


@pytest.mark.parametrize(("said", "version"), [("1.8.0_101", 8), ("11.0.2", 11), ("17", 17)])
def test_versions_are_read(said: str, version: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_java_on_path(tmp_path / "java", monkeypatch, "", version=said)
    assert java_version() == version


def test_jars_are_looked_for_in_every_named_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "own.jar").touch()
    monkeypatch.setenv(FOLDERS_VARIABLE, os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")]))
    assert find_file("own.jar", "meteor", "buy it") == tmp_path / "second" / "own.jar"
    with pytest.raises(MissingMetricError, match=r"other\.jar is not on this machine: buy it"):
        find_file("other.jar", "meteor", "buy it")


def test_a_failing_program_gives_the_line_that_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trace = "Loading\n\tjava.lang.OutOfMemoryError: Java heap space\n\tat x"
    put_java_on_path(tmp_path / "java", monkeypatch, f"print({trace!r}, file=sys.stderr)\nsys.exit(3)")
    with pytest.raises(
        MissingMetricError, match=r"^TEST's .*status 3: java.lang.OutOfMemoryError: Java heap"
    ):
        run_java(["-jar", "x.jar"], what="TEST", timeout_s=30)


def test_a_program_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = put_java_on_path(tmp_path / "java", monkeypatch, "time.sleep(60)")
    with pytest.raises(MissingMetricError, match="stopped after 3 s"):
        run_java(["-jar", "x.jar"], what="TEST", timeout_s=3)
    pid = asked_of(log)["pid"]
    assert isinstance(pid, int)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
