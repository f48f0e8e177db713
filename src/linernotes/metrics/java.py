"""Java and the jars that two of the `coco` metrics run in: where they are, and one run of a program."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from linernotes.metrics.missing import MissingMetricError

FOLDERS_VARIABLE = "LINERNOTES_METRIC_JARS"
"""Names folders with jars, separated as in PATH; they are looked through before the package's own."""

PACKAGE = "pycocoevalcap"
GET_PACKAGE = f"pip install {PACKAGE}"
GET_JAVA = "install a Java runtime, such as Debian's default-jre-headless, or set JAVA_HOME"

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
"""Java 8 calls itself 1.8."""


def find_java() -> Path:
    """The `java` program, of JAVA_HOME or on PATH.

    Raises:
        MissingMetricError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    of_home = Path(home, "bin", "java") if home else None
    if of_home and of_home.is_file():
        return of_home
    on_path = shutil.which("java")
    if on_path is None:
        raise MissingMetricError(f"there is no Java on this machine: {GET_JAVA}")
    return Path(on_path)


def java_version() -> int:
    """Java's version: 8, 11, 17 ...

    Raises:
        MissingMetricError: there is no Java, or it does not say its version.
    """
    java = find_java()
    said = subprocess.run([java, "-version"], capture_output=True, encoding="utf-8", timeout=60).stderr
    found = _VERSION.search(said)
    if found is None:
        raise MissingMetricError(f"{java} does not say its version: {GET_JAVA}")
    return int(found[1])


def jar_folders(part: str) -> tuple[Path, ...]:
    """Folders that may hold jars: the user's, then `part` (meteor, spice) of the package and its `lib`."""
    folders = [Path(name) for name in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if name]
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folders += [Path(place, part), Path(place, part, "lib")]
    return tuple(folders)


def find_file(name: str, part: str, advice: str) -> Path:
    """A file that a Java metric needs.

    Args:
        name: a file's name, or a path below a folder that is searched.
        part: the package's sub-folder.
        advice: how to get the file.

    Raises:
        MissingMetricError: none of the folders has it.
    """
    for folder in jar_folders(part):
        if (folder / name).is_file():
            return folder / name
    raise MissingMetricError(f"{name} is not on this machine: {advice}")


def run_java(
    arguments: Sequence[str], *, what: str, timeout_s: float, folder: Path | None = None, text: str = ""
) -> str:
    """What a Java program prints when it is fed `text`; the program never outlives the call.

    Args:
        arguments: options, jar and arguments, without `java` itself.
        what: the metric's name, for errors.
        timeout_s: seconds after which the program is killed.
        folder: the working folder.
        text: given to it on standard input.

    Raises:
        MissingMetricError: there is no Java, or the program failed or ran too long.
    """
    command = [str(find_java()), *arguments]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, cwd=folder, timeout=timeout_s, encoding="utf-8"
        )
    except subprocess.TimeoutExpired as error:
        raise MissingMetricError(
            f"{what} was stopped after {timeout_s:g} s: score fewer clips, or allow it more time"
        ) from error
    except OSError as error:
        raise MissingMetricError(f"{what} could not start {command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise MissingMetricError(
            f"{what}'s Java program ended with status {done.returncode}: {_reason(done.stderr)}"
        )
    return done.stdout


def _reason(stderr: str) -> str:
    """The line of a Java trace that says most."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line or "Exception" in line]
    return (telling or lines or ["it printed no reason"])[0][:300]
