"""Build the small writer's word lists from the train half of MusicCaps.

    python scripts/build_writer_words.py MUSICCAPS_CSV src/linernotes/assets/small_writer/words.json

`free`: words that need no licence, because captions use them whatever the aspects say; the counts propose them and
the lists below, read by hand, decide. `words`: every word the writer may ever use unless an aspect brings it.
`cased`: the usual spelling of words that are not written in lower case inside a sentence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from linernotes.writers.wording import WORD, fold, words_of

sys.path.insert(0, str(Path(__file__).parent))
from writer_data import Pair, read_pairs  # noqa: E402

MIN_COUNT = 4
MAX_SUPPORT = 0.22
"""A proposed word stands in at least MIN_COUNT captions and seldom in the aspects of the same item."""

NEEDS_LICENCE = frozenset(
    """6 80s adventure advertisement africa arab arcade arpeggio arpeggios babies backbeat backed bank bar bassline
    beat-making bonfire bow breaking busker cadence calmly carol ceremony changing channel city class classy cleaning
    clear clearly club clubs coffee comfortable commercial common concert constant constantly continuous countermelody
    crime cuisine dancing deeply delay demo demonstrating descending ascending distance drama dream drop drummer
    audio-quality embellishments ending enjoying era event evolving face-off fades fading faint fair family famous
    fast-paced faster fat feelgood festival fill-ins fills fingerpicking flourishes forefront fresh friends frequencies
    frequency full game games gently great groove groups half hammer harmonic harmonies headphones heartbreak heavily
    hero hi-hat hi-hats high-pitched high-spirited higher highly hihat historical holding hitting initially instruction
    instructions instructor jingles keyboards kicks kingdom kit large layer layered layers lips live local loop lot
    louder loudly lower luxury lyrics media mid mid-range midrange motif motifs mouth movie movie-scene movies muting
    mystery narrates narrating narrative natural nature night nightclub nightclubs octave outdoors outside overdrive
    paced panned panning party passionately peace perfect perfectly perky phone phrase phrases pianist picking
    practicing procession protagonist racing radio random rapidly region register registers remaining repeatedly
    repeating repeats restaurant retro-themed rhythmic right left road robbery romance root royalty run running
    scale scene scenery scenes school sci-fi scotland scratch scratched setting shop short shots show silent sing
    singer's sings sit-com sleep slide slides slowly slows snares softly spa speaker speakers speaks spirit sports
    spread staccato stage street streets striking stroke strokes struck strumming strums sung synthesizers tapping
    technique teenage theater third thrilling tight top toward track's treble trip tv typical uses variety vibration
    victorious video video-game village vivacious vocalist vocalists volume war wellness widely yoga digital sad
    person men women child he she her him his image image's original double pitch chords chord riff riffs size amp
    audience fifth fourth octaves bars count counts side sides center stereo bit blown crowd deep tension texture
    natural fun beautiful good big little slight slightly small unique familiar fade sampled sequence sequences
    transition transitions studio lines notes note phrase alternate alternates pauses pause stop stops device
    transmits alone again twice several clip excerpt snippet close closed open opening comfortable process
    instrumentation soundtrack use used can could would may might should suitable fit fitting probably likely
    backing backup random background singing sung brief long listener listen listening player players musician
    musicians performer performers performing performed aura away elicits evoke evokes feelings family slow
    hear-warming steps movement keyboard key keys keeping kind vague session similar reminiscent reminiscing
    reminds resembles sense environment peak perform performs added adding back background instrumentals quality
    hit hits shifting drives driven driving""".split()
)
ALWAYS_FREE = frozenset(
    """a an the and or but nor as at by for from in into is are was were be been being it its it's this that these
    those there there's here we you one which who whose while where when with without of off on onto over to too up
    down out around also along alongside throughout during through between among behind before after then first
    next together both each other another some few any all no not only just very quite rather more most much many
    has have had having do does doing so such like than well yet if song songs track music piece pieces musical
    melody melodies tune tunes sound sounds sounding recording rhythm rhythms beat beats instrument instruments
    composition mood feel feels feeling atmosphere vibe character style features featuring feature featured contains
    containing contain consists consist consisting includes including include included plays playing play played
    heard hear can be accompanied accompanying accompanies accompany supported supporting support supports joined
    joins provides providing provide provided carried carries gives giving adds creates creating set takes part
    parts main mainly lead leading backed layered made makes making comes coming goes going starts start starting
    begins beginning ends end someone something them they their overall meanwhile alongside background two three
    four five us another what sort kind type way element elements followed following follow clip notes note line lines
    lot bit""".split()
)


def free_words(pairs: list[Pair]) -> list[str]:
    """Words that may be used whatever the aspects say."""
    in_captions: Counter[str] = Counter()
    in_both: Counter[str] = Counter()
    for pair in pairs:
        caption, aspects = set(words_of(pair.caption)), set(words_of(" ".join(pair.aspects)))
        in_captions.update(caption)
        in_both.update(caption & aspects)
    proposed = {
        word
        for word, count in in_captions.items()
        if count >= MIN_COUNT and in_both[word] / count < MAX_SUPPORT
    }
    return sorted((proposed - NEEDS_LICENCE) | ALWAYS_FREE)


def known_words(pairs: list[Pair], free: list[str]) -> list[str]:
    """Words of at least two train items (captions or aspects), and every free word."""
    items: Counter[str] = Counter()
    for pair in pairs:
        items.update(set(words_of(pair.caption)) | set(words_of(" ".join(pair.aspects))))
    return sorted({word for word, count in items.items() if count >= 2} | set(free))


def cased_words(pairs: list[Pair]) -> dict[str, str]:
    """Spellings with capitals that prevail inside sentences, keyed by the lower-case word."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        text = fold(pair.caption)
        for match in WORD.finditer(text):
            if match.start() and not text[: match.start()].rstrip().endswith((".", "!", "?", '"', ":")):
                spellings[match.group().lower()][match.group()] += 1
    usual = {word: counts.most_common(1)[0] for word, counts in spellings.items()}
    return {
        word: spelling
        for word, (spelling, count) in sorted(usual.items())
        if spelling != word and count >= 2 and count > 0.6 * sum(spellings[word].values())
    }


def main() -> None:
    """Read the csv, write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("musiccaps", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.musiccaps)
    free = free_words(pairs)
    table = {"free": free, "words": known_words(pairs, free), "cased": cased_words(pairs)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(table, ensure_ascii=True, indent=0), encoding="utf-8")
    print(f"{len(free)} free words, {len(table['words'])} words, {len(table['cased'])} cased spellings")


if __name__ == "__main__":
    main()
