"""SPICE (Anderson et al., 2016): F of the scene-graph tuples of candidate and references, through its own jar.

The jar is in the package pycocoevalcap; the two jars of Stanford CoreNLP 3.6.0 that it needs are not, and no
registry has them: users download them once, and put them beside it or into a folder of LINERNOTES_METRIC_JARS.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from linernotes.metrics.java import (
    FOLDERS_VARIABLE,
    GET_PACKAGE,
    find_file,
    find_java,
    jar_folders,
    java_version,
    run_java,
)
from linernotes.metrics.missing import MissingMetricError
from linernotes.metrics.score import Captions, References, Score, mean_score, paired

MAIN_CLASS = "edu.anu.spice.SpiceScorer"
MAIN_JAR = "spice-1.0.jar"
CORENLP_JARS = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")
LAST_JAVA_WITH_JAVASCRIPT = 14
"""The jar prints its scores by Java's JavaScript engine, which Java 15 took out."""

JAVASCRIPT_JARS = "nashorn-core-*.jar"
CORENLP_ARCHIVE = "https://nlp.stanford.edu/software/stanford-corenlp-full-2015-12-09.zip"


def spice(
    candidates: Captions, references: References, *, timeout_s: float = 7200.0, memory_gb: int = 8
) -> Score:
    """Mean over clips of the tuples' F, in 0..1; a clip without any tuple counts 0.

    Texts go to the jar as they are: profile `coco` hands over PTB tokens.

    Args:
        timeout_s: parsing takes about a second for two captions.
        memory_gb: what Java may use at most.

    Raises:
        MissingMetricError: Java or a jar is absent (the message names which), or the jar failed.
    """
    jars = find_jars()
    _need_javascript(jars)
    pairs = paired(candidates, references)
    segments = [
        {"image_id": number, "test": text, "refs": list(refs)} for number, (_, text, refs) in enumerate(pairs)
    ]
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "captions.json"), Path(folder, "scores.json")
        asked.write_text(json.dumps(segments), "utf-8")
        arguments = [f"-Xmx{memory_gb}G", "-cp", os.pathsep.join(map(str, jars)), MAIN_CLASS]
        arguments += [str(asked), "-out", str(answered), "-silent"]
        run_java(arguments, what="SPICE", timeout_s=timeout_s, folder=Path(folder))
        values = _read(answered, len(pairs))
    return mean_score([clip_id for clip_id, _, _ in pairs], values)


def find_jars() -> tuple[Path, ...]:
    """The class path: SPICE's jar, CoreNLP's two, and the libraries that come with SPICE.

    Raises:
        MissingMetricError: there is no Java, or jars are absent; the message names each.
    """
    find_java()
    main = find_file(MAIN_JAR, "spice", f"{GET_PACKAGE}, which carries it")
    folders = jar_folders("spice")
    found = [
        next((folder / name for folder in folders if (folder / name).is_file()), None)
        for name in CORENLP_JARS
    ]
    missing = [name for name, path in zip(CORENLP_JARS, found, strict=True) if path is None]
    if missing:
        raise MissingMetricError(
            f"SPICE lacks {' and '.join(missing)}: take them from {CORENLP_ARCHIVE}, and name their folder in "
            f"{FOLDERS_VARIABLE}"
        )
    libraries = [jar for folder in (main.parent / "lib", *folders) for jar in sorted(folder.glob("*.jar"))]
    return tuple(dict.fromkeys([main, *(path for path in found if path), *libraries]))


def _need_javascript(jars: Sequence[Path]) -> None:
    """Say before hours of parsing that the jar could not print what it found."""
    version = java_version()
    if version > LAST_JAVA_WITH_JAVASCRIPT and not any(jar.match(JAVASCRIPT_JARS) for jar in jars):
        raise MissingMetricError(
            f"SPICE needs Java 8 to {LAST_JAVA_WITH_JAVASCRIPT}, for later ones have no JavaScript "
            f"engine (this is Java {version}): set JAVA_HOME, or put {JAVASCRIPT_JARS} and its asm jars "
            f"into a folder of {FOLDERS_VARIABLE}"
        )


def _read(path: Path, segments: int) -> list[float]:
    """F of every segment, in the order they were asked."""
    try:
        answers = json.loads(path.read_text("utf-8"))
        values = {int(answer["image_id"]): _number(answer["scores"]["All"]["f"]) for answer in answers}
        return [values[number] for number in range(segments)]
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise MissingMetricError(f"SPICE's jar gave no scores that can be read: {error!r}") from error


def _number(value: object) -> float:
    """The jar writes null or NaN where nothing could be divided."""
    return value if isinstance(value, (int, float)) and value == value else 0.0
