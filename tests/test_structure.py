"""The shape of the package: imports point one way, files stay small, the base install stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "linernotes"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))

LAYERS = (
    {
        "audio",
        "clip",
        "config",
        "registry",
        "licence_terms",
        "spectra",
        "networks",
        "notes_json",
        "kept_file",
        "manifest",
        "caption_files",
        "__init__",
    },
    {"checkpoint", "decoding", "features", "encoders", "metrics", "llm", "words"},
    {"writers", "models", "datasets", "building"},
    {
        "training",
        "evaluation",
        "evaluation_report",
        "comparison",
        "comparison_report",
        "judging",
        "listening",
        "published",
        "batch",
        "captioner",
        "trained_captioner",
        "longform",
        "export",
        "plot",
        "write_benchmark",
    },
    {"cli", "web", "search", "__main__"},
)
"""A part may import from its own layer and those before it."""

HEAVY = {
    "torch",
    "librosa",
    "matplotlib",
    "transformers",
    "tensorflow",
    "nltk",
    "sacrebleu",
    "pandas",
    "sklearn",
}


def part_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def layer_of(part: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "linernotes":
                yield from (f"linernotes.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(module: Path) -> None:
    here = part_of(module)
    for name in imports_of(module):
        if name.startswith("linernotes."):
            there = name.split(".")[1]
            if there.startswith("__") or here == "__init__":
                continue
            assert layer_of(there) <= layer_of(here), f"{here} must not import {there}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_stay_small(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= 400


def test_no_module_is_called_utils() -> None:
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "util", "helpers", "misc", "common", "base"}


def test_importing_linernotes_imports_nothing_heavy() -> None:
    code = "import sys, linernotes; print(sorted(name.split('.')[0] for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {name for name in (*HEAVY, "numpy", "scipy", "onnxruntime") if f"'{name}'" in loaded}


def test_captioning_imports_no_extra() -> None:
    code = (
        "import sys, linernotes, linernotes.cli.app; linernotes.load_captioner();"
        "linernotes.load_captioner('small');"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = ast.literal_eval(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )
    assert not HEAVY & set(loaded)


def test_public_names_resolve() -> None:
    import linernotes

    for name in linernotes.__all__:
        assert getattr(linernotes, name) is not None
    assert set(linernotes.__all__) <= set(dir(linernotes))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = linernotes.nonsense  # type: ignore[attr-defined]


BASE_PYTHON = ROOT / ".venv" / "bin" / "python"


@pytest.mark.skipif(
    not BASE_PYTHON.exists(), reason="no base environment: `make caption` or `make test` makes it"
)
class TestBaseInstall:
    """The environment that `make caption` makes: what a user gets."""

    def run(self, code: str) -> str:
        done = subprocess.run([BASE_PYTHON, "-c", code], capture_output=True, text=True, check=True, cwd="/")
        return done.stdout.strip()

    def test_has_no_pytorch(self) -> None:
        assert self.run("import importlib.util as u; print(u.find_spec('torch'))") == "None"

    def test_is_under_500_mb(self) -> None:
        files = (path for path in (ROOT / ".venv").rglob("*") if path.is_file() and not path.is_symlink())
        assert sum(path.stat().st_size for path in files) < 500e6

    def test_captions_the_example(self, example: Path) -> None:
        code = f"import linernotes; print(linernotes.caption({str(example)!r}).caption.text)"
        assert self.run(code).endswith(".")

    def test_holds_only_the_declared_packages(self) -> None:
        declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        assert {name.split(">")[0] for name in declared} == {
            "numpy", "scipy", "onnxruntime", "soundfile", "soxr", "typer", "rich",
        }  # fmt: skip
