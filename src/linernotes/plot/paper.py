"""What all pictures share: colours that stay apart for every kind of colour vision, and fonts."""

from __future__ import annotations

OKABE_ITO = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2", "#999999")
DARK = ("#0072B2", "#D55E00")
MAJOR, MINOR, OTHER = "#E69F00", "#0072B2", "#999999"
SUNG, SPOKEN = "#D55E00", "#56B4E9"
CHORD_COLOUR = {"major": MAJOR, "minor": MINOR, "none": OTHER}
KIND = {"major": "major", "minor": "minor", "none": "other"}
INK, FAINT = "#222222", "#bbbbbb"
FURTHER_FONTS = ("Noto Sans CJK JP", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS")


def drawable(text: str) -> str:
    """The text with a box for every character that no font at hand has."""
    from matplotlib import font_manager

    glyphs: set[int] = set()
    for family in families():
        glyphs |= set(font_manager.get_font(font_manager.findfont(family)).get_charmap())
    return "".join(char if ord(char) in glyphs else "□" for char in text)


def families() -> list[str]:
    """The fonts to draw with: matplotlib's own, then those installed for Chinese, Japanese and Korean."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in FURTHER_FONTS if name in installed]]
