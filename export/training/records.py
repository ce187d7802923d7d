"""What a run leaves for people: metrics as CSV, curves as PNG."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from polyplive.system.atomic_file import write_atomic

COLUMNS = ("epoch", "loss", "iou", "dice", "false_marks", "learning_rate", "seconds")


def write_records(folder: Path, history: list[dict[str, Any]]) -> None:
    """Write ``metrics.csv`` and ``curves.png`` anew from the whole history, each replaced in one step."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: _rounded(row[name]) for name in COLUMNS} for row in history])
    write_atomic(folder / "metrics.csv", text.getvalue().encode())
    _draw_curves(folder, history)


def _draw_curves(folder: Path, history: list[dict[str, Any]]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], color="#555555")
    left.set(title="Training loss", xlabel="epoch")
    for name, label, colour in (
        ("dice", "Dice", "#0072b2"),
        ("iou", "IoU", "#009e73"),
        ("false_marks", "false marks on negatives", "#d55e00"),
    ):
        right.plot(epochs, [row[name] for row in history], label=label, color=colour)
    right.set(title="Validation (averaged weights)", xlabel="epoch", ylim=(0, 1))
    right.legend(frameon=False, loc="center right")
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, dpi=120, format="png")
    write_atomic(folder / "curves.png", picture.getbuffer())


def _rounded(value: float) -> float | int:
    return value if isinstance(value, int) else round(value, 6)
