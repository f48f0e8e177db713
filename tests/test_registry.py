"""The registry tells the truth about what ships."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

import linernotes
from linernotes.captioner import MODELS
from linernotes.clip import Licence
from linernotes.registry import (
    MissingExtraError,
    components,
    licences,
    load_writer,
    need_extra,
    refuse_non_commercial,
)

ASSETS = Path(linernotes.__file__).parent / "assets"


def test_every_shipped_file_is_registered_with_its_checksum() -> None:
    stated = {name: digest for item in components().values() for name, digest in item.files.items()}
    found = {
        path.relative_to(ASSETS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in ASSETS.rglob("*")
        if path.is_file() and path.name != "components.json" and path.parent.name != "licences"
    }
    assert found == stated


def test_what_ships_stays_under_40_mb() -> None:
    assert sum(item.size_bytes for item in components().values()) < 40e6


def test_everything_shipped_may_earn_money() -> None:
    refuse_non_commercial(licences(tuple(components())))


def test_a_non_commercial_part_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"mert \(CC-BY-NC-4.0\)"):
        refuse_non_commercial((Licence("mert", "CC-BY-NC-4.0", False),))


def test_the_captioner_uses_registered_models_only() -> None:
    assert {licence.component for licence in licences(MODELS)} == set(MODELS)
    with pytest.raises(ValueError, match="no component called 'nonsense'"):
        licences(("nonsense",))


def test_licence_texts_of_others_ship() -> None:
    texts = {path.stem for path in (ASSETS / "licences").glob("*.txt")}
    assert {"musicnn", "firered_aed", "gender_cnn", "beatnet"} <= texts


def test_an_unknown_writer_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="no writer called 'poet'; choose from composer, small"):
        load_writer("poet")


def test_a_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'linernotes\[plot\]'"):
        need_extra("matplotlib", "plot")
