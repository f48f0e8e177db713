"""Splits: nothing leaks, ratios and tags are kept, the same seed gives the same split."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linernotes.building.splits import Together, parse_ratios, plan_splits
from linernotes.clip import Clip

RATIOS = (0.6, 0.2, 0.2)


def clips_of(artists: int, each: int, seed: int = 0) -> list[Clip]:
    dice = random.Random(seed)
    return [
        Clip(
            f"{artist}-{number}", f"{artist}/{number}.wav", captions=(f"song {artist} {number}",),
            tags=(dice.choice(["rock", "jazz"]), f"rare {artist}"), artist_id=f"artist {artist}",
        )
        for artist in range(artists) for number in range(each)
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh") | st.just(""), st.sampled_from(["x", "Y!", "y", "z", "w"])),
             max_size=40),
    st.integers(0, 3), st.booleans(),
)  # fmt: skip
def test_no_artist_and_no_caption_is_in_two_splits(
    rows: list[tuple[str, str]], seed: int, balance: bool
) -> None:
    clips = [
        Clip(str(number), "", captions=(caption,), artist_id=artist)
        for number, (artist, caption) in enumerate(rows)
    ]
    plan = plan_splits(clips, RATIOS, seed=seed, balance_tags=balance)
    homes: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        homes[f"caption {clip.captions[0].lower().strip('!')}"].add(plan.split_of[clip.clip_id])
        if clip.artist_id:
            homes[f"artist {clip.artist_id}"].add(plan.split_of[clip.clip_id])
    assert all(len(splits) == 1 for splits in homes.values())
    assert plan.clips_without_artist == sum(not artist for artist, _ in rows)


def test_ratios_are_met_where_artists_are_many() -> None:
    plan = plan_splits(clips_of(200, 5), RATIOS)
    assert [share.clips for share in plan.shares] == [600, 200, 200]
    assert [share.groups for share in plan.shares] == [120, 40, 40]
    assert plan.largest_group == 0.005


def test_balance_gives_every_split_its_share_of_each_tag() -> None:
    clips = clips_of(300, 1)
    balanced = plan_splits(clips, RATIOS, balance_tags=True)
    assert balanced.largest_deviation < 0.01
    assert plan_splits(clips, RATIOS).largest_deviation > 2 * balanced.largest_deviation
    rock = Counter(balanced.split_of[clip.clip_id] for clip in clips if "rock" in clip.tags)
    assert rock["train"] / rock.total() == pytest.approx(0.6, abs=0.01)


def test_the_order_of_the_clips_does_not_matter_and_the_seed_does() -> None:
    clips = clips_of(50, 2)
    plan = plan_splits(clips, RATIOS, seed=1)
    assert plan_splits(clips[::-1], RATIOS, seed=1) == plan
    assert plan_splits(clips, RATIOS, seed=2).split_of != plan.split_of


def test_what_is_kept_together_can_be_chosen() -> None:
    clips = [Clip(str(n), "one.wav", float(n), n + 1.0, artist_id="a") for n in range(10)]
    for together, splits in ((Together.artist, 1), (Together.recording, 1), (Together.clip, 3)):
        plan = plan_splits(clips, RATIOS, together=together)
        assert len(set(plan.split_of.values())) == splits


def test_captions_may_be_parted_when_asked() -> None:
    clips = [Clip(str(n), "", captions=("music",)) for n in range(10)]
    assert plan_splits(clips, RATIOS).largest_group == 1.0
    assert len(set(plan_splits(clips, RATIOS, part_captions=True).split_of.values())) == 3


def test_nothing_is_split_into_nothing() -> None:
    assert plan_splits([], RATIOS).split_of == {}


@pytest.mark.parametrize(("text", "ratios"), [("60/20/20", RATIOS), ("3,1", (0.75, 0.25)), ("1", (1.0,))])
def test_ratios_are_read(text: str, ratios: tuple[float, ...]) -> None:
    assert parse_ratios(text) == pytest.approx(ratios)


@pytest.mark.parametrize("text", ["", "a/b", "60/-20", "1/1/1/1", "nan/1", "0/1"])
def test_other_ratios_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ratios"):
        parse_ratios(text)


def test_moving_groups_again_brings_the_tags_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(5)
    clips = [
        Clip(str(n), "", tags=tuple(f"tag {dice.randrange(40)}" for _ in range(4)), artist_id=f"{n % 120}")
        for n in range(400)
    ]

    def cost() -> float:
        """Squared deviations of the tags' shares, all tags and splits together."""
        split_of = plan_splits(clips, RATIOS, balance_tags=True).split_of
        totals = Counter(tag for clip in clips for tag in set(clip.tags))
        found = Counter((tag, split_of[clip.clip_id]) for clip in clips for tag in set(clip.tags))
        wanted = dict(zip(("train", "validation", "test"), RATIOS, strict=True))
        return sum(
            (found[tag, name] / total - ratio) ** 2 / ratio
            for tag, total in totals.items()
            for name, ratio in wanted.items()
        )

    often = cost()
    monkeypatch.setattr("linernotes.building.splits.PASSES", 1)
    assert often < 0.8 * cost()
