"""Which stretch of a recording a timeline shows, and where in it a time lies; without Qt."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORTEST_S = 2.0
"""No shorter stretch is shown: a frame is then about as wide as a bar's border."""
STEPS_TO_DOUBLE = 2
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """``seconds`` from ``start_s`` of a recording of ``duration_s`` on ``width`` logical pixels."""

    duration_s: float
    width: float
    start_s: float = 0.0
    seconds: float = math.inf

    def __post_init__(self) -> None:
        """Keep the stretch inside of the recording."""
        whole = max(self.duration_s, SHORTEST_S)
        seconds = min(max(self.seconds, min(SHORTEST_S, whole)), whole)
        object.__setattr__(self, "seconds", seconds)
        object.__setattr__(self, "start_s", min(max(self.start_s, 0.0), whole - seconds))
        object.__setattr__(self, "width", max(self.width, 1.0))

    @property
    def end_s(self) -> float:
        """The last second that is seen."""
        return self.start_s + self.seconds

    @property
    def is_whole(self) -> bool:
        """Whether all of the recording is seen."""
        return self.seconds >= self.duration_s

    @property
    def per_s(self) -> float:
        """Pixels in a second."""
        return self.width / self.seconds

    def x_of(self, time_s: float) -> float:
        """The pixel of a time; below 0 or beyond the width where it is not seen."""
        return (time_s - self.start_s) * self.per_s

    def xs_of(self, times_s: NDArray) -> NDArray:  # type: ignore[type-arg]
        """The same of many times: float64 [n]."""
        return (times_s - self.start_s) * self.per_s

    def time_at(self, x: float) -> float:
        """The time at a pixel, inside of the recording."""
        return min(max(self.start_s + x / self.per_s, 0.0), max(self.duration_s, 0.0))

    def zoomed(self, steps: float, x: float) -> TimeAxis:
        """So many steps closer, or farther below 0: two of them halve the stretch. What is at pixel ``x`` stays."""
        seconds = TimeAxis(self.duration_s, self.width, 0.0, self.seconds / 2 ** (steps / STEPS_TO_DOUBLE)).seconds
        share = min(max(x / self.width, 0.0), 1.0)
        start_s = self.start_s + share * (self.seconds - seconds)
        return dataclasses.replace(self, start_s=start_s, seconds=seconds)

    def moved(self, by_s: float) -> TimeAxis:
        """As long a stretch, so many seconds later."""
        return dataclasses.replace(self, start_s=self.start_s + by_s)

    def holding(self, time_s: float) -> TimeAxis:
        """This one where ``time_s`` is seen; otherwise as long a stretch around it."""
        if self.start_s <= time_s <= self.end_s:
            return self
        return dataclasses.replace(self, start_s=time_s - self.seconds / 2)

    def of(self, duration_s: float, width: float) -> TimeAxis:
        """The same stretch where duration or width have changed; all of it where all of it was seen."""
        return TimeAxis(duration_s, width, self.start_s, math.inf if self.is_whole else self.seconds)

    def ticks(self, least: float) -> tuple[float, list[float]]:
        """The step between labelled times in seconds, at least ``least`` pixels wide, and the times that are seen."""
        step = next((step for step in _STEPS_S if step * self.per_s >= least), _STEPS_S[-1])
        first = math.ceil(self.start_s / step)
        last = math.floor(min(self.end_s, max(self.duration_s, 0.0)) / step)
        return step, [number * step for number in range(first, last + 1)]


def time_text(seconds: float, step_s: float = 1.0) -> str:
    """``seconds`` as m:ss or h:mm:ss, with tenths where ``step_s`` is below a second."""
    tenths = round(10 * max(seconds, 0.0)) if step_s < 1 else 10 * int(max(seconds, 0.0) + 0.5)
    minutes, rest = divmod(tenths, 600)
    text = f"{rest // 10:02d}" + (f".{rest % 10}" if step_s < 1 else "")
    return f"{minutes // 60}:{minutes % 60:02d}:{text}" if minutes >= 60 else f"{minutes}:{text}"
