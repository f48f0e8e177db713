"""What is wrong with a long description: times, key, tempo, what no fact carries, plain nonsense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from linernotes.clip import Fact
from linernotes.export import clock
from linernotes.longform.changes import is_of_a_span
from linernotes.longform.sentences import Sentence, sentences
from linernotes.longform.times import read_times
from linernotes.metrics.verdicts import judge
from linernotes.words.claims import check_caption
from linernotes.words.text_facts import TextFact, read_facts
from linernotes.writers.composer.content import THRESHOLDS

FEWEST_WORDS = 12
LONGEST_SHARE = 3
"""A text may have this many times the words that were asked for."""
TIME_TOLERANCE_S = 1.5
"""A time may be this far from one of the material's: times are written to the second."""
STRICT = ("key", "tempo")
"""What must be as measured, wherever it is said."""
KEPT = ("key", "tempo", "chord_loop")
"""What must be said where it was measured surely."""
MOST_FAULTS = 8


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was measured in a section or a window."""

    start_s: float
    end_s: float
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a description of a recording is held against.

    `times_s` are the times that it may name, `said` what a captioning model wrote, which may be said again.
    """

    duration_s: float
    facts: tuple[Fact, ...]
    stretches: tuple[Stretch, ...]
    times_s: frozenset[float]
    said: tuple[str, ...] = ()

    def of_whole(self) -> tuple[Fact, ...]:
        """Facts that hold for the whole recording."""
        return tuple(fact for fact in self.facts if not is_of_a_span(fact))

    def between(self, from_s: float, to_s: float) -> Iterator[tuple[Fact, ...]]:
        """Facts of each stretch, and of each span of key or tempo, that lies there for more than a moment."""
        spans = [Stretch(fact.start_s, fact.end_s, (fact,)) for fact in self.facts if is_of_a_span(fact)]
        for stretch in (*self.stretches, *spans):
            if stretch.start_s < to_s and stretch.end_s > from_s + TIME_TOLERANCE_S:
                yield stretch.facts


def faults(text: str, evidence: Evidence, most_words: int) -> list[str]:
    """Everything wrong with a description, in words that a language model can act on; empty where it may stand."""
    words = text.split()
    if len(words) < FEWEST_WORDS:
        count = "one word" if len(words) == 1 else f"{len(words)} words"
        return [f"it has {count}, which is no description" if words else "it is empty"]
    found = list(_nonsense(text, words, most_words))
    found += _wrong_times(text, evidence)
    found += _wrong_claims(text, evidence)
    found += _missing(text, evidence)
    found += _unsupported(text, evidence)
    return list(dict.fromkeys(found))[:MOST_FAULTS]


def _nonsense(text: str, words: Sequence[str], most_words: int) -> Iterator[str]:
    if len(words) > most_words:
        yield f"it has {len(words)} words, far more than asked for"
    often, count = Counter(text[one.start : one.end].strip() for one in sentences(text, 1.0)).most_common(1)[
        0
    ]
    if count > 2:
        yield f"it says {count} times: “{often[:80]}”"
    if not read_facts(text).facts:
        yield "it says nothing about the music"


def _wrong_times(text: str, evidence: Evidence) -> Iterator[str]:
    """Times after the end, times that are none, clock times that stand nowhere in the material."""
    mentions = read_times(text)
    for mention in mentions:
        quoted = text[mention.start : mention.end].strip()
        if not mention.is_possible:
            yield f"“{quoted}” is no time"
        elif mention.seconds > evidence.duration_s:
            yield f"“{quoted}” is after the end: the recording lasts {clock(evidence.duration_s)}"
        elif mention.is_clock and not _is_known(mention.seconds, evidence):
            yield f"“{quoted}” is none of the times in the material"
    if len(evidence.times_s) > 2 and not any(mention.is_clock for mention in mentions):
        yield "it names no time at which something changes"


def _is_known(seconds: float, evidence: Evidence) -> bool:
    return any(abs(seconds - time_s) <= TIME_TOLERANCE_S for time_s in evidence.times_s)


def _wrong_claims(text: str, evidence: Evidence) -> Iterator[str]:
    """Keys and tempi other than those measured there, and whatever else a sure fact rules out."""
    whole = evidence.of_whole()
    for sentence in sentences(text, evidence.duration_s):
        words = text[sentence.start : sentence.end]
        for claim in read_facts(words).facts:
            verdict = judge(claim, whole)
            is_bad = (
                verdict.kind != "supported" if claim.attribute in STRICT else verdict.kind == "contradicted"
            )
            if is_bad and not _is_local(claim, sentence, evidence):
                yield f"“{claim.quote(words)}”: {verdict.reason}"


def _is_local(claim: TextFact, sentence: Sentence, evidence: Evidence) -> bool:
    """Whether the facts of a stretch that the sentence speaks of carry the claim.

    Without a time it is said of the whole recording.
    """
    if not sentence.is_timed:
        return False
    there = evidence.between(*sentence.stretch(sentence.start + claim.start))
    return any(judge(claim, facts).kind == "supported" for facts in there)


def _missing(text: str, evidence: Evidence) -> Iterator[str]:
    claims = [claim for claim in read_facts(text).facts if not claim.is_denied]
    for fact in evidence.of_whole():
        if fact.name not in KEPT or fact.confidence < THRESHOLDS[fact.name].sure:
            continue
        is_quoted = fact.name == "chord_loop" and str(fact.value) in text  # the reader wants three chords
        if not is_quoted and not any(_gives(claim, fact) for claim in claims):
            unit = f" {fact.unit}" if fact.unit else ""
            value = round(fact.value) if isinstance(fact.value, float) else fact.value
            yield f"it does not give the {fact.name.replace('_', ' ')}, {value}{unit}"


def _gives(claim: TextFact, fact: Fact) -> bool:
    """Whether a statement gives a fact's value; of a tempo in figures, as every tempo may be called moderate."""
    if claim.attribute != fact.name or (fact.name == "tempo" and not claim.value.endswith(" BPM")):
        return False
    return judge(claim, [fact]).kind == "supported"


def _unsupported(text: str, evidence: Evidence) -> Iterator[str]:
    """Instruments, genres, moods and manners that no fact of the recording or of any stretch carries."""
    facts = [*evidence.facts, *(fact for stretch in evidence.stretches for fact in stretch.facts)]
    facts += [_given(words) for words in evidence.said]
    report = check_caption(text, facts)
    for span in (*report.unsupported, *report.invented_uses):
        yield f"“{span.text}” stands nowhere in the material"


def _given(words: str) -> Fact:
    return Fact("said", "aspect", words, "", 1.0, "captioning model", 0.0, 0.0)
