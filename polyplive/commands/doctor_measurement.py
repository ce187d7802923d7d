"""What ``polyplive doctor`` says of this machine's measurement for live video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.config import Settings
from polyplive.errors import ModelError
from polyplive.sessions.tuning.choice import GOAL_MS, choose
from polyplive.sessions.tuning.fingerprint import Fingerprint
from polyplive.sessions.tuning.setups import setups_for
from polyplive.sessions.tuning.store import default_folder, find_kept
from polyplive.sessions.tuning.tuned import measure_and_keep
from polyplive.text_table import TextTable

if TYPE_CHECKING:
    from polyplive.sessions.tuning.measurement import Row
    from polyplive.sessions.tuning.store import Measurement

AGAIN = "'polyplive doctor --measure' measures this machine again; close other programs before."


def kept_measurement() -> tuple[Measurement | None, str]:
    """The measurement for a live session without options, None where there is none; and the finding in one line."""
    setups = setups_for(Settings())
    if len(setups) < 2:
        return None, "nothing to choose: TensorRT serves the GPU, or one setup alone is there"
    try:
        found, problem = find_kept(Fingerprint.of(setups), default_folder())
    except ModelError as error:
        return None, str(error)
    if found is None:
        why = f"what was kept {problem}; " if problem else ""
        return None, f"{why}not measured yet: the first live session does, or 'polyplive doctor --measure'"
    choice = choose(found.rows)
    return found, "nothing ran in time" if choice is None else str(choice)


def measure_now() -> None:
    """Measure this machine anew and keep the result. Raises ``ModelError``."""
    measure_and_keep(Settings())


def measurement_table(found: Measurement) -> TextTable:
    """Every setup with its times, and its ratio to the one that was chosen."""
    choice = choose(found.rows)
    chosen_ms = choice.row.ms if choice is not None else None
    busy = "; the machine was busy" if found.busy else ""
    return TextTable(
        f"Mask and heatmap beside a window's picture; the goal is {GOAL_MS:.0f} ms from frame to overlay."
        f" Measured {found.measured}{busy}",
        ("", "model", "runtime", "ms a frame", "to the chosen", "a picture takes, ms"),
        tuple(_cells(row, choice is not None and row is choice.row, chosen_ms) for row in found.rows),
    )


def _cells(row: Row, is_chosen: bool, chosen_ms: float | None) -> tuple[str, ...]:
    name = row.setup.model, str(row.setup)
    if row.ms is None or chosen_ms is None:
        return ("", *name, row.failure, "", "")
    picture = "" if row.picture_ms is None else f"{row.picture_ms:.1f}"
    return ("chosen" if is_chosen else "", *name, f"{row.ms:.1f}", f"{row.ms / chosen_ms:.2f}", picture)
