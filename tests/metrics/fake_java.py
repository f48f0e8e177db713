"""A `java` that answers like METEOR's and SPICE's jars, and keeps what it was asked; for tests of the protocol."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

SCRIPT = """#!{python}
import json, os, sys, time
if sys.argv[1:] == ["-version"]:
    print('openjdk version "{version}" 2019', file=sys.stderr)
    sys.exit()
asked = sys.stdin.read()
with open({log!r}, "w") as log:
    json.dump({{"arguments": sys.argv[1:], "input": asked, "pid": os.getpid()}}, log)
{body}
"""


def put_java_on_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch, body: str, *, version: str = "11.0.2"
) -> Path:
    """Make the fake the only Java; returns the file that keeps what it was asked."""
    folder.mkdir()
    log, java = folder / "asked.json", folder / "java"
    java.write_text(SCRIPT.format(python=sys.executable, version=version, log=str(log), body=body))
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return log


def asked_of(log: Path) -> dict[str, object]:
    """Arguments, standard input and process id of the last run."""
    found: dict[str, object] = json.loads(log.read_text())
    return found
