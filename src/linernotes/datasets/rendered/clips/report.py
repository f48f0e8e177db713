"""What a rendered set holds: counts of genres, instruments, keys and so on, hours, licences, and its captions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from linernotes.clip import Clip
from linernotes.datasets.rendered.clips.settings import RenderSettings
from linernotes.words.lexicon import tokenise

SHORT_TOKENS = (3, 22)
"""Lengths of captions that MusCaps trains on (paper, section IV-B)."""
COUNTED = ("family", "genre", "mood", "tempo", "mode", "voice", "instrument")


@dataclass(frozen=True, slots=True)
class CaptionReport:
    """Captions of a set, counted in words: percentiles 5, 50 and 95, and what share MusCaps would keep."""

    captions: int
    distinct: int
    a_clip: float
    tokens_p5: float
    tokens_median: float
    tokens_p95: float
    share_of_3_to_22_tokens: float
    clips_with_a_short_caption: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class SetReport:
    """Counts of clips by tag and fact; `tempi_bpm` counts by tens (the lower end)."""

    clips: int
    hours: float
    pieces: int
    scores: int
    tags: Mapping[str, Mapping[str, int]]
    keys: Mapping[str, int]
    metres: Mapping[str, int]
    tempi_bpm: Mapping[str, int]
    splits: Mapping[str, int]
    licences: Mapping[str, int]
    families_a_clip: Mapping[str, int]
    captions: CaptionReport


def report_of(clips: Iterable[Clip], settings: RenderSettings) -> SetReport:
    """Count the clips of a set; one pass, in memory that grows with the captions' lengths only."""
    tags: dict[str, Counter[str]] = {kind: Counter() for kind in COUNTED}
    facts: dict[str, Counter[str]] = {name: Counter() for name in ("key", "metre", "tempo")}
    splits, licences, families = Counter[str](), Counter[str](), Counter[str]()
    pieces: set[str] = set()
    scores: set[str] = set()
    texts: Counter[str] = Counter()
    lengths: list[int] = []
    words: set[str] = set()
    seconds, count, with_short = 0.0, 0, 0
    for clip in clips:
        count += 1
        seconds += (clip.end_s or 0.0) - clip.start_s
        for tag in clip.tags:
            kind, _, value = tag.partition(":")
            tags[kind][value] += 1
        for fact in clip.facts:
            if fact.name == "tempo":
                facts["tempo"][str(int(float(fact.value) // 10) * 10)] += 1
            elif fact.name in facts:
                facts[fact.name][str(fact.value)] += 1
        splits[clip.split] += 1
        licences[clip.licence] += 1
        families[str(sum(tag.startswith("family:") for tag in clip.tags))] += 1
        pieces.add(clip.artist_id)
        if "score" in clip.extra:
            scores.add(str(clip.extra["score"]))
        tokens = [[token.text for token in tokenise(text)] for text in clip.captions]
        lengths += [len(one) for one in tokens]
        words.update(word for one in tokens for word in one)
        texts.update(clip.captions)
        with_short += any(SHORT_TOKENS[0] <= len(one) <= SHORT_TOKENS[1] for one in tokens)
    short = [SHORT_TOKENS[0] <= length <= SHORT_TOKENS[1] for length in lengths]
    low, middle, high = np.percentile(lengths, (5, 50, 95)) if lengths else (0.0, 0.0, 0.0)
    return SetReport(
        clips=count,
        hours=round(seconds / 3600.0, 3),
        pieces=len(pieces),
        scores=len(scores),
        tags={kind: dict(counter.most_common()) for kind, counter in tags.items()},
        keys=dict(facts["key"].most_common()),
        metres=dict(facts["metre"].most_common()),
        tempi_bpm=dict(sorted(facts["tempo"].items(), key=lambda item: int(item[0]))),
        splits=dict(splits.most_common()),
        licences=dict(licences.most_common()),
        families_a_clip=dict(sorted(families.items())),
        captions=CaptionReport(
            len(lengths), len(texts), round(len(lengths) / max(1, count), 2), float(low), float(middle),
            float(high), round(float(np.mean(short)) if short else 0.0, 3), with_short, len(words),
        ),
    )  # fmt: skip


def report_markdown(report: SetReport, settings: RenderSettings) -> str:
    """The report as the folder's README."""
    text = report.captions
    lines = [
        "# A rendered data set",
        "",
        f"Made by `linernotes dataset render --clips {settings.clips} --seed {settings.seed} "
        f"--seconds {settings.seconds:g} --sample-rate {settings.sample_rate} --format {settings.format}` "
        f"(generator {settings.version}): {report.clips} clips, {report.hours:g} hours, "
        f"from {report.pieces} pieces, {report.scores} of them excerpts of scores.",
        "",
        f"Soundfont: SHA-256 {settings.soundfont_sha256[:16]}; scores: "
        + (
            f"music21 {settings.music21_version}."
            if settings.music21_version
            else "none (music21 was missing)."
        ),
        "",
        f"Captions: {text.captions} ({text.a_clip:g} a clip, {text.distinct} distinct, {text.vocabulary} words); "
        f"length {text.tokens_p5:g} / {text.tokens_median:g} / {text.tokens_p95:g} words (percentiles 5, 50, 95); "
        f"{text.share_of_3_to_22_tokens:.0%} have 3 to 22 words, and {text.clips_with_a_short_caption} clips have "
        "such a caption.",
        "",
    ]
    tables = {
        **report.tags,
        "key": report.keys,
        "metre": report.metres,
        "tempo, BPM from": report.tempi_bpm,
        "families a clip": report.families_a_clip,
        "split": report.splits,
        "licence": report.licences,
    }
    for name, counts in tables.items():
        told = ", ".join(f"{value} {count}" for value, count in counts.items())
        lines += [f"- **{name}**: {told or 'none'}"]
    return "\n".join(lines) + "\n"
