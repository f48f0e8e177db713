"""How long a singer's vocal tract sounds: the third formant, which lies near 2.5 kHz in men and near 2.9 kHz in
women (Peterson and Barney, 1952; Hillenbrand et al., 1995), however high they sing.

Formants are the poles of a linear prediction of WORLD's spectral envelope, which does not follow the harmonics.
Where noise or cymbals drown them they say nothing, and nothing is told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

from linernotes.building.singing.pitch_votes import FRAME_MS, SAMPLE_RATE

HIGHEST_HZ, ORDER = 5500.0, 11
"""What is predicted, and by how many coefficients: the usual ones for voices of both kinds."""
EMPHASIS = 0.95
LOWEST_HZ, WIDEST_HZ = 150.0, 500.0
"""Poles below, or wider, are no formants."""
JUDGED_HZ = (2000.0, 4000.0)
MOST_NOISE = 0.5
"""Share of the power in that band that is noise, from which on formants there are not to be trusted."""
EVERY, FEWEST = 2, 50
"""Every second frame is looked at; fewer frames with formants tell nothing."""
MIDDLE_HZ, HZ_PER_LOG_ODD = 2690.0, 60.0
"""Half-way between men and women; the spread of either is 150 Hz."""
MOST_LOG_ODDS = 2.0


def log_odds_of_tract(samples: NDArray[np.float32], pitch_hz: NDArray[np.float64]) -> float:
    """Log odds of a woman from the third formant; 0 where it can't be heard.

    Args:
        samples: a voice alone, (samples,) at `SAMPLE_RATE`.
        pitch_hz: its F0 every `FRAME_MS`, (frames,), 0 where it is not voiced.

    Raises:
        RenderError: pyworld is not installed.
    """
    third_hz = third_formant_hz(samples, pitch_hz)
    if third_hz is None:
        return 0.0
    return float(np.clip((third_hz - MIDDLE_HZ) / HZ_PER_LOG_ODD, -MOST_LOG_ODDS, MOST_LOG_ODDS))


def third_formant_hz(samples: NDArray[np.float32], pitch_hz: NDArray[np.float64]) -> float | None:
    """The median third formant of the voiced frames; None where they are few or drowned in noise."""
    from linernotes.datasets.rendered.singing import load_world

    voiced = np.flatnonzero(pitch_hz > 0)[::EVERY]
    if len(voiced) < FEWEST:
        return None
    world, exact = load_world(), np.ascontiguousarray(samples, np.float64)
    heard_hz, times_s = pitch_hz[voiced], voiced * FRAME_MS / 1000
    envelope = world.cheaptrick(exact, heard_hz, times_s, SAMPLE_RATE)
    noise = envelope * world.d4c(exact, heard_hz, times_s, SAMPLE_RATE) ** 2
    bin_hz = np.linspace(0.0, SAMPLE_RATE / 2, envelope.shape[1])
    band = (bin_hz >= JUDGED_HZ[0]) & (bin_hz < JUDGED_HZ[1])
    if float(np.median(noise[:, band].sum(axis=1) / envelope[:, band].sum(axis=1))) > MOST_NOISE:
        return None
    found = [
        formants[2] for formants in map(formants_hz, envelope[:, bin_hz <= HIGHEST_HZ]) if len(formants) > 3
    ]
    return float(np.median(found)) if len(found) >= FEWEST else None


def formants_hz(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    """Formants, lowest first, of a power spectrum from 0 to `HIGHEST_HZ`, (bins,)."""
    angles = np.linspace(0.0, np.pi, len(envelope))
    lifted = envelope * (1.0 + EMPHASIS**2 - 2.0 * EMPHASIS * np.cos(angles))
    correlation = np.fft.irfft(lifted)[: ORDER + 1]
    prediction = solve_toeplitz(correlation[:ORDER], -correlation[1:])
    poles = np.roots(np.concatenate([[1.0], prediction]))
    poles = poles[poles.imag > 0]
    places_hz = np.angle(poles) / np.pi * HIGHEST_HZ
    widths_hz = -np.log(np.abs(poles)) / np.pi * HIGHEST_HZ
    able = (places_hz > LOWEST_HZ) & (places_hz < HIGHEST_HZ - 200.0) & (widths_hz < WIDEST_HZ)
    return np.sort(places_hz[able])
