"""What a run leaves for people: metrics as CSV, curves as PNG."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyplive.pages.chart import count_ticks
from polyplive.system.atomic_file import write_atomic
from polyplive.wording import count_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (
    "epoch",
    "loss",
    "iou",
    "dice",
    "false_marks",
    "negatives_marked",
    "negatives",
    "learning_rate",
    "seconds",
)
_INK, _QUIET, _GRID, _PALE = "#1c2227", "#5d6a73", "#d9dfe3", "#f3f6f7"
_DRAWN_EVERY_S = 10.0
_DOTTED = 20
"""Up to so many epochs each has a dot: of one epoch there is no line."""


@dataclass(frozen=True)
class _Line:
    """A curve: its ``column``, and which of its values is the ``best``."""

    column: str
    name: str
    colour: str
    style: str
    best: Callable[[list[float]], float]


_LOSS = _Line("loss", "Loss", _QUIET, "-", min)
_FALSE_MARKS = _Line("false_marks", "Negatives marked", "#8a5a00", "--", min)
_LINES = (_Line("dice", "Dice", "#0a7f94", "-", max), _Line("iou", "IoU", _INK, ":", max), _FALSE_MARKS)


class Records:
    """Writes ``metrics.csv`` and ``curves.png`` into ``folder`` for a training of ``epochs`` epochs.

    The picture takes as long as a short epoch: it is drawn at most every ten seconds, and behind the first and the last
    epoch.
    """

    def __init__(self, folder: Path, epochs: int) -> None:
        self._folder = folder
        self._epochs = epochs
        self._due_s = -math.inf

    def write(self, history: list[dict[str, Any]]) -> None:
        """Write both anew from the whole history, each replaced in one step. Raises ``OSError``."""
        _write_metrics(self._folder, history)
        now_s = time.monotonic()
        if now_s >= self._due_s or len(history) >= self._epochs:
            self._due_s = now_s + _DRAWN_EVERY_S
            picture = io.BytesIO()
            curves(history).savefig(picture, dpi=120, format="png")
            write_atomic(self._folder / "curves.png", picture.getbuffer())


def _write_metrics(folder: Path, history: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: _rounded(row.get(name, "")) for name in COLUMNS} for row in history])
    write_atomic(folder / "metrics.csv", text.getvalue().encode())


def curves(history: list[dict[str, Any]]) -> Figure:
    """Loss and validation over at least one epoch, in the colours of the pages' charts."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    lines = list(_LINES)
    if not any(row.get("negatives") for row in history):
        lines.remove(_FALSE_MARKS)
    _draw_line(left, history, _LOSS)
    for line in lines:
        _draw_line(right, history, line)
    right.set_ylim(0, 1)
    for axes, title in ((left, "Training: mean loss of an epoch"), (right, "Validation, of the averaged weights")):
        axes.set_title(title, loc="left", fontsize=12, color=_INK)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.17), fontsize=11, labelcolor=_INK)
        _style(axes, history)
    return figure


def _draw_line(axes: Axes, history: list[dict[str, Any]], line: _Line) -> None:
    values = [row[line.column] for row in history]
    place = values.index(line.best(values))
    last, best = (_value_text(row, line) for row in (history[-1], history[place]))
    gap = "\n" if line is _FALSE_MARKS else " "  # counts are long: in one line they would take the room of the curves
    says = f"{line.name}: last {last},{gap}best {best} in epoch {history[place]['epoch']}"
    dots = "o" if len(history) <= _DOTTED else ""
    axes.plot(
        [row["epoch"] for row in history], values, label=says, color=line.colour, ls=line.style, marker=dots, ms=4
    )


def _value_text(row: dict[str, Any], line: _Line) -> str:
    if line is _FALSE_MARKS and row.get("negatives"):
        return count_of(row["negatives_marked"], row["negatives"])
    return f"{row[line.column]:.3f}"


def _style(axes: Axes, history: list[dict[str, Any]]) -> None:
    """Whole epochs with both ends, a quiet grid, and no more frame than is needed."""
    first, last = history[0]["epoch"], history[-1]["epoch"]
    ticks = count_ticks(first, last)
    axes.set_xticks([tick.at for tick in ticks], [tick.text for tick in ticks])
    room = 0.02 * max(last - first, 1)
    axes.set_xlim(first - room, last + room)
    axes.set_xlabel("epoch", loc="left", fontsize=11, color=_QUIET)
    axes.tick_params(labelsize=11, labelcolor=_QUIET, length=0)
    axes.set_facecolor(_PALE)
    axes.grid(color=_GRID)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _rounded(value: float | str) -> float | int | str:
    """A text is what an epoch of an earlier version did not count."""
    return round(value, 6) if isinstance(value, float) else value
