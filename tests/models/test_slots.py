"""Every hypothesis reads the past it went through, however a search reorders, drops and compacts."""

from __future__ import annotations

import numpy as np
import pytest

from linernotes.decoding import StepResult
from linernotes.models.slot_decoder import SlotDecoder, Sound, log_likelihoods, sound_mask
from linernotes.models.slots import SPARE, SlotSizes

SIZES = SlotSizes(layers=2, heads=1, head_dim=1)
VOCABULARY = 7


def zeros(shape: tuple[int, ...]) -> np.ndarray:
    return np.zeros(shape, np.float32)


class Diary:
    """A decoder whose slots hold the token read (keys) and the clip's number (values), and that tells of them."""

    def __init__(self) -> None:
        self.pasts: list[list[int]] = []
        self.rooms: list[int] = []

    def __call__(self, tokens, position, sound, own, memory):  # type: ignore[no-untyped-def]
        clips, hypotheses, room = own.shape
        sound_keys, _, keys, values = memory[:4]
        self.rooms.append(room)
        self.pasts = []
        for clip in range(clips):
            for hypothesis in range(hypotheses):
                mine = np.flatnonzero(own[clip, hypothesis] == 0)
                assert len(mine) == position[0]
                assert (values[clip, 0, mine, 0] == sound_keys[clip, 0, 0, 0]).all()
                self.pasts.append(keys[clip, 0, 0, mine].astype(int).tolist())
        new = tokens.reshape(clips, 1, 1, hypotheses).astype(np.float32)
        owner = np.broadcast_to(sound_keys[:, :, :1, :1], (clips, 1, hypotheses, 1))
        log_probs = np.log(np.full((len(tokens), VOCABULARY), 1 / VOCABULARY, np.float32))
        return [log_probs, new, owner, new, owner]


def sound(clips: int) -> Sound:
    numbers = np.arange(clips, dtype=np.float32).reshape(clips, 1, 1, 1)
    return Sound([numbers, numbers, numbers, numbers], sound_mask([1] * clips, 1))


def test_pasts_follow_their_hypotheses() -> None:
    dice, diary = np.random.default_rng(0), Diary()
    decoder = SlotDecoder(diary, SIZES, sound(4), zeros)
    state, tokens = decoder.start, np.zeros(4, np.int64)
    pasts: list[list[int]] = [[] for _ in range(4)]
    clips, width = [0, 1, 2, 3], 1
    for step in range(90):
        result: StepResult = decoder(state, tokens)
        # Slots are told in the order in which they were written, as tokens were read.
        assert diary.pasts == pasts
        pasts = [[*past, int(token)] for past, token in zip(pasts, tokens, strict=True)]
        left = [clip for clip in clips if (step, clip) not in {(20, 1), (50, 3)}]
        order = np.concatenate([clips.index(clip) * width + dice.integers(0, width, 3) for clip in left])
        pasts = [pasts[row] for row in order]
        state = {name: array[order] for name, array in result.state.items()}
        tokens = dice.integers(0, VOCABULARY, len(order))
        clips, width = left, 3
    assert state["clip"].tolist() == [0, 0, 0, 2, 2, 2]
    # 90 steps of 3 hypotheses need 270 slots where none is dropped.
    assert max(diary.rooms) <= 90 + 2 * SPARE


def test_likelihoods_end_where_each_row_ends() -> None:
    decoder = SlotDecoder(Diary(), SIZES, sound(3), zeros)
    found = log_likelihoods(decoder, 0, [[1], [2, 3, 4], [5, 6]])
    assert found.tolist() == pytest.approx([-np.log(VOCABULARY) * n for n in (1, 3, 2)], rel=1e-5)
