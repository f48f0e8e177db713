"""What a rendered set is asked to be, and which piece each of its clips comes from."""

from __future__ import annotations

from dataclasses import dataclass

from linernotes.datasets.rendered.clips.arrangement import CLIPS_VERSION
from linernotes.datasets.rendered.clips.bands import BANDS, Band
from linernotes.datasets.rendered.clips.scores import family_of_work, shuffled_works
from linernotes.datasets.rendered.dice import Dice

SPLITS = ("train", "validation", "test")
FORMATS = ("flac", "ogg", "wav")
BYTES_A_SAMPLE = {"flac": 1.5, "ogg": 0.6, "wav": 2.1}
"""Generous, for the check of disk space."""
CLIPS_A_PIECE = 2
SECONDS_RANGE = (1.0, 60.0)
SAMPLE_RATES = (8_000, 48_000)


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Everything that decides the clips of a set; two folders with equal settings hold equal manifests.

    `singing`, `scores` and `degrade` are shares 0..1 of the pieces (sung ones only where a genre has singers);
    `splits` are percentages of train, validation and test. Versions and the soundfont's hash are filled in by
    whoever renders.
    """

    clips: int
    seed: int = 0
    seconds: float = 10.0
    sample_rate: int = 16_000
    format: str = "flac"
    singing: float = 0.25
    scores: float = 0.1
    degrade: float = 0.5
    splits: tuple[float, float, float] = (60.0, 20.0, 20.0)
    soundfont_sha256: str = ""
    music21_version: str = ""
    version: str = CLIPS_VERSION

    def __post_init__(self) -> None:
        if self.clips < 1:
            raise ValueError(f"a set needs at least one clip, {self.clips} were asked for")
        if not SECONDS_RANGE[0] <= self.seconds <= SECONDS_RANGE[1]:
            raise ValueError(
                f"a clip lasts {SECONDS_RANGE[0]:g} to {SECONDS_RANGE[1]:g} s, not {self.seconds:g} s"
            )
        if not SAMPLE_RATES[0] <= self.sample_rate <= SAMPLE_RATES[1]:
            raise ValueError(
                f"the sample rate must be {SAMPLE_RATES[0]} to {SAMPLE_RATES[1]} Hz, not {self.sample_rate} Hz"
            )
        if self.format not in FORMATS:
            raise ValueError(f"the format must be one of {', '.join(FORMATS)}, not {self.format!r}")
        for name in ("singing", "scores", "degrade"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"--{name} is a share from 0 to 1, not {getattr(self, name):g}")
        if len(self.splits) != len(SPLITS) or min(self.splits) < 0 or abs(sum(self.splits) - 100.0) > 1e-6:
            raise ValueError(f"splits are three percentages that make 100, as 60/20/20, not {self.splits}")

    @property
    def bytes_needed(self) -> int:
        """About how much disk the clips take, and then some."""
        return int(self.clips * (self.seconds * self.sample_rate * BYTES_A_SAMPLE[self.format] + 8_000))


@dataclass(frozen=True, slots=True)
class PieceOrder:
    """One piece to render: a band's, or an excerpt of `work`; `clips` are the numbers of its clips in the set."""

    number: int
    seed: int
    band: str
    work: str
    family: str
    split: str
    is_sung: bool
    clips: tuple[int, ...]


def plan_orders(settings: RenderSettings) -> list[PieceOrder]:
    """Every piece of a set; families of pieces are dealt to the splits whole."""
    count = -(-settings.clips // CLIPS_A_PIECE)
    wanted = shuffled_works(settings.seed) if settings.scores and settings.music21_version else []
    works = wanted[: round(count * settings.scores)]
    dice = Dice(CLIPS_VERSION, settings.seed, "orders")
    slots = sorted(range(count), key=lambda _: dice.unit())
    work_of = dict(zip(slots, works, strict=False))
    bands = _bands(count, dice)
    singers = [number for number in range(count) if number not in work_of and bands[number].is_sung]
    singers.sort(key=lambda _: dice.unit())
    sung = set(singers[: round(settings.singing * count)])
    families = [
        f"score/{family_of_work(work_of[number])}"
        if number in work_of
        else f"piece/{settings.seed}-{number:06d}"
        for number in range(count)
    ]
    split_of = deal(sorted(set(families)), settings.splits, Dice(CLIPS_VERSION, settings.seed, "splits"))
    return [
        PieceOrder(
            number=number,
            seed=settings.seed * 10_000_000 + number,
            band=bands[number].genre,
            work=work_of.get(number, ""),
            family=families[number],
            split=split_of[families[number]],
            is_sung=number in sung,
            clips=tuple(range(number * CLIPS_A_PIECE, min(settings.clips, (number + 1) * CLIPS_A_PIECE))),
        )
        for number in range(count)
    ]


def _bands(count: int, dice: Dice) -> list[Band]:
    """Every genre equally often, in a drawn order."""
    drawn: list[Band] = []
    while len(drawn) < count:
        drawn += sorted(BANDS, key=lambda _: dice.unit())
    return drawn[:count]


def deal(families: list[str], splits: tuple[float, float, float], dice: Dice) -> dict[str, str]:
    """A split for each family, by quota over a drawn order."""
    order = sorted(families, key=lambda _: dice.unit())
    ends = (splits[0] / 100.0, (splits[0] + splits[1]) / 100.0)
    return {
        family: SPLITS[sum((place + 0.5) / len(order) > end for end in ends)]
        for place, family in enumerate(order)
    }
