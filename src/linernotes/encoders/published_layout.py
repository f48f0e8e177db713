"""Networks that transformers knows, from a folder or a hub in the layout in which they are published."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from linernotes.registry import need_extra


@dataclass(frozen=True, slots=True)
class Published:
    """A network with its weights, and what `preprocessor_config.json` beside them says."""

    network: Any
    prepared: Mapping[str, Any]


def load_published(kind: str, source: str, *, fresh: Collection[str] = (), **settings: Any) -> Published:
    """The network of a folder, or of a hub by its name.

    Args:
        kind: class of transformers, as "ASTModel".
        source: folder or hub name.
        fresh: parts of names of weights that a published file does not have and that start at random.
        settings: of the configuration, in place of what is stored.

    Raises:
        ValueError: there is no such network, or it lacks weights.
    """
    transformers = need_extra("transformers", "torch")
    try:
        with quietly():
            network, told = getattr(transformers, kind).from_pretrained(
                source, output_loading_info=True, trust_remote_code=False, **settings
            )
    except Exception as error:  # its own errors, those of safetensors, of unpickling and of the hub
        raise ValueError(
            f"no {kind} at {source!r}: give a folder with config.json and model.safetensors, or a name on the hub "
            f"that this machine can reach ({(str(error).splitlines() or [type(error).__name__])[0]})"
        ) from error
    unknown = sorted(name for name in told["missing_keys"] if not any(part in name for part in fresh))
    if unknown:
        raise ValueError(
            f"{source!r} is no {kind}: its weights lack {unknown[0]} (and {len(unknown) - 1} more)"
        )
    return Published(network.eval(), _prepared(transformers, source))


@contextmanager
def quietly() -> Iterator[None]:
    """Without the bars and reports of transformers: what matters in them is checked here."""
    logging = need_extra("transformers", "torch").logging
    level, shows_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shows_bars:
            logging.enable_progress_bar()


def _prepared(transformers: Any, source: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = transformers.FeatureExtractionMixin.get_feature_extractor_dict(source)[0]
    except OSError:  # folders saved without it
        return {}
    return found
