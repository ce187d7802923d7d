"""Figures of a session: frozen snapshots of delays and stage times, with percentiles."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from polyplive.types import StageTimes

STAGES = tuple(field.name.removesuffix("_ms") for field in fields(StageTimes))
"""The stages of ``StageTimes`` in the order in which a frame passes them."""


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
    def of(cls, values: list[float]) -> Distribution | None:
        """The distribution of ``values`` (percentiles interpolate linearly), None when there are none."""
        if not values:
            return None
        array = np.asarray(values, np.float64)
        p50, p90, p95, p99, p999 = (float(point) for point in np.percentile(array, [50, 90, 95, 99, 99.9]))
        return cls(float(array.mean()), p50, p90, p95, p99, p999, float(array.max()))

    def rounded(self) -> dict[str, float]:
        """As a dictionary for JSON, to three decimals."""
        return {field.name: round(getattr(self, field.name), 3) for field in fields(self)}


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
