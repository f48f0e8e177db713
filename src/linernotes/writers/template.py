"""The two baselines of LP-MusicCaps' Table 2: the aspects as they stand, and the aspects in one fixed sentence."""

from __future__ import annotations

from collections.abc import Sequence

from linernotes.clip import Caption, Fact
from linernotes.writers.composer.phrase import joined, listed, plain, said, sentence, to_caption


def tag_concat(facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
    """The values of all facts with commas between them; style and seed change nothing."""
    return to_caption(joined([said(str(fact.value), (fact.id,)) for fact in facts], ", "))


def template(facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
    """`The music is characterized by sad, female vocal and piano.`; style and seed change nothing."""
    values = [said(str(fact.value), (fact.id,)) for fact in facts]
    if not values:
        return Caption("")
    return to_caption(sentence(plain("the music is characterized by ") + listed(values)))
