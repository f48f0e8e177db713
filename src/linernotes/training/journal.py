"""What a run leaves to look at: `log.jsonl`, TensorBoard files and a picture of the loss."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOG, PICTURE = "log.jsonl", "loss.png"


class Journal:
    """Writes a line for every step and every epoch; lines after the step that a run resumes at are dropped."""

    def __init__(self, out: Path, from_step: int) -> None:
        self.path = out / LOG
        kept = [line for line in read_log(out) if line["step"] <= from_step] if from_step else []
        part = self.path.with_suffix(".part")
        part.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")
        os.replace(part, self.path)
        self._file = self.path.open("a", encoding="utf-8")
        self._board = _tensorboard(out / "tensorboard", from_step)

    def write(self, kind: str, step: int, values: Mapping[str, float | int]) -> None:
        """Note `values` of a step or an epoch."""
        self._file.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        self._file.flush()
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Finish the files."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def read_log(out: Path) -> list[dict[str, Any]]:
    """The lines of a run's log, up to one that a crash tore."""
    lines: list[dict[str, Any]] = []
    path = out / LOG
    for text in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines


def plot_losses(out: Path) -> None:
    """Draw the training and validation loss of a run's log beside it, where matplotlib is installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    lines = read_log(out)
    steps = [line for line in lines if line["kind"] == "step"]
    epochs = [line for line in lines if line["kind"] == "epoch"]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(
        [line["step"] for line in steps], [line["loss"] for line in steps], lw=0.5, alpha=0.5, label="batch"
    )
    for name in ("training_loss", "validation_loss"):
        points = [line["step"] for line in epochs]
        axes.plot(points, [line[name] for line in epochs], marker="o", ms=3, label=name.replace("_", " "))
    axes.set(xlabel="step", ylabel="loss in nats per token")
    axes.legend()
    part = out / f".{PICTURE}.part"
    figure.savefig(part, dpi=120, format="png")
    os.replace(part, out / PICTURE)


def git_revision() -> str:
    """The commit of the code that runs, with "+" where files differ from it; "" outside a repository."""
    here = Path(__file__).parent
    try:
        shown = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=here, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shown.stdout.strip() if shown.returncode == 0 else ""


def _tensorboard(folder: Path, from_step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # the package tensorboard is missing: the log has the same numbers
        return None
    return SummaryWriter(str(folder), purge_step=from_step + 1 if from_step else None)
