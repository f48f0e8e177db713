"""linernotes: liner notes for recordings, grounded in measured facts. Importing it is instant."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from linernotes.audio import Audio, AudioError
    from linernotes.captioner import Captioner, caption, load_captioner
    from linernotes.clip import Caption, Claim, Clip, Fact, Notes, Section

_HOMES = {
    "Audio": "audio",
    "AudioError": "audio",
    "Captioner": "captioner",
    "caption": "captioner",
    "load_captioner": "captioner",
    "Caption": "clip",
    "Claim": "clip",
    "Clip": "clip",
    "Fact": "clip",
    "Notes": "clip",
    "Section": "clip",
}

__all__ = [
    "Audio",
    "AudioError",
    "Caption",
    "Captioner",
    "Claim",
    "Clip",
    "Fact",
    "Notes",
    "Section",
    "__version__",
    "caption",
    "load_captioner",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import linernotes` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'linernotes' has no attribute {name!r}")
    return getattr(importlib.import_module(f"linernotes.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
