"""Tags become facts only where they are likely enough, and voices stay evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from linernotes.clip import FACT_NAMES
from linernotes.encoders.musicnn_onnx import MusicnnListener
from linernotes.encoders.musicnn_vocabulary import MSD_TAGS, MTT_TAGS
from linernotes.features import tags
from linernotes.features.frames import Frames, Series


def frames(mtt: dict[str, float], msd: dict[str, float], windows: int = 3) -> Frames:
    """Frames in which the named tags have these probabilities and all others 0.02."""

    def rows(vocabulary: tuple[str, ...], named: dict[str, float]) -> Series:
        row = [named.get(tag, 0.02) for tag in vocabulary]
        return Series(np.tile(np.float32(row), (windows, 1)), 1 / 3, 1.5)

    silent = Series(np.zeros((windows, 200), np.float32), 1 / 3, 1.5)
    series = {
        "tags_mtt": rows(MTT_TAGS, mtt),
        "tags_msd": rows(MSD_TAGS, msd),
        "musicnn_mtt": silent,
        "musicnn_msd": silent,
    }
    return Frames(0.0, 3.0 * windows, series)


def heard(waveform: np.ndarray) -> Frames:
    listener = MusicnnListener()
    listener.push(waveform.astype(np.float32))
    return Frames(0.0, len(waveform) / listener.sample_rate, listener.finish())


def test_the_second_stage_is_whole() -> None:
    stage = tags.second_stage()
    inputs = len(MTT_TAGS) + len(MSD_TAGS) + 400
    assert stage.weights.shape == (len(stage.targets), inputs)
    assert {target.kind for target in stage.targets} == {"instrument", "genre", "mood"}
    assert all(target.threshold >= 0.5 for target in stage.targets)
    names = {target.name for target in stage.targets}
    assert {"piano", "drums", "strings", "classical", "rock"} <= names
    assert set(tags.TAG_FAMILIES) <= names


def test_nothing_heard_gives_no_facts() -> None:
    assert tags.estimate_tags(frames({}, {}, windows=0)) == []


def test_probabilities_are_those_of_the_linear_map() -> None:
    weights = np.zeros((1, 3), np.float32)
    weights[0, 1] = 2.0
    target = tags.Target("instrument", "kazoo", 0.5)
    stage = tags.SecondStage(
        (target,), np.zeros(3, np.float32), np.ones(3, np.float32), weights, np.zeros(1, np.float32)
    )
    rows = np.float32([[9, 0.5, 9], [9, -0.5, 9], [9, 9, 9], [9, 9, 9]])
    # The mean of 0.5, -0.5, 4 and 4: inputs are limited to four standard deviations.
    expected = 1 / (1 + np.exp(-2.0 * 2.0))
    assert stage.probabilities(rows) == {"instrument:kazoo": pytest.approx(expected)}


def claimed_instruments(monkeypatch: pytest.MonkeyPatch, probabilities: dict[str, float]) -> list[str]:
    """Instruments claimed when every target's threshold is 0.5."""
    stage = tags.second_stage()
    all_ = {f"{t.kind}:{t.name}": probabilities.get(t.name, 0.0) for t in stage.targets}
    monkeypatch.setattr(tags, "tag_probabilities", lambda frames: all_)
    targets = tuple(tags.Target(t.kind, t.name, 0.5) for t in stage.targets)
    lowered = tags.SecondStage(targets, stage.mean, stage.scale, stage.weights, stage.bias)
    monkeypatch.setattr(tags, "second_stage", lambda: lowered)
    return [str(fact.value) for fact in tags.estimate_tags(frames({}, {})) if fact.name == "instrument"]


def test_a_family_gives_way_to_a_member_that_is_as_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    said = claimed_instruments(monkeypatch, {"strings": 0.99, "violin": 0.95, "brass": 0.9})
    assert said == ["violin", "brass"]


def test_a_family_is_said_where_its_member_is_less_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert claimed_instruments(monkeypatch, {"strings": 0.95, "violin": 0.6}) == ["strings"]


def test_a_genre_needs_the_taggers_own_word(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {f"{t.kind}:{t.name}": 0.99 for t in tags.second_stage().targets}
    monkeypatch.setattr(tags, "tag_probabilities", lambda frames: everything)
    mtt = dict.fromkeys(("classical", "slow", "violin", "flute", "soft"), 0.4)
    named = frames(mtt, dict.fromkeys(("sad", "sexy", "soul", "oldies", "beautiful"), 0.4))
    genres = {str(fact.value) for fact in tags.estimate_tags(named) if fact.name == "genre"}
    assert "classical" in genres
    assert not genres & {"rock", "electronic"}


def test_a_decade_needs_a_lead() -> None:
    eras = [fact for fact in tags.estimate_tags(frames({}, {"80s": 0.4, "90s": 0.1})) if fact.name == "era"]
    assert [(fact.id, fact.value, fact.confidence) for fact in eras] == [("era:80s", "80s", 0.4)]
    assert not [f for f in tags.estimate_tags(frames({}, {"80s": 0.4, "90s": 0.35})) if f.name == "era"]


def test_facts_name_their_span_and_source() -> None:
    facts = tags.estimate_tags(frames({"classical": 0.9, "strings": 0.9, "violin": 0.9}, {"80s": 0.5}))
    assert facts
    for fact in facts:
        assert fact.name in FACT_NAMES
        assert fact.id == f"{fact.name}:{fact.value}"
        assert 0.0 <= fact.confidence <= 1.0
        assert (fact.source, fact.unit, fact.start_s, fact.end_s) == ("musicnn", "", 0.0, 9.0)


def test_noise_and_silence_have_no_instrument_and_no_genre() -> None:
    rng = np.random.default_rng(5)
    for waveform in (np.zeros(96_000), 0.1 * rng.standard_normal(96_000)):
        facts = tags.estimate_tags(heard(waveform))
        assert not [fact for fact in facts if fact.name in ("instrument", "genre")]


def claimed_of(folder: Path, name: str, seconds: int = 24) -> dict[str, set[str]]:
    """Values claimed of the first seconds of a real recording, by fact name."""
    path = next(path for path in sorted(folder.glob(f"*/{name}*")) if path.suffix in (".ogg", ".mp3"))
    with soundfile.SoundFile(path) as file:
        samples = file.read(seconds * file.samplerate, dtype="float32", always_2d=True).mean(axis=1)
        facts = tags.estimate_tags(heard(soxr.resample(samples, file.samplerate, 16_000)))
    return {name: {str(fact.value) for fact in facts if fact.name == name} for name in FACT_NAMES}


@pytest.mark.recordings
def test_a_string_orchestra_is_classical_strings(recordings: Path) -> None:
    claimed = claimed_of(recordings, "Hungarian_Dance")
    assert "classical" in claimed["genre"]
    assert not claimed["genre"] & {"rock", "metal", "pop", "jazz"}
    assert not {value for value in claimed["instrument"] if "guitar" in value}
    assert claimed["instrument"] & {"strings", "violin", "cello"}


@pytest.mark.recordings
def test_a_solo_trumpet_is_no_guitar(recordings: Path) -> None:
    instruments = claimed_of(recordings, "sorohanro")["instrument"]
    assert not {value for value in instruments if "guitar" in value}


@pytest.mark.recordings
@pytest.mark.parametrize("name", ["5703-47212-0000", "glacier-bay-humpback"])
def test_speech_and_a_whale_are_no_band(recordings: Path, name: str) -> None:
    claimed = claimed_of(recordings, name)
    assert not claimed["instrument"]
    assert not claimed["genre"]
