"""Extractors by name: those of the registry, or anybody's as `package.module:name`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from linernotes.building.annotate import FeatureExtractor
from linernotes.registry import FEATURE_EXTRACTORS


@dataclass(frozen=True, slots=True)
class Asked:
    """An extractor by its `name` on the command line; `identity` also changes with its version."""

    name: str
    identity: str


@lru_cache(maxsize=16)
def load_extractor(name: str) -> FeatureExtractor:
    """The extractor called `name`: a class or function without arguments is called, anything else is it.

    Only a name that the user gives is ever imported, none that stands in a manifest.

    Raises:
        ValueError: the name leads to nothing that is an extractor.
        ImportError: its module can't be imported.
    """
    where = FEATURE_EXTRACTORS.get(name, name)
    module_name, _, attribute = where.partition(":")
    if not module_name or not attribute:
        raise ValueError(
            f"{name!r} is no extractor: give package.module:name, or one of {', '.join(FEATURE_EXTRACTORS)}"
        )
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and module_name.startswith(error.name):
            raise ValueError(
                f"extractor {name!r}: no module {error.name!r}; install it, or put its folder on PYTHONPATH"
            ) from error
        raise
    found = getattr(module, attribute, None)
    if found is None:
        raise ValueError(f"extractor {name!r}: the module {module_name} has no {attribute}")
    if isinstance(found, type) or (callable(found) and not hasattr(found, "sample_rate")):
        found = found()
    lacks = [each for each in ("sample_rate", "version") if not hasattr(found, each)]
    if lacks or not callable(found):
        raise ValueError(f"extractor {name!r} lacks {lacks[0] if lacks else '__call__'} (docs/annotate.md)")
    return cast(FeatureExtractor, found)


def asked(name: str) -> Asked:
    """An extractor with its version, for which it has to be loaded."""
    return Asked(name, f"{name} {load_extractor(name).version}")
