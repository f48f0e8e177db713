"""Schedules, batches, examples, the feature cache and the average of weights."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from tones import write_tones  # noqa: E402

from linernotes.clip import Clip  # noqa: E402
from linernotes.encoders.audio_encoder import AudioEmbeddings  # noqa: E402
from linernotes.encoders.musicnn_chunks import musicnn_mtt  # noqa: E402
from linernotes.training.batches import Batches, EmbeddingSource, epoch_batches, prefetched  # noqa: E402
from linernotes.training.examples import Example, load_examples, load_split, select_examples  # noqa: E402
from linernotes.training.feature_cache import Floats, open_feature_cache  # noqa: E402
from linernotes.training.heard import encoder_identity, own_share_first  # noqa: E402
from linernotes.training.recipe import DataOptions, TrainingOptions  # noqa: E402
from linernotes.training.schedules import Plateau, rate_share  # noqa: E402
from linernotes.training.state import MovingAverage  # noqa: E402

pytestmark = pytest.mark.torch


def test_schedules_have_their_known_values() -> None:
    linear = TrainingOptions(schedule="linear", floor=0.1)
    assert [rate_share(linear, step, 10) for step in (0, 5, 10)] == pytest.approx([1.0, 0.55, 0.1])
    cosine = TrainingOptions(schedule="cosine", warmup_steps=4)
    assert [rate_share(cosine, step, 12) for step in (0, 3, 4, 8, 12)] == pytest.approx([0.25, 1, 1, 0.5, 0])
    assert rate_share(TrainingOptions(schedule="plateau"), 1000, 10) == 1.0


def test_a_plateau_halves_after_its_patience_and_not_before() -> None:
    plateau = Plateau(patience=2)
    for loss in (3.0, 2.0, 2.0, 2.1):
        plateau.see(loss)
    assert plateau.factor == 1.0
    plateau.see(2.5)
    assert plateau.factor == 0.5
    plateau.see(1.0)
    assert plateau.factor == 0.5


def test_an_epoch_shows_every_example_once_and_epochs_differ() -> None:
    first, again, second = (epoch_batches(10, 4, 7, epoch) for epoch in (0, 0, 1))
    assert first == again != second
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert sorted(draw.index for batch in first for draw in batch) == list(range(10))


def test_a_draw_gives_the_same_caption_and_stretch_each_time() -> None:
    examples = [
        Example(str(i), Path("x"), 0, 9, tuple(f"caption {i} {j}" for j in range(5))) for i in range(6)
    ]
    heard = {str(i): torch.arange(9.0)[:, None] + 100 * i for i in range(6)}
    batches = Batches(examples, EmbeddingSource(heard, frame_s=0.5), seed=3, crop_s=2.0)
    draws = epoch_batches(6, 6, 3, 0)[0]
    one, two = batches.drawn(draws), batches.drawn(draws)
    assert isinstance(one.audio, AudioEmbeddings)
    assert isinstance(two.audio, AudioEmbeddings)
    assert one.captions == two.captions
    assert torch.equal(one.audio.states, two.audio.states)
    assert one.audio.states.shape == (6, 4, 1)
    assert (one.audio.states.diff(dim=1) == 1).all()
    later = batches.drawn([dataclasses.replace(draw, epoch=1) for draw in draws])
    assert later.captions != one.captions


def test_prefetching_keeps_the_order_and_passes_errors_on() -> None:
    assert list(prefetched(range(5), lambda number: number * number)) == [0, 1, 4, 9, 16]
    with pytest.raises(ZeroDivisionError):
        list(prefetched([1, 0], lambda number: 1 / number))


def clip(number: int, captions: tuple[str, ...], **changes: object) -> Clip:
    plain = Clip(str(number), f"{number}.wav", 0.0, 10.0, captions, split="train")
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def test_filters_count_what_they_leave_out(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.wav").touch()
    clips = [
        clip(0, ("a calm piece of music", "too short")),
        clip(1, ("a calm piece of music",)),
        clip(2, ("another calm piece",), end_s=3.0),
        clip(3, ()),
        clip(4, ("short",)),
        clip(5, ("held out for later",), split="validation"),
        clip(6, ("of no concern",), split="dev"),
        clip(7, ("for the test",), split="test"),
        clip(9, ("not on the disk",)),
    ]
    options = DataOptions(min_clip_s=5.0, min_words=3, max_words=6, drop_duplicate_captions=True)
    found = select_examples(clips, tmp_path, options)
    assert [example.clip_id for example in found.train] == ["0"]
    assert found.train[0].captions == ("a calm piece of music",)
    assert [example.clip_id for example in found.validation] == ["5"]
    assert [example.clip_id for example in found.test] == ["7"]
    assert found.left_out == {
        "caption of another clip": 1,
        "not between 5 and inf s long": 1,
        "no caption": 1,
        "no caption of 3 to 6 words": 1,
        "split 'dev'": 1,
        "audio missing on disk": 1,
    }
    with pytest.raises(ValueError, match=r"no clips are left in the split 'valid'.*'train' \(6\)"):
        select_examples(clips, tmp_path, dataclasses.replace(options, validation_split="valid"))
    with pytest.raises(
        ValueError, match=r"audio missing on disk \(looked for below '.*elsewhere'; data.root names"
    ):
        select_examples(clips, tmp_path / "elsewhere", options)


def test_a_command_without_a_recipe_is_not_told_to_set_one(tmp_path: Path) -> None:
    manifest = write_tones(tmp_path, clips=5)
    with pytest.raises(ValueError, match="no clips are left in the split 'nowhere'") as refused:
        load_split(manifest, "nowhere")
    assert "--split names another" in str(refused.value)
    assert "data." not in str(refused.value)


def test_the_fingerprint_of_the_data_follows_the_captions(tmp_path: Path) -> None:
    manifest = write_tones(tmp_path, clips=5)
    before = load_examples(DataOptions(str(manifest))).fingerprint
    assert load_examples(DataOptions(str(manifest))).fingerprint == before
    manifest.write_text(manifest.read_text("utf-8").replace("plain", "pure"), "utf-8")
    assert load_examples(DataOptions(str(manifest))).fingerprint != before


def rows(number: int, count: int) -> Floats:
    return np.random.default_rng(number).normal(size=(count, 64)).astype(np.float32)


def test_a_cache_gives_back_what_it_was_given_and_survives_a_torn_write(tmp_path: Path) -> None:
    cache = open_feature_cache(tmp_path, 64)
    heard = {key: rows(number, number) for number, key in enumerate("abc", 1)}
    for key, given in heard.items():
        cache.add(key, given)
        np.testing.assert_array_equal(cache[key], given)
    with (tmp_path / "features.bin").open("ab") as file:
        file.write(b"half a row")
    with (tmp_path / "index.jsonl").open("ab") as index:
        index.write(b'{"key": "\xc3')
    again = open_feature_cache(tmp_path, 64)
    assert len(again) == 3
    again.add("e", rows(9, 2))
    reopened = open_feature_cache(tmp_path, 64)
    np.testing.assert_array_equal(reopened["e"], rows(9, 2))
    for key, given in heard.items():
        np.testing.assert_array_equal(reopened[key], given)


def test_several_runs_share_a_cache(tmp_path: Path) -> None:
    one = open_feature_cache(tmp_path, 64)
    one.add("a", rows(1, 3))
    other = open_feature_cache(tmp_path, 64)
    one.add("b", rows(2, 2))
    other.add("c", rows(3, 1))
    one.look_again()
    other.look_again()
    one.add("d", rows(4, 4))
    other.look_again()
    for cache in (one, other, open_feature_cache(tmp_path, 64)):
        assert len(cache) == 4
        for number, (key, count) in enumerate((("a", 3), ("b", 2), ("c", 1), ("d", 4)), 1):
            np.testing.assert_array_equal(cache[key], rows(number, count))


def test_an_index_ahead_of_its_data_is_not_believed(tmp_path: Path) -> None:
    open_feature_cache(tmp_path, 64).add("a", rows(1, 2))
    with (tmp_path / "index.jsonl").open("a") as file:
        file.write(json.dumps({"key": "b", "start": 2, "rows": 9}) + "\n")
    assert "b" not in open_feature_cache(tmp_path, 64)


def test_processes_begin_with_different_clips_and_end_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [Example(str(i), Path("x"), 0, 9, ("x",)) for i in range(5)]
    monkeypatch.setenv("WORLD_SIZE", "2")
    orders = []
    for rank in "01":
        monkeypatch.setenv("RANK", rank)
        orders.append("".join(example.clip_id for example in own_share_first(examples)))
    assert orders == ["02413", "13024"]


def test_another_weight_is_another_encoder() -> None:
    encoder = musicnn_mtt()
    before = encoder_identity(encoder)
    assert encoder_identity(musicnn_mtt()) == before
    with torch.no_grad():
        encoder.network.dense.bias[0] += 1e-3
    assert encoder_identity(encoder) != before


def test_the_average_of_weights_stands_in_for_them_and_leaves_again() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(0.0)
    average = MovingAverage(layer, decay=0.5)
    layer.weight.data.fill_(1.0)
    average.update(layer, step=1000)
    with average.in_place_of_weights(layer):
        assert layer.weight.item() == pytest.approx(0.5)
    assert layer.weight.item() == 1.0
