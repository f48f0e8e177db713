"""The small writer: captions in MusicCaps' manner from a text model of a few million parameters (onnxruntime).

The model was trained on MusicCaps' train half (docs/models/small-writer.md). Its beam search can only spell words
that the aspects license; what it leaves unsaid is added by the composer, and a caption that fails the claim check
is replaced by the composer's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

from linernotes.clip import Caption, Claim, Fact
from linernotes.decoding import DecodingOptions, Hypothesis, beam_search
from linernotes.words.claims import check_caption
from linernotes.writers import Writer, check_style
from linernotes.writers.composer import composer
from linernotes.writers.fact_phrases import FactPhrase, fact_phrases
from linernotes.writers.licensed_words import LicensedWords
from linernotes.writers.prompt import BOS, EOS, PLAIN, USES, coverage_control, length_control, source_ids
from linernotes.writers.tokenizer import BpeTokenizer
from linernotes.writers.wording import (
    WORD,
    WordLists,
    cased,
    content_words,
    drop_plural_articles,
    fix_articles,
    fold,
    licences_of,
)
from linernotes.writers.writer_network import WriterNetwork, read_network

MOST_WORDS_PER_ASPECT_WORD = 8.0
"""With few aspects there is little to say: a longer caption would only pad."""
LEAST_PHRASES = 2
"""From fewer measured phrases the composer, which also has figures, writes."""


@dataclass(frozen=True)
class SmallOptions:
    """How the small writer writes; the defaults were chosen on validation items of MusicCaps' train half."""

    decoding: DecodingOptions = field(
        default_factory=lambda: DecodingOptions(beams=5, max_tokens=110, no_repeat_ngram=5, hypotheses=5)
    )
    coverage: float | None = 0.9
    """Asked of the model by its control."""
    words_per_aspect_word: float = 3.0
    least_words: float = 30.0
    most_words: float = 60.0
    reward: float = 0.5
    """Log-probability given for every aspect word newly said."""
    repeat_penalty: float = 3.0
    """Log-probability taken for every content word said again."""
    coverage_weight: float = 0.5
    """Weight of coverage beside the normalised score when hypotheses are ranked."""
    append_below: float = 0.9
    """Below this share of aspect words said, the composer adds what was left out."""
    uses: bool = False
    """Ask for a sentence on where the piece might be played. It will be invented."""


class SmallWriter:
    """`(facts, style, seed) -> Caption`; seed 0 takes the best hypothesis, others take the next ones."""

    def __init__(
        self,
        network: WriterNetwork,
        tokenizer: BpeTokenizer,
        lists: WordLists,
        options: SmallOptions | None = None,
        fallback: Writer = composer,
    ) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.lists = lists
        self._words = frozenset(lists.words)
        self.options = options or SmallOptions()
        self.fallback = fallback

    def __call__(self, facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
        """Caption of the recording that `facts` describe.

        The composer writes lists (`tags`, `generator`), and where it may not be music or little is sure.
        """
        check_style(style)
        aspects = fact_phrases(facts)
        measured = any(fact.name != "aspect" for fact in facts)
        other = any(fact.name == "content" and fact.value != "music" for fact in facts)
        if other or len(aspects) < (LEAST_PHRASES if measured else 1) or style in ("tags", "generator"):
            return self.fallback(facts, style, seed)
        return self.finish(self.write(aspects, seed), facts, style, seed)

    def finish(self, text: str, facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
        """Hold the model's text against the facts, lay down its claims, let the composer add what was left out."""
        report = check_caption(text, facts) if text else None
        if report is None or report.unsupported or (report.invented_uses and not self.options.uses):
            return self.fallback(facts, style, seed)
        aspects = fact_phrases(facts)
        caption = Caption(text, find_claims(text, aspects, self.lists.free))
        return self._with_rest(caption, aspects, facts, style, seed)

    def write(self, aspects: Sequence[FactPhrase], seed: int = 0) -> str:
        """The model's own text, before claim check and composer; empty where the search found none."""
        phrases = [fold(aspect.text).lower() for aspect in aspects]
        hypotheses = self.search(phrases)
        if not hypotheses:
            return ""
        text = self.tokenizer.decode(hypotheses[seed % len(hypotheses)].tokens).strip()
        text = fix_articles(drop_plural_articles(text, self._words))
        return cased(text, {**self.lists.cased, **_acronyms(aspects)})

    def search(self, phrases: Sequence[str]) -> list[Hypothesis]:
        """Finished hypotheses for lower-case aspects, best first."""
        options = self.options
        wanted = len(content_words(phrases, self.lists.free))
        least = min(options.least_words, MOST_WORDS_PER_ASPECT_WORD * wanted)
        words = min(max(options.words_per_aspect_word * wanted, least), options.most_words)
        controls = (
            USES if options.uses else PLAIN,
            coverage_control(options.coverage),
            length_control(words),
        )
        source = source_ids(self.tokenizer, controls, phrases, self.network.max_source)
        constraint = LicensedWords(
            self.tokenizer, self.lists, phrases, options.reward, options.repeat_penalty, options.uses
        )
        step = self.network.start(source)
        bos, eos = self.tokenizer.special(BOS), self.tokenizer.special(EOS)
        found = beam_search(step, self.network.empty_state(), bos, eos, options.decoding, constraint)
        finished = [hypothesis for hypothesis in found if hypothesis.finished]
        return sorted(
            finished, key=lambda h: -(h.score + options.coverage_weight * constraint.coverage(h.tokens))
        )

    def _with_rest(
        self, caption: Caption, aspects: Sequence[FactPhrase], facts: Sequence[Fact], style: str, seed: int
    ) -> Caption:
        """Let the composer add the facts of which nothing was said, where too much was left out."""
        if said_share(caption.text, aspects, self.lists.free) >= self.options.append_below:
            return caption
        left = unsaid(caption.text, aspects, self.lists.free)
        rest_facts = [fact for fact in facts if fact.id in left]
        rest = self.fallback(rest_facts, style, seed) if rest_facts else Caption("")
        if not rest.text:
            return caption
        shift = len(caption.text) + 1
        moved = tuple(
            replace(claim, start=claim.start + shift, end=claim.end + shift) for claim in rest.claims
        )
        return Caption(f"{caption.text} {rest.text}", caption.claims + moved)


def find_claims(text: str, aspects: Sequence[FactPhrase], free: frozenset[str]) -> tuple[Claim, ...]:
    """A claim for every run of content words that the same facts license."""
    licences = [(aspect.fact_ids, licences_of([aspect.text])) for aspect in aspects]
    claims: list[Claim] = []
    for match in WORD.finditer(text):
        word = match.group().lower()
        if word in free:
            continue
        ids = tuple(fact_id for ids, licence in licences if licence.mentions(word) for fact_id in ids)
        if not ids:
            continue
        last = claims[-1] if claims else None
        if last and last.fact_ids == ids and not text[last.end : match.start()].strip():
            claims[-1] = Claim(last.start, match.end(), ids)
        else:
            claims.append(Claim(match.start(), match.end(), ids))
    return tuple(claims)


def said_share(text: str, aspects: Sequence[FactPhrase], free: frozenset[str]) -> float:
    """Share of the aspects' content words of which the text has a relative; 1 where there are none."""
    said = licences_of([text])
    words = [word for aspect in aspects for word in content_words([aspect.text], free)]
    return sum(said.mentions(word) for word in words) / len(words) if words else 1.0


def unsaid(text: str, aspects: Sequence[FactPhrase], free: frozenset[str]) -> frozenset[str]:
    """Ids of facts of whose aspect at least half the content words are missing from the text."""
    said = licences_of([text])
    left: list[str] = []
    for aspect in aspects:
        words = content_words([aspect.text], free)
        if words and sum(said.mentions(word) for word in words) <= 0.5 * len(words):
            left += aspect.fact_ids
    return frozenset(left)


def _acronyms(aspects: Sequence[FactPhrase]) -> dict[str, str]:
    """Spellings of the user's own that have a capital beyond the first letter (EDM, r'n'B)."""
    words = [word for aspect in aspects for word in WORD.findall(aspect.text)]
    return {word.lower(): word for word in words if re.search(r"[A-Z]", word[1:])}


def load_small_writer(folder: str | Path | None = None, options: SmallOptions | None = None) -> SmallWriter:
    """The shipped writer, or one exported into `folder`."""
    shipped = Path(str(resources.files("linernotes").joinpath("assets", "small_writer")))
    place = Path(folder) if folder else shipped
    lists = WordLists.load((place if (place / "words.json").exists() else shipped) / "words.json")
    return SmallWriter(read_network(place), BpeTokenizer.load(place / "tokenizer.json"), lists, options)


@lru_cache(maxsize=1)
def _shipped() -> SmallWriter:
    return load_small_writer()


def small(facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
    """The shipped small writer; its model is opened at the first call."""
    return _shipped()(facts, style, seed)
