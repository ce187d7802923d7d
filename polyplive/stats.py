"""Statistics of a session: delays and stage times, with percentiles."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.types import StageTimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STAGES = tuple(field.name.removesuffix("_ms") for field in fields(StageTimes))
"""The stages of ``StageTimes`` in the order in which a frame passes them."""

_RECENT, _RENEWED_AFTER = 300, 15


@dataclass(frozen=True, slots=True)
class Distribution:
    """Mean, percentiles and maximum of a set of values, in the values' own unit."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Distribution | None:
        """The distribution of ``values`` (percentiles interpolate linearly), None when there are none."""
        if not values:
            return None
        array = np.asarray(values, np.float64)
        p50, p90, p95, p99, p999 = (float(point) for point in np.percentile(array, [50, 90, 95, 99, 99.9]))
        return cls(float(array.mean()), p50, p90, p95, p99, p999, float(array.max()))

    def rounded(self) -> dict[str, float]:
        """As a dictionary for JSON, to three decimals."""
        return {field.name: round(getattr(self, field.name), 3) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` out of ``of``."""

    count: int
    of: int

    @classmethod
    def true(cls, values: Iterable[bool]) -> Share:
        """How many of ``values`` are true."""
        held = [bool(value) for value in values]
        return cls(sum(held), len(held))

    def as_json(self) -> dict[str, Any]:
        """Both numbers, and ``rate``, their quotient to five decimals; None of none."""
        return {"count": self.count, "of": self.of, "rate": round(self.count / self.of, 5) if self.of else None}


class Delays:
    """Collects one delay a frame, in milliseconds, for the whole of a session; one thread at a time."""

    def __init__(self) -> None:
        self._all = array("f")
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._answer: tuple[float, float] | None = None
        self._since_answer = 0

    def add(self, delay_ms: float) -> None:
        """Take one delay."""
        self._all.append(delay_ms)
        self._recent.append(delay_ms)
        self._since_answer += 1

    def recent(self) -> tuple[float, float] | None:
        """Median and 99th percentile of the last 300 delays, updated after every 15; None before the first."""
        if self._recent and (self._answer is None or self._since_answer >= _RENEWED_AFTER):
            median, high = np.percentile(self._recent, [50, 99])
            self._answer, self._since_answer = (float(median), float(high)), 0
        return self._answer

    def values(self) -> list[float]:
        """A copy of all delays, in order."""
        return self._all.tolist()

    def distribution(self) -> Distribution | None:
        """Of all delays."""
        return Distribution.of(self._all)


class StageRecorder:
    """Collects the stage times of frame after frame; one thread."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {stage: [] for stage in STAGES}

    def add(self, times: StageTimes) -> None:
        """Take one frame's times."""
        for stage, values in self._values.items():
            values.append(getattr(times, f"{stage}_ms"))

    def distributions(self) -> dict[str, Distribution]:
        """Stage -> distribution in milliseconds; empty before the first frame."""
        found = {stage: Distribution.of(values) for stage, values in self._values.items()}
        return {stage: figures for stage, figures in found.items() if figures is not None}
