"""From beat probabilities to beats: the likeliest sequence of beats, decoded as the recording goes by.

A beat at frame t is followed by the next one after one period of a slowly changing tempo. The best score V(t, k)
of ending in a beat at t, the next period being that of tempo k, follows from the scores one period before
(a semi-Markov form of the bar-pointer model of Krebs, Boeck and Widmer, "An efficient state-space model for joint
tempo and meter tracking", ISMIR 2015). Periods are fractional; a beat may fall on either of the two nearest
frames. Only the last minute of choices is kept, so a recording may be of any length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Frames
from linernotes.features.rhythm.beats_net import RATE_HZ

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

_START = 255
_LATE = 128
_KEPT_FRAMES = int(60 * RATE_HZ)
_LOOK_AHEAD_FRAMES = int(20 * RATE_HZ)


@dataclass(frozen=True)
class BeatModel:
    """What the decoder believes about beats; the numbers were chosen by benchmarks/tempo_fit.py."""

    lowest_bpm: float = 50.0
    highest_bpm: float = 225.0
    tempi_per_octave: int = 24
    change_cost: float = 60.0
    """Cost of a tempo change from one beat to the next, per unit of its natural logarithm."""
    floor: float = 0.03
    """Added to probabilities: how much a single missed or extra beat may cost."""
    beat_rate: float = 0.1
    """Probability at which a frame speaks neither for nor against a beat."""
    between_weight: float = 1.0
    """Weight of what lies between beats against what lies on them."""
    usual_bpm: float = 115.0
    octaves_around: float = 0.9
    prior_weight: float = 0.0
    """Weight, at every beat, of the log-normal prior around `usual_bpm`."""

    @cached_property
    def bpm(self) -> Doubles:
        """The tempi, (tempi,)."""
        count = int(np.log2(self.highest_bpm / self.lowest_bpm) * self.tempi_per_octave) + 1
        bpm: Doubles = self.lowest_bpm * 2.0 ** (np.arange(count) / self.tempi_per_octave)
        return bpm

    @cached_property
    def early(self) -> Integers:
        """Periods in whole frames, rounded down, (tempi,)."""
        frames: Integers = np.floor(60.0 * RATE_HZ / self.bpm).astype(np.int64)
        return frames

    @cached_property
    def change(self) -> Doubles:
        """Log score of going from one tempo (row) to another (column), with the prior, (tempi, tempi)."""
        steps = np.abs(np.log(self.bpm[:, None] / self.bpm[None]))
        octaves = np.log2(self.bpm / self.usual_bpm) / self.octaves_around
        score: Doubles = -self.change_cost * steps - 0.5 * self.prior_weight * octaves**2
        return score


class BeatDecoder:
    """Fed with probabilities of a beat in order, gives the frames of the beats."""

    def __init__(self, model: BeatModel | None = None) -> None:
        self.model = model or BeatModel()
        self._reach = int(self.model.early.max()) + 1
        tempi = len(self.model.bpm)
        self._first = 0  # frame of the first row of the choices that are kept
        self._heard = 0
        self._choices: list[NDArray[np.uint8]] = []
        self._scores = np.full((self._reach, tempi), -np.inf)
        self._quiet = np.zeros(self._reach + 1)  # cumulated score of no beat, up to the present frame
        self._beats: list[Integers] = []
        self._settled = 0

    def push(self, probability: NDArray[np.float32]) -> None:
        """Take the next frames, (frames,)."""
        if len(probability):
            self._choices.append(self._advance(probability.astype(np.float64)))
            self._heard += len(probability)
        if self._heard - self._settled > _KEPT_FRAMES:
            self._settle(self._heard - _LOOK_AHEAD_FRAMES)

    def finish(self) -> Integers:
        """Frames of all beats, (beats,)."""
        self._settle(self._heard)
        return np.concatenate(self._beats) if self._beats else np.zeros(0, np.int64)

    def _advance(self, probability: Doubles) -> NDArray[np.uint8]:
        """Scores of a beat at each new frame; returns the tempo (and lateness) that led there."""
        model, reach = self.model, self._reach
        floor = model.floor
        on = np.log((probability + floor) / (model.beat_rate + floor))
        off = model.between_weight * np.log(1.0 - probability * (1.0 - floor))
        quiet = np.concatenate([self._quiet, self._quiet[-1] + np.cumsum(off)])
        scores = np.concatenate([self._scores, np.empty((len(on), len(model.bpm)))])
        choices = np.empty((len(on), len(model.bpm)), np.uint8)
        tempi, early = np.arange(len(model.bpm)), model.early
        opening = self._heard < reach
        for frame in range(len(on)):
            row = frame + reach
            at = row - early
            in_time = scores[at, tempi] - quiet[at + 1]
            late = scores[at - 1, tempi] - quiet[at]
            is_late = late > in_time
            arrived = np.where(is_late, late, in_time)[:, None] + model.change
            origin = arrived.argmax(0)
            best = arrived[origin, tempi] + quiet[row]
            choice = origin + _LATE * is_late[origin]
            if opening and self._heard + frame < reach:
                begins = quiet[row] > best
                best, choice = np.where(begins, quiet[row], best), np.where(begins, _START, choice)
            scores[row] = best + on[frame]
            choices[frame] = choice
        highest = scores[-reach:].max()
        self._scores, self._quiet = scores[-reach:] - highest, quiet[-reach - 1 :] - highest
        return choices

    def _settle(self, until: int) -> None:
        """Trace back from the best ending and keep the beats before frame `until`."""
        if not self._choices:
            return
        choices = np.concatenate(self._choices)
        endings = self._scores - self._quiet[1:, None]
        row, tempo = divmod(int(endings.argmax()), endings.shape[1])
        frame = self._heard - self._reach + row
        beats = []
        while frame >= self._first and (
            not self._beats or frame > self._last_beat() + self.model.early[-1] // 2
        ):
            beats.append(frame)
            choice = int(choices[frame - self._first, tempo])
            if choice == _START:
                break
            tempo = choice % _LATE
            frame -= int(self.model.early[tempo]) + choice // _LATE
        settled = np.array([beat for beat in beats[::-1] if 0 <= beat < until], np.int64)
        if len(settled):
            self._beats.append(settled)
        drop = max(0, min(until, self._heard) - self._first)
        self._choices, self._first, self._settled = [choices[drop:]], self._first + drop, until

    def _last_beat(self) -> int:
        return int(self._beats[-1][-1])


def beat_positions(beats: Integers, frames: int) -> Doubles:
    """Beats counted from the first, at every frame: 2.5 is half way from the third to the fourth, (frames,).

    Outside the beats the count goes on at the period next to them; NaN where there are fewer than two.
    """
    if len(beats) < 2:
        return np.full(frames, np.nan)
    lead = int(np.ceil(beats[0] / (beats[1] - beats[0])))
    trail = int(np.ceil((frames - beats[-1]) / (beats[-1] - beats[-2]))) + 1
    before = beats[0] - (beats[1] - beats[0]) * np.arange(lead, 0, -1)
    after = beats[-1] + (beats[-1] - beats[-2]) * np.arange(1, trail + 1)
    marks = np.concatenate([before, beats, after])
    positions: Doubles = np.interp(np.arange(frames), marks, np.arange(len(marks)) - lead)
    return positions


def beat_times(frames: Frames) -> Doubles:
    """Times of the beats of a recording or stretch in seconds, (beats,)."""
    series = frames["beat_position"]
    position = series.values.astype(np.float64)
    if len(position) < 2 or np.isnan(position[0]):
        return np.zeros(0)
    marks = np.arange(np.ceil(position[0] - 1e-6), np.floor(position[-1] + 1e-6) + 1)
    times: Doubles = np.interp(marks, position, series.times_s)
    return times
