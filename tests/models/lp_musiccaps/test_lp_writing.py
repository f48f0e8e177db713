"""Captions are searched as transformers does it, also where hypotheses end early and at different times."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from transformers.modeling_outputs import BaseModelOutput  # noqa: E402

from linernotes.decoding import DecodingOptions  # noqa: E402
from linernotes.models.lp_musiccaps import BartSizes  # noqa: E402
from linernotes.models.lp_musiccaps.bart import new_bart  # noqa: E402
from linernotes.models.lp_musiccaps.network import Heard  # noqa: E402
from linernotes.models.lp_musiccaps.writing import write_ids  # noqa: E402
from linernotes.models.subwords import train_subwords  # noqa: E402

pytestmark = pytest.mark.torch

CLIPS, POSITIONS, LONGEST = 6, 5, 20


def talkative_bart(seed: int, ending: float) -> object:
    """Random weights that say something; `ending` is added to the logit of `</s>`."""
    torch.manual_seed(seed)
    bart = new_bart(BartSizes(16, 2, 2, 32, 64, 0.0), train_subwords(["A low hum, long."], 110)).eval()
    for name, weight in bart.named_parameters():
        if weight.ndim > 1:
            weight.data.normal_(std=1.0 if "positions" in name else 0.3)
    bart.final_logits_bias[0, bart.config.eos_token_id] = ending
    return bart


def heard(seed: int = 7) -> Heard:
    states = torch.randn(CLIPS, POSITIONS, 16, generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(CLIPS, POSITIONS, dtype=torch.bool)
    mask[0, 3:] = False
    return Heard(states, mask)


def reference(bart: object, clip: Heard, beams: int, penalty: float, least: int) -> list[int]:
    """One clip through `generate` as its own documentation calls it."""
    ids = bart.generate(  # type: ignore[attr-defined]
        encoder_outputs=BaseModelOutput(last_hidden_state=clip.states),
        attention_mask=clip.mask,
        num_beams=beams,
        do_sample=False,
        early_stopping=False,
        max_length=LONGEST + 2,
        min_length=least + 1,
        length_penalty=penalty,
    )[0].tolist()
    end = bart.config.eos_token_id  # type: ignore[attr-defined]
    ids = ids[1:]
    return ids[: ids.index(end)]


@pytest.mark.parametrize("beams", [1, 2, 5])
@pytest.mark.parametrize(("penalty", "least"), [(1.0, 0), (1.0, 2), (0.0, 0), (2.0, 1)])
@torch.no_grad()
def test_as_transformers_where_hypotheses_end_early(beams: int, penalty: float, least: int) -> None:
    audio, lengths = heard(), set()
    for seed, ending in ((0, 2.0), (0, 4.0), (1, 3.0)):
        bart = talkative_bart(seed, ending)
        options = DecodingOptions(beams=beams, max_tokens=LONGEST, min_tokens=least, length_penalty=penalty)
        ours = write_ids(bart, audio, options)
        theirs = [reference(bart, audio.clip(n), beams, penalty, least) for n in range(CLIPS)]
        assert ours == theirs
        lengths |= {len(row) for row in ours}
    assert len(lengths) >= 4  # it is a fixture of what it says only if they differ
    assert min(lengths) >= least
    assert min(lengths) < LONGEST


@torch.no_grad()
def test_a_draw_from_the_nucleus_repeats_with_its_seed() -> None:
    bart, audio = talkative_bart(0, 0.0), heard()
    drawn = [
        write_ids(bart, audio, DecodingOptions(max_tokens=LONGEST, top_p=0.9, seed=seed))
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    greedy = write_ids(bart, audio, DecodingOptions(beams=1, max_tokens=LONGEST))
    certain = write_ids(bart, audio, DecodingOptions(max_tokens=LONGEST, top_p=1e-9))
    assert certain == greedy
