"""What linernotes is made of: every model, with its source, checksum, licence and whether it may earn money.

The only registry: name -> where the code is (imported when asked for) and what the component is.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from linernotes.clip import Licence


class MissingExtraError(ImportError):
    """A part of linernotes whose optional packages are not installed."""


@dataclass(frozen=True, slots=True)
class Component:
    """One model or method; `files` are names in `linernotes/assets` with their sha256, if it has any."""

    name: str
    kind: str
    about: str
    source: str
    version: str
    licence: str
    commercial_use: bool
    files: Mapping[str, str]

    @property
    def size_bytes(self) -> int:
        """Bytes on disk of the shipped files."""
        assets = resources.files("linernotes") / "assets"
        return sum(len((assets / name).read_bytes()) for name in self.files)


@lru_cache(maxsize=1)
def components() -> Mapping[str, Component]:
    """Every registered component by name."""
    text = (resources.files("linernotes") / "assets" / "components.json").read_text("utf-8")
    return {entry["name"]: Component(**entry) for entry in json.loads(text)}


def licences(names: tuple[str, ...]) -> tuple[Licence, ...]:
    """The licence chain of the components called `names`.

    Raises:
        ValueError: a name is not registered.
    """
    known = components()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no component called {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(Licence(name, known[name].licence, known[name].commercial_use) for name in names)


def refuse_non_commercial(chain: tuple[Licence, ...]) -> None:
    """Raise ValueError when a component of `chain` may not be used commercially."""
    refused = [f"{licence.component} ({licence.licence})" for licence in chain if not licence.commercial_use]
    if refused:
        raise ValueError(f"--commercial-ok: these parts do not allow commercial use: {', '.join(refused)}")


WRITERS: Mapping[str, str] = {
    "composer": "linernotes.writers.composer:composer",
    "small": "linernotes.writers.small:small",
}
"""Writer name -> where it is, a function or a class without arguments; imported on first use."""


MODEL_FAMILIES: Mapping[str, str] = {
    "muscaps": "linernotes.models.word_family:MUSCAPS",
    "dcase-baseline": "linernotes.models.word_family:DCASE_BASELINE",
    "sonicverse": "linernotes.models.sonicverse.family:SONICVERSE",
    "lp-musiccaps": "linernotes.models.lp_musiccaps.family:LP_MUSICCAPS",
    "s2cap": "linernotes.models.s2cap.family:S2CAP",
}
"""Family of trainable caption models -> where it is (a `models.families.ModelFamily`); needs the extra torch."""

IMPORTERS: Mapping[str, str] = {
    "lp-musiccaps": "linernotes.models.lp_musiccaps.importing:import_lp_musiccaps",
    "sonicverse": "linernotes.models.sonicverse.importing:import_sonicverse",
}
"""Family with published weights -> where it is (a `models.importing.Importer`); needs the extra torch."""

AUDIO_ENCODERS: Mapping[str, str] = {
    "musicnn-mtt": "linernotes.encoders.musicnn_chunks:musicnn_mtt",
    "musicnn-msd": "linernotes.encoders.musicnn_chunks:musicnn_msd",
    "musicnn-msd-big": "linernotes.encoders.musicnn_chunks:musicnn_msd_big",
    "harmonic-cnn": "linernotes.encoders.harmonic_cnn:harmonic_cnn",
    "log-mel-64": "linernotes.encoders.log_mel:log_mel_64",
    "mert": "linernotes.encoders.mert:mert",
    "ast": "linernotes.encoders.ast:ast",
    "wav2vec2": "linernotes.encoders.wav2vec2:wav2vec2",
    "hubert": "linernotes.encoders.hubert:hubert",
}
"""Audio encoder of trainable models -> a function of weights ("shipped", "none", a path) and whether they stay."""

FEATURE_EXTRACTORS: Mapping[str, str] = {
    "shipped": "linernotes.building.annotate.shipped:Shipped",
}
"""Extractor of `annotate` -> where it is (a `building.annotate.FeatureExtractor`, or what makes one)."""


def find_named(table: Mapping[str, str], name: str, kind: str) -> Any:
    """What stands in `table` under `name`, imported now; `kind` is what messages call it.

    Raises:
        ValueError: nothing does.
    """
    if name not in table:
        raise ValueError(f"no {kind} called {name!r}; choose from {', '.join(table)}")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def load_writer(name: str) -> Any:
    """The writer called `name`, ready to be called.

    Raises:
        ValueError: there is no such writer.
    """
    if name not in WRITERS:
        raise ValueError(f"no writer called {name!r}; choose from {', '.join(WRITERS)}")
    module, _, attribute = WRITERS[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    return found() if isinstance(found, type) else found


DATASETS: Mapping[str, str] = {
    "musiccaps": "linernotes.datasets.musiccaps:MUSICCAPS",
    "song-describer": "linernotes.datasets.song_describer:SONG_DESCRIBER",
    "magnatagatune": "linernotes.datasets.magnatagatune:MAGNATAGATUNE",
    "mtg-jamendo": "linernotes.datasets.mtg_jamendo:MTG_JAMENDO",
    "msd-ecals": "linernotes.datasets.msd_ecals:MSD_ECALS",
    "musicbench": "linernotes.datasets.musicbench:MUSICBENCH",
    "s2cap": "linernotes.datasets.s2cap:S2CAP",
    "folder": "linernotes.datasets.folder:FOLDER",
}
"""Data set name -> where it is; imported on first use."""


def load_dataset(name: str) -> Any:
    """The `linernotes.datasets.dataset.Dataset` called `name`.

    Raises:
        ValueError: there is no such data set.
    """
    if name not in DATASETS:
        raise ValueError(f"no data set called {name!r}; choose from {', '.join(DATASETS)}")
    module, _, attribute = DATASETS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def need_extra(package: str, extra: str) -> Any:
    """Import `package`, or say which extra brings it.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"this needs the package {package}: pip install 'linernotes[{extra}]'"
        ) from error
