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
from linernotes.datasets.rendered.singing import Singer, SungNote, sing, speak
from linernotes.datasets.rendered.voices import (
    FROZEN_VOICE_SEEDS,
    RenderedVoice,
    VoiceMix,
    VoicePlan,
    make_voice,
    plan_voice,
    render_voices,
)

__all__ = [
    "FIRST_TUNING_SEED",
    "FROZEN_TEST_SEEDS",
    "FROZEN_VOICE_SEEDS",
    "GENERATOR_VERSION",
    "ChordSpan",
    "Part",
    "Piece",
    "PieceSection",
    "RenderError",
    "RenderedPiece",
    "RenderedVoice",
    "Singer",
    "Sound",
    "Stereo",
    "SungNote",
    "VoiceMix",
    "VoicePlan",
    "find_soundfont",
    "make_voice",
    "midi_bytes",
    "plan_piece",
    "plan_voice",
    "play_midi",
    "render_piece",
    "render_set",
    "render_voices",
    "sing",
    "speak",
    "write_piece",
]
