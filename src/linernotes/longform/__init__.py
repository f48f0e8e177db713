"""Long recordings, told over time: windows and facts in, one description with true times out.

A recording is measured as ever and cut into windows (`windows`), each captioned by the writer or by a trained
model; windows that contradict their neighbours are dropped (`neighbours`). Then the composer tells it turn by turn
(`changes`, `offline`), or a language model gets everything in one prompt (`prompt`, `chained`), and what it writes
is held against the facts and the clock (`checking`, `times`, `sentences`). `long_captioner` puts it together.
"""
