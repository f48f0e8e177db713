"""Whether audio and captions are nearer in true pairs than in shuffled ones, where the answer is known."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np  # noqa: E402

from linernotes.models.families import save_model  # noqa: E402
from linernotes.models.s2cap import EarSizes, S2CapConfig, WriterConfig, WriterSizes  # noqa: E402
from linernotes.models.s2cap.denoising import DenoiseOptions, pretrain_on_captions  # noqa: E402
from linernotes.models.s2cap.family import S2CAP  # noqa: E402
from linernotes.training.alignment_report import margins, report_alignment  # noqa: E402

pytestmark = pytest.mark.torch


def test_margins_are_own_minus_others_and_equal_captions_do_not_count() -> None:
    cosines = np.array([[0.9, 0.1, 0.9], [0.2, 0.8, 0.4], [0.7, 0.5, 0.7]], np.float32)
    found = margins(cosines, ["a", "b", "a"])
    assert found.own == pytest.approx((0.9 + 0.8 + 0.7) / 3)
    assert found.others == pytest.approx((0.1 + 0.3 + 0.5) / 3)
    assert found.margin == pytest.approx((0.8 + 0.5 + 0.2) / 3)
    assert 0.19 < found.margin_low < found.margin < found.margin_high < 0.81
    with pytest.raises(ValueError, match="all captions"):
        margins(cosines, ["a", "a", "a"])


def test_a_checkpoint_is_compared_with_itself_before_training(tmp_path: Path) -> None:
    from tones import write_tones

    manifest = write_tones(tmp_path / "data", clips=10, test=True)
    captions = ["A low tone.", "A middle tone.", "A high tone."]
    options = DenoiseOptions(sizes=WriterSizes(16, 1, 2, 24), tokens=300, steps=2, batch_size=4)
    source = str(pretrain_on_captions(captions, captions, tmp_path / "t5", options).folder)
    ears = EarSizes(16, 1, 2, 24, bands=32, window_frames=64, stride=16)
    config = S2CapConfig(sizes=ears, writer=WriterConfig(source=source), stage="align", max_tokens=20)
    torch.manual_seed(0)
    save_model(S2CAP.new(config, []).eval(), "s2cap", tmp_path / "same")
    report = report_alignment(tmp_path / "same", manifest, "test")
    assert report.trained == report.untrained
    assert report.trained.clips == 2
    captioner = S2CapConfig(sizes=ears, writer=WriterConfig(source=source), max_tokens=20)
    save_model(S2CAP.new(captioner, []).eval(), "s2cap", tmp_path / "captioner")
    with pytest.raises(ValueError, match="was not trained by CRESCENDO"):
        report_alignment(tmp_path / "captioner", manifest, "test")
