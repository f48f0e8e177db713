"""What can be wrong with a data set beyond the single line: leaks between splits, and the audio itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from linernotes.building.statistics import normal
from linernotes.clip import Clip
from linernotes.manifest import audio_file

END_TOLERANCE_S = 0.5
"""A clip may end this much after its file: headers and cuts are rounded."""


@dataclass(slots=True)
class LeakFinder:
    """Finds artists and captions that stand in more than one split, while clips stream by."""

    _artists: dict[str, str] = field(default_factory=dict)
    _captions: dict[int, str] = field(default_factory=dict)

    def leaks(self, clip: Clip) -> Iterator[str]:
        """What of `clip` was already met in another split."""
        if not clip.split:
            return
        if clip.artist_id and (first := self._artists.setdefault(clip.artist_id, clip.split)) != clip.split:
            yield f"artist {clip.artist_id!r} is in {clip.split} and in {first}"
        for caption in clip.captions:
            if (first := self._captions.setdefault(hash(normal(caption)), clip.split)) != clip.split:
                yield f"a caption of {clip.split} stands in {first} too: {caption[:60]!r}"


def audio_fault(clip: Clip, root: Path) -> str:
    """Why the audio of a clip can't be used, "" if it can: opened and its header read, not decoded."""
    from linernotes.audio import probe

    try:
        found = probe(audio_file(clip.audio_path, root))
    except (OSError, ValueError) as error:
        return " ".join(str(error).split())
    if clip.start_s >= found.duration_s:
        return f"starts at {clip.start_s:g} s, but {clip.audio_path} is {found.duration_s:.2f} s long"
    if clip.end_s is not None and clip.end_s > found.duration_s + END_TOLERANCE_S:
        return f"ends at {clip.end_s:g} s, but {clip.audio_path} is {found.duration_s:.2f} s long"
    return ""
