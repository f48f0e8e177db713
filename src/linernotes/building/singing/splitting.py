"""70/10/20 by artist, balanced over six attributes; a segment without an artist stays with its track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from linernotes.building.singing import REQUIRED
from linernotes.building.splits import SplitPlan, plan_splits
from linernotes.clip import Clip

RATIOS = (0.7, 0.1, 0.2)


def split(clips: Sequence[Clip], seed: int = 0) -> tuple[list[Clip], SplitPlan]:
    """The clips with their splits, and how even it came out.

    Equal captions may stand in two splits: sentences of six classes repeat, and would tie everything together.
    """
    balanced = [
        replace(
            clip,
            tags=tuple(f"{name}:{clip.extra['attributes'][name]['value']}" for name in REQUIRED),
            audio_path=str(clip.extra["track_id"]),
            artist_id=clip.artist_id or str(clip.extra.get("artist") or ""),
        )
        for clip in clips
    ]
    plan = plan_splits(balanced, RATIOS, balance_tags=True, part_captions=True, seed=seed)
    return [replace(clip, split=plan.split_of[clip.clip_id]) for clip in clips], plan
