"""What is doubtful in a benchmark: figures that cannot be, or that say more of the machine than of the model.

Doubtful are: an end-to-end rate above ``IMPOSSIBLE_SHARE`` of the engine's own, whose spread lies above 1; runs, or
turns, further apart than ``RUN_SPREAD`` and ``TURN_SPREAD``; a process of its own that would make the model faster; and
a GPU that slowed itself down. A doubtful part is measured once more; a remark then says what is left of the doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from polyplive.benchmark.against import share_of_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

IMPOSSIBLE_SHARE = 1.05
"""Of the engine's own rate: the whole path does all that the engine does, and more."""
RUN_SPREAD = 0.15
"""Of the runs of one mode: slowest to fastest, as a share of the middle one."""
TURN_SPREAD = 0.5
"""Of a compared engine's rate to the first: nine of ten pairs of turns, as a share of the ratio."""

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Remark:
    """``part`` is what is doubtful: a mode, ``process_cost``, an engine of ``compare``, or ``gpu``.

    ``stands`` is False where the part was measured again and was not doubtful then.
    """

    part: str
    text: str
    stands: bool = True

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"part": self.part, "text": self.text, "stands": self.stands}


def mode_remarks(modes: Mapping[str, Mapping[str, Any]], *, at_once: int = 1) -> list[Remark]:
    """Of ``engine`` and ``headless``, as JSON has them; ``headless`` had ``at_once`` pictures in the model."""
    found = [remark for name in ("engine", "headless") for remark in run_remarks(name, modes[name]["fps_runs"])]
    ratio = share_of_engine(modes)
    if ratio.low > 1 and ratio.value > IMPOSSIBLE_SHARE:
        why = "the machine was busy while the engine ran alone"
        if at_once > 1:
            why += f", or several pictures at once ({at_once}) suit it better than one"
        found.append(Remark("headless", f"end to end ran at {ratio} of the engine's own rate: {why}"))
    return found


def run_remarks(part: str, rates: Sequence[float]) -> list[Remark]:
    """Of the rates of several runs in frames a second; one run has no spread."""
    slowest, middle, fastest = min(rates), sorted(rates)[len(rates) // 2], max(rates)
    if fastest - slowest <= RUN_SPREAD * middle:
        return []
    text = f"runs lie between {slowest:.1f} and {fastest:.1f} frames a second: the machine did not work evenly"
    return [Remark(part, text)]


def cost_remarks(cost: Mapping[str, float]) -> list[Remark]:
    """Of ``process_cost_ms``: nothing becomes faster by an exchange with another process."""
    if cost["high"] >= 0:
        return []
    text = f"a process of its own would save {-cost['p50']:.2f} ms a frame, which cannot be: the machine was busy"
    return [Remark("process_cost", text)]


def comparison_remarks(rows: Sequence[Mapping[str, Any]]) -> list[Remark]:
    """Of the rows of ``compare``: what slows the machine for one turn alone."""
    found = []
    for row in rows:
        ratio = row["to_first"]
        if ratio["high"] - ratio["low"] > TURN_SPREAD * ratio["ratio"]:
            spread = f"{ratio['low']:.2f} and {ratio['high']:.2f}"
            text = f"its rate to the first lies between {spread}: the machine did not work evenly"
            found.append(Remark(f"compare {row['name']}", text))
    return found


def gpu_remarks(gpu: Mapping[str, Any] | None) -> list[Remark]:
    """Of ``gpu_facts``: clocks that heat or power held down."""
    slowed = (gpu or {}).get("throttled_by") or ()
    return [Remark("gpu", f"it slowed itself down ({', '.join(slowed)}): cooler it is faster")] if slowed else []


def measured_again(
    measure: Callable[[], Measured], doubts: Callable[[Measured], list[Remark]], say: Callable[[str], None]
) -> tuple[Measured, list[Remark]]:
    """What ``measure`` gives, once more where there are ``doubts``, and the remarks on it.

    The second measurement counts, whatever it says: to take the nicer of two would be a choice. ``say`` gets a line
    for each doubt before it is measured again.
    """
    found = measure()
    first = doubts(found)
    if not first:
        return found, []
    for doubt in first:
        say(f"Doubtful, {doubt.part}: {doubt.text}. Measuring that part again.")
    found = measure()
    left = doubts(found)
    again = [replace(doubt, text=f"{doubt.text} (measured twice)") for doubt in left]
    parts = {doubt.part for doubt in left}
    gone = [doubt for doubt in first if doubt.part not in parts]
    return found, again + [
        replace(doubt, text=f"measured again, since at first {doubt.text}", stands=False) for doubt in gone
    ]
