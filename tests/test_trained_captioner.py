"""The path from a model to notes, with a model that says what a window's loudness tells it to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from linernotes.decoding import DecodingOptions, FloatArray
from linernotes.models.word_search import Explanation
from linernotes.registry import refuse_non_commercial
from linernotes.trained_captioner import TrainedCaptioner, licence_chain, most_typical

RATE = 8000


class Loudness:
    """Says "Loud." or "Soft.", and nothing of silence; what suits a window less costs as much as it is off."""

    sample_rate, keeps_heard, frame_s = RATE, True, 1.0

    def hear(self, waveform: FloatArray) -> FloatArray:
        return np.full((1, 1), np.abs(waveform).max(), np.float32)

    def write(self, heard: FloatArray, options: DecodingOptions) -> str:
        del options
        return "" if heard[0, 0] < 0.01 else "Loud." if heard[0, 0] > 0.4 else "Soft."

    def score(self, heard: FloatArray, captions: Sequence[str]) -> FloatArray:
        assert all(captions)
        return np.array(
            [-abs(heard[0, 0] - {"Loud.": 0.9, "Soft.": 0.2}[text]) for text in captions], np.float32
        )

    def explain(self, heard: FloatArray, caption: str) -> Explanation:
        return Explanation((caption,), heard.T)


def recording(path: Path, *levels: float) -> Path:
    """Two seconds of each level."""
    t = np.arange(2 * RATE) / RATE
    soundfile.write(path, np.concatenate([level * np.sin(2 * np.pi * 100 * t) for level in levels]), RATE)
    return path


def captioner() -> TrainedCaptioner:
    return TrainedCaptioner(Loudness(), "loudness", DecodingOptions(beams=1), (), window_s=2.0)


def test_the_caption_of_all_is_the_likeliest_over_all_windows(tmp_path: Path) -> None:
    notes = captioner()(recording(tmp_path / "song.wav", 0.9, 0.2, 0.3))
    assert [section.caption.text for section in notes.sections] == ["Loud.", "Soft.", "Soft."]
    assert notes.caption.text == "Soft."


def test_windows_without_words_do_not_count(tmp_path: Path) -> None:
    notes = captioner()(recording(tmp_path / "song.wav", 0.0, 0.9, 0.2, 0.9, 0.9))
    assert [section.caption.text for section in notes.sections] == ["", "Loud.", "Soft.", "Loud.", "Loud."]
    assert notes.caption.text == "Loud."


def test_nothing_to_say_is_nothing_to_explain(tmp_path: Path) -> None:
    silent = captioner().analyse(recording(tmp_path / "song.wav", 0.0))
    assert captioner().write(silent).caption.text == ""
    with pytest.raises(ValueError, match="no words for this recording"):
        captioner().explain(silent)
    heard = captioner().analyse(recording(tmp_path / "song.wav", 0.9, 0.0))
    assert captioner().explain(heard).weights.shape == (1, 2)


class Forgetful(Loudness):
    """Can't keep what it heard, and hears two seconds at most."""

    keeps_heard = False

    def hear(self, waveform: FloatArray) -> FloatArray:
        assert len(waveform) <= 2 * RATE
        return np.array([[np.abs(waveform).max(), len(waveform)]], np.float32)


def test_without_what_was_heard_the_most_typical_caption_is_taken() -> None:
    assert most_typical(["Loud drums.", "A soft flute.", "A soft harp."]) == "A soft flute."
    assert most_typical(["Loud.", "Soft.", "Soft."]) == "Soft."
    assert most_typical(["Loud.", "Soft."]) == "Loud."
    assert most_typical([]) == ""


def test_a_tail_too_short_for_a_window_of_its_own_is_heard_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.r_[np.full(3 * RATE, 0.2), np.full(RATE // 2, 0.9)], RATE)
    forgetful = TrainedCaptioner(Forgetful(), "forgetful", DecodingOptions(beams=1), (), 1.0, longest_s=1.0)
    spans = [(one.start_s, one.end_s, one.text) for one in forgetful.analyse(path).windows]
    assert spans == [
        (0.0, 1.0, "Soft."), (1.0, 2.0, "Soft."), (2.0, 2.75, "Soft."), (2.75, 3.5, "Loud."),
    ]  # fmt: skip
    roomy = TrainedCaptioner(Loudness(), "roomy", DecodingOptions(beams=1), (), 1.0, longest_s=9.0)
    assert [one.end_s for one in roomy.analyse(path).windows] == [1.0, 2.0, 3.5]


FREE = {"licences": ["CC0-1.0", "music: Apache-2.0; soundfont: GPL-2.0 (a.sf2)"]}
MUSICNN = {"encoder": {"name": "musicnn-mtt", "weights": "shipped", "frozen": True}, "glove": ""}


@pytest.mark.parametrize(
    ("family", "changes", "info", "refused"),
    [
        ("muscaps", {}, FREE, ""),
        ("dcase-baseline", {"encoder": {"name": "log-mel-64", "weights": "none"}}, FREE, ""),
        ("muscaps", {}, {"licences": ["CC0-1.0", "CC BY-NC 4.0"]}, "CC0-1.0, CC BY-NC 4.0"),
        ("muscaps", {}, {"licences": ["CC0-1.0", "not stated"]}, "not stated"),
        ("muscaps", {}, {}, "not recorded in training.json"),
        ("muscaps", {"encoder": {"name": "harmonic-cnn", "weights": "hcnn.pth"}}, FREE, "hcnn.pth"),
        ("muscaps", {"glove": "glove.txt"}, FREE, "glove.txt"),
        ("muscaps", {}, {**FREE, "recipe": {"training": {"start": "runs/a/best"}}}, "weights of runs/a/best"),
        ("other", {}, FREE, "pre-trained parts of other"),
    ],
)
def test_data_and_pre_trained_parts_decide_about_commercial_use(
    family: str, changes: dict[str, object], info: dict[str, object], refused: str
) -> None:
    chain = licence_chain(family, {**MUSICNN, **changes}, info, "mine")
    if not refused:
        refuse_non_commercial(chain)
        return
    with pytest.raises(ValueError, match="do not allow commercial use") as error:
        refuse_non_commercial(chain)
    assert refused in str(error.value)


def test_published_weights_are_not_said_to_have_learned_from_their_own_licence() -> None:
    info = {"licences": ["CC BY-NC 4.0"], "imported_from": "model.pth"}
    assert licence_chain("muscaps", MUSICNN, info, "mine")[-1].licence == "CC BY-NC 4.0"


class LoudnessTogether(Loudness):
    """Takes two windows at once."""

    windows_at_once = 2

    def __init__(self) -> None:
        self.taken: list[int] = []

    def write_together(self, heard: Sequence[FloatArray], options: DecodingOptions) -> list[str]:
        self.taken.append(len(heard))
        return [self.write(one, options) for one in heard]


def test_windows_written_together_keep_their_places(tmp_path: Path) -> None:
    song = recording(tmp_path / "song.wav", 0.9, 0.2, 0.3, 0.9, 0.2)
    model, told = LoudnessTogether(), []
    together = TrainedCaptioner(model, "loudness", DecodingOptions(beams=1), (), window_s=2.0)
    windows = together.analyse(song, told.append).windows
    alone = captioner().analyse(song).windows
    assert [(one.start_s, one.end_s, one.text) for one in windows] == [
        (one.start_s, one.end_s, one.text) for one in alone
    ]
    assert model.taken == [2, 2]
    assert told == [2, 4, 6, 8, 10]
