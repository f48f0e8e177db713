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
from linernotes.writers.small.fact_phrases import FactPhrase, fact_phrases
from linernotes.writers.small.licensed_words import LicensedWords
from linernotes.writers.small.prompt import (
    BOS,
    EOS,
    PLAIN,
    USES,
    coverage_control,
    length_control,
    source_ids,
)
from linernotes.writers.small.tokenizer import BpeTokenizer
from linernotes.writers.small.wording import (
    WORD,
    WordLists,
    cased,
    content_words,
    drop_plural_articles,
    fix_articles,
    fold,
    licences_of,
    without_padding,
)
from linernotes.writers.small.writer_network import WriterNetwork, read_network

MOST_WORDS_PER_ASPECT_WORD = 8.0
"""With few aspects there is little to say: a longer caption would only pad."""
LEAST_PHRASES = 2
"""From fewer measured phrases the composer, which also has figures, writes."""


@dataclass(frozen=True)
class SmallOptions:
    """How the small writer writes; the defaults were chosen on validation items of MusicCaps' train half."""

    decoding: DecodingOptions = field(
        default_factory=lambda: DecodingOptions(
            beams=5, max_tokens=110, length_penalty=0.0, length_reward=0.5, no_repeat_ngram=5, hypotheses=5
        )
    )
    coverage: float | None = 0.9
    """Asked of the model by its control."""
    words_per_aspect_word: float = 3.0
    least_words: float = 36.0
    most_words: float = 60.0
    reward: float = 0.5
    """Log-probability given for every aspect word newly said."""
    least_coverage: float = 0.8
    """Share of aspect words that a hypothesis must say before it may end; long lists ask for none."""
    patience: int = 70
    """Pieces after which it may end all the same."""
    repeat_penalty: float = 4.0
    """Log-probability taken for every content word said again."""
    coverage_weight: float = 0.5
    """Weight of coverage beside the normalised score when hypotheses are ranked."""
    append_until: float = 0.9
    """Share of aspect words at which the composer stops to add what was left out."""
    long_list: int = 25
    """Aspect words from which on a list is long: people who list much say less of it."""
    append_until_long: float = 0.4
    """`append_until` for long lists."""
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
        if style in ("tags", "generator"):
            return self.fallback(facts, style, seed)
        if other or len(aspects) < (LEAST_PHRASES if measured else 1):
            return self._stand_in("too little is sure for the small writer", facts, style, seed)
        return self.finish(self.write(aspects, seed), facts, style, seed)

    def finish(self, text: str, facts: Sequence[Fact], style: str = "short", seed: int = 0) -> Caption:
        """Hold the model's text against the facts, lay down its claims, let the composer add what was left out."""
        report = check_caption(text, facts) if text else None
        if report is None or report.unsupported or (report.invented_uses and not self.options.uses):
            return self._stand_in("the small writer's text failed the claim check", facts, style, seed)
        aspects = fact_phrases(facts)
        caption = Caption(text, find_claims(text, aspects, self.lists.free))
        return self._with_rest(caption, aspects, facts, style, seed)

    def _stand_in(self, why: str, facts: Sequence[Fact], style: str, seed: int) -> Caption:
        return replace(self.fallback(facts, style, seed), stand_in=why)

    def write(self, aspects: Sequence[FactPhrase], seed: int = 0) -> str:
        """The model's own text, before claim check and composer; empty where the search found none."""
        texts = self.texts(aspects)
        return texts[seed % len(texts)] if texts else ""

    def texts(self, aspects: Sequence[FactPhrase]) -> list[str]:
        """The model's texts, best first."""
        phrases = [fold(aspect.text).lower() for aspect in aspects]
        spellings = {**self.lists.cased, **_acronyms(aspects)}
        decoded = [self.tokenizer.decode(found.tokens).strip() for found in self.search(phrases)]
        told = [without_padding(text, self.lists.free) for text in decoded]
        mended = [fix_articles(drop_plural_articles(text, self._words)) for text in told]
        return [cased(text, spellings) for text in mended]

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
            self.tokenizer,
            self.lists,
            phrases,
            reward=options.reward,
            repeat_penalty=options.repeat_penalty,
            least_coverage=options.least_coverage if wanted < options.long_list else 0.0,
            patience=options.patience,
            uses=options.uses,
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
        """Let the composer add facts that were left out, as many as the options ask for."""
        left = self._worth_adding(caption.text, aspects)
        rest_facts = [fact for fact in facts if fact.id in left]
        rest = self.fallback(rest_facts, style, seed) if rest_facts else Caption("")
        if not rest.text:
            return caption
        shift = len(caption.text) + 1
        moved = tuple(
            replace(claim, start=claim.start + shift, end=claim.end + shift) for claim in rest.claims
        )
        return Caption(f"{caption.text} {rest.text}", caption.claims + moved)

    def _worth_adding(self, text: str, aspects: Sequence[FactPhrase]) -> frozenset[str]:
        """Ids of unsaid facts, in the order given, until enough is said."""
        free = self.lists.free
        left = unsaid(text, aspects, free)
        total = sum(len(content_words([aspect.text], free)) for aspect in aspects)
        said, added = said_share(text, aspects, free) * total, 0
        enough = (
            self.options.append_until if total < self.options.long_list else self.options.append_until_long
        )
        chosen: set[str] = set()
        for aspect in aspects:
            if said + added >= enough * total:
                break
            if left.issuperset(aspect.fact_ids):
                chosen.update(aspect.fact_ids)
                added += len(content_words([aspect.text], free))
        return frozenset(chosen)


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
