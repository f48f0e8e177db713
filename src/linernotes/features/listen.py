"""One pass over a recording: every block is decoded once and heard by all listeners, two at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from linernotes.features.frames import Frames, Listener, Series

Blocks = Iterable[Mapping[int, NDArray[np.float32]]]


def listen(
    blocks: Blocks,
    listeners: Sequence[Listener],
    *,
    threads: int = 2,
    heard: Callable[[float], None] = lambda seconds: None,
) -> Frames:
    """Feed `blocks` (by sample rate, as `audio.stream` gives them) to all listeners.

    `heard` is told after each block how many seconds have been taken in. Listeners hold their own state and run
    concurrently with one another, never with themselves.
    """
    samples, rate = 0, max(listener.sample_rate for listener in listeners)
    with ThreadPoolExecutor(threads) as pool:
        remaining = iter(blocks)
        block = next(remaining, None)
        while block is not None:
            upcoming = pool.submit(next, remaining, None)  # decoded while this block is heard
            list(pool.map(lambda listener, now=block: listener.push(now[listener.sample_rate]), listeners))
            samples += len(block[rate])
            heard(samples / rate)
            block = upcoming.result()
        finished = list(pool.map(lambda listener: listener.finish(), listeners))
    series: dict[str, Series] = {}
    for part in finished:
        series.update(part)
    return Frames(0.0, samples / rate, series)
