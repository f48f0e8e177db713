"""Uses that a text invents or proposes: "could be used in a movie", "suitable for a party"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MAY = r"(?:can|could|may|might|would|will|should)"
_USE = re.compile(
    rf"\b(?:{_MAY} (?:\w+ )?be (?:used|played|playing|sampled|featured|utili[sz]ed|performed|great|good|perfect)"
    r"|(?:could|may|might|would) (?:\w+ )?be (?:heard|found)"
    r"|(?:perfectly |well |best )?(?:suitable|suited|perfect|ideal|fitting|appropriate|great|good) (?:for|to be)"
    rf"|{_MAY} (?:also |perfectly |easily )?(?:fit|suit|work|accompany|serve|make)\b"
    rf"|(?:something|music|song|track|tune|thing|what) (?:that )?(?:you|one) {_MAY} \w*hear"
    r"|fits? (?:well |perfectly )?(?:in|with|for)\b"
    r"|you(?:’d|'d| would| could| might) (?:likely |probably )?(?:hear|play|listen))"
    r"[^.!?]*",
    re.IGNORECASE,
)


def find_uses(text: str) -> Iterator[re.Match[str]]:
    """Each proposal of a use, from its verb to the end of its sentence."""
    return _USE.finditer(text)
