"""The grid of S2Cap at its smallest, from a T5 pre-trained on the captions to the paper's tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from tones import write_tones  # noqa: E402

from linernotes.models.s2cap.config import WriterSizes  # noqa: E402
from linernotes.models.s2cap.denoising import DenoiseOptions, pretrain_on_captions  # noqa: E402
from linernotes.training.ablation import Found, Grid, Protocol, Row, run_grid, train_first  # noqa: E402
from linernotes.training.measuring import Constant, Measured  # noqa: E402
from linernotes.training.recipe import Recipe, recipe_from_mapping  # noqa: E402
from linernotes.training.style_tables import is_style_grid, style_tables  # noqa: E402

pytestmark = pytest.mark.torch

SMALL = {
    "dim": 16,
    "layers": 1,
    "heads": 2,
    "feed_forward": 24,
    "bands": 32,
    "window_frames": 64,
    "stride": 16,
}


def recipe(label: str, manifest: str = "", t5: str = "", start: str | None = None, **model: Any) -> Recipe:
    writer = {"kind": "t5", "source": t5, **model.pop("writer", {})}
    encoder = {"name": model.pop("name", "ast"), "weights": "none", "frozen": False}
    training: dict[str, Any] = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3}
    return recipe_from_mapping(
        {
            "family": "s2cap", "label": label, "data": {"manifest": manifest},
            "model": {"encoder": encoder, "sizes": SMALL, "writer": writer, "max_tokens": 20, **model},
            "training": {**training, **({"start": start} if start else {})},
            "decoding": {"beams": 1, "max_tokens": 12},
        }
    )  # fmt: skip


def with_stems(manifest: Path) -> Path:
    """Each clip its own vocal stem: what demixing would give for a voice alone."""
    clips = [json.loads(line) for line in manifest.read_text().splitlines()]
    told = [{**clip, "extra": {"vocals_path": clip["audio_path"]}} for clip in clips]
    manifest.write_text("".join(json.dumps(clip) + "\n" for clip in told))
    return manifest


def test_from_captions_to_tables(tmp_path: Path) -> None:
    manifest = str(with_stems(write_tones(tmp_path / "data", clips=10, test=True)))
    captions = ["A low tone.", "A middle tone.", "A high tone.", "One tone, high and plain."]
    options = DenoiseOptions(sizes=WriterSizes(16, 1, 2, 24), tokens=300, steps=3, batch_size=4)
    t5 = str(pretrain_on_captions(captions, captions, tmp_path / "t5", options).folder)
    first = recipe("first", manifest, t5, stage="align")
    plain = recipe("plain", manifest, t5)
    ours = recipe("ours", manifest, t5, "runs/first/best", demixing_weight=0.5)
    rows = train_first({"first": first}, [plain, ours], tmp_path / "grid")
    assert rows[0] == plain
    assert train_first({"first": first}, [plain, ours], tmp_path / "grid", finished=True) == rows
    train_first({"first": first}, [plain, ours], tmp_path / "nothing", finished=True)
    assert not (tmp_path / "nothing").exists()
    assert rows[1].training.start == str(tmp_path / "grid" / "first" / "first" / "best")
    protocol = Protocol(queries=0, metrics=("bleu4", "cider"))
    grid = run_grid(rows, tmp_path / "grid", protocol=protocol)
    assert grid.rows[0].found[0].encoder_parameters > 1000
    assert run_grid(rows, tmp_path / "grid", protocol=protocol) == grid
    sung = replace(grid, references=dict.fromkeys(grid.references, ("A male voice of low pitch.",)))
    assert "Over plain, with the first seed" in style_tables(sung)
    shown = style_tables(grid)
    for text in (
        "plain",
        "ours",
        "Audio encoders of the proposed",
        "What CRESCENDO",
        "best constant",
        "BLEU4",
    ):
        assert text in shown
    with pytest.raises(ValueError, match="no recipe has"):
        train_first({"second": first}, [plain, ours], tmp_path / "grid")


def test_demixing_supervision_without_any_stem_is_refused(tmp_path: Path) -> None:
    manifest = str(write_tones(tmp_path / "data", clips=10, test=True))
    with pytest.raises(ValueError, match=r"vocal stem .* set model.demixing_weight=0"):
        run_grid([recipe("ours", manifest, "", demixing_weight=0.5)], tmp_path / "grid")


def row(label: str, value: float, start: str | None = None, **model: Any) -> Row:
    scores = {"cider": value, "sbert": value / 2}
    measured = Measured(2, scores, 0.01, None, 0, 0, 2)
    return Row(recipe(label, start=start, **model), (Found(measured, {}, 3, (), 86_000_000),))


def test_rows_stand_where_the_paper_has_them() -> None:
    rows = (
        row("ours", 0.9, "runs/crescendo/best", demixing_weight=1.0),
        row("bare", 0.5),
        row("supervised", 0.6, demixing_weight=1.0),
        row("AST-GPT2", 0.4, writer={"kind": "gpt2"}),
        row("prefix", 0.3, writer={"kind": "gpt2-prefix"}),
        row("HuBERT-T5", 0.8, "runs/x/best", demixing_weight=1.0, name="hubert"),
    )
    constant = Constant("A voice.", 0.2, (), None)
    grid = Grid(rows, constant, 2, 0, 0, ("meteor", "cider", "sbert"), "tiny")
    methods, encoders, additions, notes = [*style_tables(grid).split("\n\n")[1::2][:3], style_tables(grid)]
    order = [
        methods.index(text) for text in ("w/ GPT2", "AST-GPT2", "others", "prefix", "w/ T5", "ours", "bare")
    ]
    assert order == sorted(order)
    assert "| ours | ✓ | ✓ | 90.00 | 45.00 |" in methods
    assert "| AST | no | 86.0M | 90.00 | 45.00 |" in encoders
    assert "HuBERT" in encoders
    assert "bare" not in encoders
    lines = additions.splitlines()[2:]
    assert [line.split("|")[1:4] for line in lines] == [
        ["  ", "  ", " 50.00 "], ["  ", " ✓ ", " 60.00 "], [" ✓ ", " ✓ ", " 90.00 "]
    ]  # fmt: skip
    assert "Not computed on this machine: METEOR" in notes
    assert "cosine by tiny" in notes
    one = style_tables(replace(grid, rows=rows[1:2]))
    assert "Audio encoders" not in one
    assert "What CRESCENDO" not in one
    assert is_style_grid(["muscaps", "s2cap"])
    assert not is_style_grid(["muscaps"])


def test_style_f1_and_what_a_row_has_over_another() -> None:
    references = {"a": ("A male voice of low pitch.",), "b": ("A female voice of high pitch.",)}
    said = {
        "bare": {"a": "A male voice.", "b": "A male voice."},
        "ours": {"a": "A male voice of low pitch.", "b": "A female voice of high pitch."},
    }
    rows = tuple(
        replace(one, found=(replace(one.found[0], captions=said[one.recipe.label]),))
        for one in (row("bare", 0.1), row("ours", 0.5, "runs/crescendo/best", demixing_weight=1.0))
    )
    constant = Constant("A male voice.", 0.2, (), None)
    shown = style_tables(Grid(rows, constant, 2, 0, 0, ("cider",), "", references))
    assert "| bare |  |  | 10.00 | 33.33 (0.0 to 66.7) |" in shown
    assert "100.00 (100.0 to 100.0)" in shown
    assert "best constant caption |  |  | 20.00 | 33.33 |" in shown
    assert "- ours: CIDEr-D +" in shown
    assert "style F1 +66.7 (+33.3 to +100.0)" in shown


def test_older_results_keep_their_key() -> None:
    assert Protocol().told() == {"queries": 100, "tracks": 1000, "metrics": Protocol().metrics}
    assert Protocol(sentence_model="x").told()["sentence_model"] == "x"
    with pytest.raises(ValueError, match="no metric 'sbart'"):
        Protocol(metrics=("sbart",))
