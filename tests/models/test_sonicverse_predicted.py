"""What the heads detect, as facts in the words of all other facts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from linernotes.datasets.feature_classes import KEYS  # noqa: E402
from linernotes.models.sonicverse.config import HeadConfig  # noqa: E402
from linernotes.models.sonicverse.predicted import facts_of_logits  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("heard", "told"), [("D# major", "Eb major"), ("C# minor", "C# minor"), ("A minor", "A minor")]
)
def test_a_key_is_spelled_as_measured_ones_are(heard: str, told: str) -> None:
    logits = torch.full((len(KEYS),), -3.0)
    logits[KEYS.index(heard)] = 1.0
    (fact,) = facts_of_logits({"key": logits}, [HeadConfig("key")], 10.0)
    assert (fact.name, fact.value, fact.end_s) == ("key", told, 10.0)
    assert fact.confidence == pytest.approx(0.7311, abs=1e-4)
