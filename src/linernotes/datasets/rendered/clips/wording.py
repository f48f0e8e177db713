"""Several captions of one clip in different words: each says a part of the facts, most of them briefly."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.clip import Fact
from linernotes.datasets.rendered.clips.bands import pace_of
from linernotes.writers.composer import composer
from linernotes.writers.given import given_aspects

PLAYERS = ("instrument", "voice", "singer_gender")
TELLINGS: tuple[tuple[str, ...], ...] = (
    ("genre", *PLAYERS),
    ("mood", "genre", *PLAYERS),
    ("aspects",),
    ("mood", "genre", "tempo", "key", "metre", *PLAYERS),
    ("all aspects",),
)
"""What each caption tells, by names of facts; `aspects` are phrases as people list them. All name the players."""
ATTEMPTS = 6


def clip_captions(facts: Sequence[Fact], seed: int) -> tuple[str, ...]:
    """Up to five captions, all different; what none of them says is still in the facts."""
    captions: list[str] = []
    for number, told in enumerate(TELLINGS):
        for attempt in range(ATTEMPTS):
            text = _caption(facts, told, 1 + seed * 1000 + number * 100 + attempt)
            if text not in captions:
                captions.append(text)
                break
    return tuple(captions)


def _caption(facts: Sequence[Fact], told: tuple[str, ...], seed: int) -> str:
    if told[0] in ("aspects", "all aspects"):
        phrases = aspects_of(facts, everything=told[0] == "all aspects")
        return composer(given_aspects(phrases), "short", seed).text
    return composer([fact for fact in facts if fact.name in told], "short", seed).text


def aspects_of(facts: Sequence[Fact], *, everything: bool) -> list[str]:
    """The facts as short phrases: pace, genre and players; with `everything` mood and mode too."""
    values = {fact.name: fact.value for fact in facts}
    phrases = [str(values["genre"])]
    if everything and "mood" in values:
        phrases.append(str(values["mood"]))
    phrases.append(f"{pace_of(float(values['tempo']))} tempo")
    phrases += [str(fact.value) for fact in facts if fact.name == "instrument"]
    sung = values["voice"] == "sung"
    phrases.append(f"{values['singer_gender']} vocal" if sung else "instrumental")
    if everything and "key" in values:
        phrases.append(f"{str(values['key']).split()[-1]} key")
    return phrases
