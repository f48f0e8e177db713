"""A data set of short rendered clips for training: wide casts, exact facts, tags, captions in several wordings.

Pieces come from the project's generator and from public-domain scores; every player is recorded alone, so a clip's
facts name exactly those who sound in it. Needs the [render] extra; singing needs [singing] and espeak-ng.
"""

from linernotes.datasets.rendered.clips.folder import RenderedSet, is_done, render_clip_set, render_order
from linernotes.datasets.rendered.clips.making import make_clips
from linernotes.datasets.rendered.clips.orchestra import (
    FAMILIES,
    families_in_text,
    families_of,
    families_of_tags,
)
from linernotes.datasets.rendered.clips.report import SetReport
from linernotes.datasets.rendered.clips.scores import corpus_version, scores_missing
from linernotes.datasets.rendered.clips.settings import FORMATS, PieceOrder, RenderSettings, plan_orders
from linernotes.datasets.rendered.clips.truth import TAG_KINDS

__all__ = [
    "FAMILIES",
    "FORMATS",
    "TAG_KINDS",
    "PieceOrder",
    "RenderSettings",
    "RenderedSet",
    "SetReport",
    "corpus_version",
    "families_in_text",
    "families_of",
    "families_of_tags",
    "is_done",
    "make_clips",
    "plan_orders",
    "render_clip_set",
    "render_order",
    "scores_missing",
]
