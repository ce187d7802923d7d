"""Which of the measured setups runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.manifest import BY_ACCURACY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sessions.tuning.measurement import Row

GOAL_MS = 40.0
"""What a median annotation delay should stay below, from a frame's read to its overlay on screen."""

AROUND_MS = 16.0
"""What the delay holds beside the model: the picture's way (about 5), field of view and contours (3), and half of the
time between two frames at 60 a second, until the next frame shows the result (8)."""

_REFERENCE_WORTH = 1.05
"""float32, which the model was verified in, is preferred to what is faster by less than this ratio."""
_PICTURE_WORTH, _AS_FAST = 1.3, 1.25
"""A setup beside which a picture takes longer by more than the first ratio is left for one that is slower by at most
the second."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The row that runs, and whether the goal holds with it."""

    row: Row
    holds: bool

    def __str__(self) -> str:
        """In one line."""
        setup = self.row.setup
        goal = "holds" if self.holds else "cannot be held here"
        return f"{setup.model} on {setup}: {self.row.ms:.0f} ms a frame; a delay below {GOAL_MS:.0f} ms {goal}"


def choose(rows: Sequence[Row]) -> Choice | None:
    """The most accurate model with which the goal holds, else the fastest; None where nothing ran."""
    ran = [row for row in rows if row.ms is not None]
    present = {row.setup.model for row in ran}
    models = [name for name in BY_ACCURACY if name in present] or present  # a model of the user's own is alone
    best = [row for model in models if (row := _best([row for row in ran if row.setup.model == model])) is not None]
    found = next((row for row in best if _holds(row)), min(best, key=_worth, default=None))
    return None if found is None else Choice(found, _holds(found))


def _best(rows: list[Row]) -> Row | None:
    if not rows:
        return None
    limit_ms = _AS_FAST * min(_worth(row) for row in rows)
    fast = [row for row in rows if _worth(row) <= limit_ms]
    smoothest_ms = min((row.picture_ms for row in fast if row.picture_ms is not None), default=0.0)
    smooth = [row for row in fast if row.picture_ms is None or row.picture_ms <= _PICTURE_WORTH * smoothest_ms]
    return min(smooth, key=_worth)


def _worth(row: Row) -> float:
    assert row.ms is not None
    return row.ms * (1.0 if row.setup.precision == "float32" else _REFERENCE_WORTH)


def _holds(row: Row) -> bool:
    return row.ms is not None and row.ms <= GOAL_MS - AROUND_MS
