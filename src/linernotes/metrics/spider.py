"""SPIDEr (Liu et al., 2017): the mean of CIDEr-D and SPICE."""

from __future__ import annotations

from linernotes.metrics.score import Score, mean_score


def spider(cider_d: Score, spice: Score) -> Score:
    """Mean over clips of (CIDEr-D + SPICE) / 2, from the two scores of the same captions.

    Raises:
        ValueError: the scores are not of the same clips.
    """
    if set(cider_d.clip_ids) != set(spice.clip_ids):
        raise ValueError("SPIDEr needs CIDEr-D and SPICE of the same clips")
    of_spice = spice.per_clip
    values = [(value + of_spice[clip_id]) / 2 for clip_id, value in cider_d.per_clip.items()]
    return mean_score(list(cider_d.clip_ids), values)
