"""Whether a stretch is sung, spoken or instrumental."""

from __future__ import annotations

from linernotes.clip import Fact
from linernotes.features.frames import Frames
from linernotes.features.voice.content import MODELS, content_chances
from linernotes.features.voice.event_summary import summarise_events
from linernotes.features.voice.gender import estimate_singer_gender
from linernotes.features.voice.softmax_model import read_models

SOURCE = "firered-aed+musicnn-mtt"

LEAST_CHANCE = 0.6
"""A voice that is less probable than this is "unsure"."""
LEAST_HEARD_S = 1.5


def estimate_voice(frames: Frames) -> list[Fact]:
    """Fact "voice" and, where it is sung, fact "singer_gender"; none where nothing was heard.

    The confidence of "unsure" is how likely it is that the best guess would be wrong.
    """
    chances = voice_chances(frames)
    if not chances:
        return []
    guess = max(chances, key=chances.__getitem__)
    sure = chances[guess] >= LEAST_CHANCE and frames.duration_s >= LEAST_HEARD_S
    value, confidence = (guess, chances[guess]) if sure else ("unsure", 1.0 - chances[guess])
    facts = [Fact("voice", "voice", value, "", confidence, SOURCE, frames.start_s, frames.end_s)]
    return [*facts, *estimate_singer_gender(frames)] if value == "sung" else facts


def voice_chances(frames: Frames) -> dict[str, float]:
    """Probability of sung, spoken, instrumental; they miss 1 by the chance of neither music nor speech."""
    summary = summarise_events(frames)
    if summary is None:
        return {}
    content = content_chances(frames)
    told = content["music"] + content["speech"]
    model = "voice" if "vocal_tags" in summary else "voice_untagged"
    voices = read_models(MODELS)[model].probabilities(summary)
    return {voice: chance * told for voice, chance in voices.items()}
