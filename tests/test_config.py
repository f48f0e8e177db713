"""Facts about strict configurations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from linernotes.config import ConfigError, config_from_mapping, config_to_mapping, load_config


@dataclass(frozen=True)
class Inner:
    dim: int = 8
    rates: tuple[float, ...] = (0.1,)


@dataclass(frozen=True)
class Outer:
    name: str
    learning_rate: float = 1e-3
    limit: float | None = None
    inner: Inner = field(default_factory=Inner)


def test_a_toml_file_becomes_nested_dataclasses(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "small"\nlearning_rate = 1\n[inner]\nrates = [0.5, 1]\n')
    assert load_config(path, Outer) == Outer("small", 1.0, None, Inner(8, (0.5, 1.0)))


def test_an_unknown_key_names_the_nearest_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "small"\nlearning_rat = 1\n')
    with pytest.raises(
        ConfigError, match=r"recipe\.toml: unknown key 'learning_rat'; did you mean 'learning_rate'"
    ):
        load_config(path, Outer)


def test_an_unknown_key_of_a_nested_table_is_dotted() -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'inner\.zzz'; allowed: dim, rates"):
        config_from_mapping({"name": "x", "inner": {"zzz": 1}}, Outer)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "missing key: name"),
        ({"name": 3}, "'name' must be str, got 3"),
        ({"name": "x", "inner": {"dim": 1.5}}, "'inner.dim' must be int, got 1.5"),
        ({"name": "x", "inner": {"dim": True}}, "'inner.dim' must be int, got True"),
        ({"name": "x", "inner": 3}, "'inner' must be a table, got 3"),
        ({"name": "x", "limit": "much"}, "'limit' must be float, got 'much'"),
    ],
)
def test_wrong_values_are_named(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        config_from_mapping(table, Outer)


def test_what_is_written_reads_back_equal() -> None:
    config = Outer("small", 0.5, 2.0, Inner(3, (1.0, 2.0)))
    assert config_from_mapping(config_to_mapping(config), Outer) == config


def test_a_missing_file_and_bad_toml_are_errors_for_users(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration at"):
        load_config(tmp_path / "none.toml", Outer)
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(tmp_path / "bad.toml", Outer)
