"""TOML files to frozen dataclasses and back, with strict keys: the error for a misspelt one names the nearest."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class ConfigError(ValueError):
    """A configuration that cannot be read; the message names the key and what is allowed there."""


def load_config(path: str | Path, cls: type[T]) -> T:
    """Read a TOML file into the dataclass `cls`; nested tables become nested dataclasses."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(f"no configuration at {path}: check the path") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    try:
        return config_from_mapping(table, cls)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def config_from_mapping(table: Mapping[str, Any], cls: type[T], where: str = "") -> T:
    """Build `cls` from a mapping; `where` is the dotted prefix of the keys in messages."""
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is not a dataclass")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    for key in table:
        if key not in fields:
            raise ConfigError(_unknown_key(f"{where}{key}", key, list(fields)))
    values = {key: _coerce(value, hints[key], f"{where}{key}") for key, value in table.items()}
    missing = [
        name
        for name, field in fields.items()
        if name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(
            f"missing key{'s' * (len(missing) > 1)}: {', '.join(where + name for name in missing)}"
        )
    return cls(**values)


def config_to_mapping(config: Any) -> dict[str, Any]:
    """The plain mapping that `config_from_mapping` reads back to an equal configuration (None is left out)."""
    return {
        field.name: _plain(value)
        for field in dataclasses.fields(config)
        if (value := getattr(config, field.name)) is not None
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return config_to_mapping(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _unknown_key(dotted: str, key: str, allowed: list[str]) -> str:
    nearest = difflib.get_close_matches(key, allowed, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"allowed: {', '.join(sorted(allowed))}"
    return f"unknown key {dotted!r}; {hint}"


def _coerce(value: Any, kind: Any, where: str) -> Any:
    """`value` as `kind`, or an error; TOML has no tuples, so arrays become tuples where the field asks for one."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where!r} must be a table, got {value!r}")
        return config_from_mapping(value, kind, f"{where}.")
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _coerce_union(value, arguments, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where!r} must be an array, got {value!r}")
        return tuple(_coerce(item, arguments[0], where) for item in value)
    if kind is Path:
        kind, value = Path, Path(value) if isinstance(value, str) else value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong_bool = isinstance(value, bool) and kind is not bool
    if kind is not Any and (not isinstance(value, kind) or wrong_bool):
        raise ConfigError(f"{where!r} must be {kind.__name__}, got {value!r}")
    return value


def _coerce_union(value: Any, kinds: tuple[Any, ...], where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _coerce(value, kind, where)
        except ConfigError:
            continue
    names = " or ".join(getattr(kind, "__name__", str(kind)) for kind in kinds if kind is not type(None))
    raise ConfigError(f"{where!r} must be {names}, got {value!r}")
