"""From a recording to notes with a long description: windows, what is dropped of them, and who describes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from linernotes.captioner import Analysis, Captioner
from linernotes.clip import Caption, CaptionedStretch, Description, Fact, Licence, Notes
from linernotes.features.estimate import sounds_like_music
from linernotes.llm import LanguageModel
from linernotes.longform.chained import Attempt, chain, described
from linernotes.longform.checking import Evidence, Stretch
from linernotes.longform.neighbours import contradictions
from linernotes.longform.offline import tell
from linernotes.longform.options import LongOptions
from linernotes.longform.prompt import load_prompt, make_material
from linernotes.longform.windows import Window, measured_windows, waveforms, window_spans
from linernotes.metrics.grounding import ground
from linernotes.trained_captioner import UNTRACED, CaptionedWindow, CaptionedWindows, TrainedCaptioner

OUTSIDE = Licence("the language model", "not known to linernotes: as its provider says", False)


@dataclass(frozen=True, slots=True)
class LongCaptioner:
    """Writes `Notes` with a long description.

    Without a `language_model` the composer describes. With a `window_model` the windows' captions, and the caption
    of the whole, are that model's.
    """

    captioner: Captioner
    options: LongOptions = field(default_factory=LongOptions)
    language_model: LanguageModel | None = None
    window_model: TrainedCaptioner | None = None

    def __call__(self, path: str | os.PathLike[str]) -> Notes:
        """Listen to the recording at `path` and describe it.

        Raises:
            AudioError: the file can't be used; the message says why and what to do.
        """
        return self.write(self.captioner.analyse(path))

    def write(self, analysis: Analysis, done: Callable[[str], None] = lambda step: None) -> Notes:
        """Put an analysis into words; `done` is told which step begins."""
        notes = self.captioner.write(analysis)
        is_music = sounds_like_music(analysis.facts)
        windows: list[Window] = []
        if is_music:
            done("windows")
            windows = self._windows(analysis)
        around = [_section_facts(window, notes) for window in windows]
        against = contradictions([window.caption for window in windows], around, notes.facts)
        kept = [one for one, why in zip(windows, against, strict=True) if not why]
        done("description")
        told = self._describe(notes, windows, kept, is_music)
        told = replace(told, windows=tuple(map(_stretch, windows, against)))
        return self._signed(replace(notes, description=told), windows)

    def _windows(self, analysis: Analysis) -> list[Window]:
        spans = window_spans(self.options.windows, analysis)
        windows = measured_windows(analysis, spans, self.captioner.writer, self.options.seed)
        trained = self.window_model
        if trained is None:
            return windows
        heard = waveforms(analysis.info.path, spans, trained.model.sample_rate)
        texts = (trained.model.write(trained.model.hear(samples), trained.decoding) for samples in heard)
        return [replace(window, caption=text) for window, text in zip(windows, texts, strict=True)]

    def _describe(
        self, notes: Notes, windows: Sequence[Window], kept: Sequence[Window], is_music: bool
    ) -> Description:
        duration_s = notes.audio.duration_s
        quotes = self._quotes(notes, kept) if self.window_model else {}
        offline = tell(notes.facts, notes.sections, duration_s, self.options, quotes)
        if self.language_model is None or not is_music:
            return offline
        material = make_material(notes.facts, notes.sections, kept, duration_s)
        said = tuple(window.caption for window in kept) if self.window_model else ()
        stretches = [Stretch(part.start_s, part.end_s, part.facts) for part in notes.sections]
        stretches += [Stretch(one.span.start_s, one.span.end_s, one.facts) for one in windows]
        evidence = Evidence(duration_s, notes.facts, tuple(stretches), material.times_s, said)
        attempt = chain(self.language_model, material, evidence, self.options)
        if attempt.is_good:
            return described(attempt.text, self.language_model.name, evidence, _known(notes))
        return _standing_in(offline, attempt, self.language_model.name)

    def _quotes(self, notes: Notes, kept: Sequence[Window]) -> Mapping[float, str]:
        """For each section, by its start, the window's caption that the facts carry best; each caption once."""
        quotes: dict[float, str] = {}
        for part in notes.sections:
            inside = [one for one in kept if part.start_s <= one.span.start_s < part.end_s and one.caption]
            scores = [_carried(one, notes.facts) for one in inside]
            if scores and max(scores) > 0:
                best = inside[scores.index(max(scores))].caption
                quotes.update({} if best in quotes.values() else {part.start_s: best})
        return quotes

    def _signed(self, notes: Notes, windows: Sequence[Window]) -> Notes:
        """With everyone who took part among models, settings, licences and warnings."""
        settings = {
            **notes.producer.settings,
            "windows": self.options.windows.value,
            "length": self.options.length.value,
            "manner": self.options.manner.value,
        }
        models, chain_of, warnings = notes.producer.models, notes.licences, notes.warnings
        caption = notes.caption
        if self.window_model is not None and windows:
            trained = self.window_model
            models, chain_of = (*models, trained.name), (*chain_of, *trained.licences)
            warnings = (*warnings, UNTRACED)
            found = tuple(
                CaptionedWindow(one.span.start_s, one.span.end_s, one.caption, None) for one in windows
            )
            caption = trained.write(CaptionedWindows(notes.audio, found, ())).caption
        if self.language_model is not None:
            settings |= {
                "language_model": self.language_model.name,
                "prompt": f"version {load_prompt().version}",
            }
            chain_of = (*chain_of, replace(OUTSIDE, component=self.language_model.name))
        if notes.description is not None and notes.description.caption.stand_in:
            warnings = (
                *warnings,
                f"the composer wrote the description: {notes.description.caption.stand_in}",
            )
        producer = replace(notes.producer, models=models, settings=settings)
        return replace(notes, caption=caption, producer=producer, licences=chain_of, warnings=warnings)


def _known(notes: Notes) -> tuple[Fact, ...]:
    return (*notes.facts, *(fact for part in notes.sections for fact in part.facts))


def _carried(window: Window, whole: Sequence[Fact]) -> int:
    """Statements of a window's caption that facts carry, less twice those that they rule out."""
    grounding = ground(window.caption, whole, window.facts)
    return grounding.count("supported") - 2 * grounding.count("contradicted")


def _section_facts(window: Window, notes: Notes) -> tuple[Fact, ...]:
    """Facts of the section in which the middle of a window lies."""
    middle_s = (window.span.start_s + window.span.end_s) / 2
    facts = (part.facts for part in notes.sections if part.start_s <= middle_s < part.end_s)
    return next(facts, notes.facts)


def _stretch(window: Window, why_dropped: str) -> CaptionedStretch:
    span = window.span
    return CaptionedStretch(round(span.start_s, 3), round(span.end_s, 3), window.caption, why_dropped)


def _standing_in(offline: Description, attempt: Attempt, name: str) -> Description:
    caption = Caption(offline.caption.text, offline.caption.claims, f"{name}: {attempt.reason}")
    return replace(offline, caption=caption, refused=attempt.text, faults=attempt.faults)
