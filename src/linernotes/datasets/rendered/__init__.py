"""Music made offline from seeds, with exact truth: planned, played by a soundfont, degraded and coded as MP3.

Nothing is downloaded. Rendering needs the [render] extra, sung voices the [singing] extra and espeak-ng.
"""

from linernotes.datasets.rendered.composition import GENERATOR_VERSION, plan_piece
from linernotes.datasets.rendered.library import (
    FIRST_TUNING_SEED,
    FROZEN_TEST_SEEDS,
    RenderedPiece,
    render_set,
)
from linernotes.datasets.rendered.midi import midi_bytes
from linernotes.datasets.rendered.piece import ChordSpan, Part, Piece, PieceSection, Sound
from linernotes.datasets.rendered.render import (
    RenderError,
    Stereo,
    find_soundfont,
    play_midi,
    render_piece,
    write_piece,
)

__all__ = [
    "FIRST_TUNING_SEED",
    "FROZEN_TEST_SEEDS",
    "GENERATOR_VERSION",
    "ChordSpan",
    "Part",
    "Piece",
    "PieceSection",
    "RenderError",
    "RenderedPiece",
    "Sound",
    "Stereo",
    "find_soundfont",
    "midi_bytes",
    "plan_piece",
    "play_midi",
    "render_piece",
    "render_set",
    "write_piece",
]
