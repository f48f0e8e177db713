"""70/10/20 by artist, balanced over six attributes; a segment without an artist stays with its track.

The artist is `artist_id`, else the name in the metadata, however it is spaced and capitalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from linernotes.building.singing import REQUIRED
from linernotes.building.splits import SplitPlan, plan_splits
from linernotes.clip import Clip

RATIOS = (0.7, 0.1, 0.2)


def by_artist_and_track(clip: Clip) -> Clip:
    """The segment with its artist where splits and statistics look for it, and its track for its file."""
    name = " ".join(str(clip.extra.get("artist") or "").split()).casefold()
    return replace(clip, artist_id=clip.artist_id or name, audio_path=str(clip.extra["track_id"]))


def split(clips: Sequence[Clip], seed: int = 0) -> tuple[list[Clip], SplitPlan]:
    """The clips with their splits, and how even it came out.

    Equal captions may stand in two splits: sentences of six classes repeat, and would tie everything together.
    """
    balanced = [
        replace(
            by_artist_and_track(clip),
            tags=tuple(f"{name}:{clip.extra['attributes'][name]['value']}" for name in REQUIRED),
        )
        for clip in clips
    ]
    plan = plan_splits(balanced, RATIOS, balance_tags=True, part_captions=True, seed=seed)
    return [replace(clip, split=plan.split_of[clip.clip_id]) for clip in clips], plan
