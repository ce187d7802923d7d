"""The settings of a benchmark, and the figures that it collects."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.benchmark.passages import CAUSES, own_shares
from polyplive.stats import Distribution, StageRecorder

if TYPE_CHECKING:
    from polyplive.benchmark.passages import Passage

SCHEMA = 4
WARM_UP = 50
"""Frames at the start of every run that are not counted: caches fill, code is compiled and clocks rise."""
BLOCKS = 20
"""The number of blocks in a run; the rate of each block is one sample."""


FRAMES, RUNS = 1000, 3
"""The default number of frames for each run, and of runs for each mode."""


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """``frames`` a run, after the warm-up; ``runs`` of each mode; whether the heatmap is computed and drawn."""

    frames: int = FRAMES
    runs: int = RUNS
    cam: bool = True


class ModeFigures:
    """The figures of one mode over all its runs: every frame's delays and stages, every block's rate."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.blocks: list[float] = []
        self.video_delays: list[float] = []
        self.annotation_delays: list[float] = []
        self.stages = StageRecorder()
        self.dropped: dict[str, int] = {}
        self.passages: list[list[Passage]] = []
        """Of each run, after the warm-up; none where only the engine runs."""

    def add_run(self, ends_s: list[float], began_s: float) -> None:
        """Take the rates of one run from the times (seconds, any clock) at which its frames were done."""
        self.rates.append(len(ends_s) / (ends_s[-1] - began_s))
        self.blocks += block_rates(ends_s, began_s)

    def figures(self) -> dict[str, Any]:
        """For JSON; see the README for what each delay means in which mode."""
        rates = Distribution.of(self.blocks)
        assert rates is not None, "no run was made"
        video, annotation = Distribution.of(self.video_delays), Distribution.of(self.annotation_delays)
        return {
            "fps": {**rates.rounded(), "mean": round(float(np.mean(self.rates)), 3)},
            "fps_runs": [round(rate, 3) for rate in self.rates],
            "fps_blocks": [round(rate, 3) for rate in self.blocks],
            "video_delay_ms": video.rounded() if video else None,
            "annotation_delay_ms": annotation.rounded() if annotation else None,
            "stages_ms": {name: found.rounded() for name, found in self.stages.distributions().items() if found.max},
            "delay_causes_ms": {name: found.rounded() for name, found in self.delay_causes().items()},
            **own_shares(self.passages),
            "dropped": dict(self.dropped),
        }

    def delay_causes(self) -> dict[str, Distribution]:
        """Cause -> milliseconds, over all frames whose own result was drawn; without causes that never took time."""
        found = [passage.causes_ms() for run in self.passages for passage in run if passage.is_annotated]
        values = {cause: Distribution.of([causes.get(cause, 0.0) for causes in found]) for cause in CAUSES}
        return {cause: figures for cause, figures in values.items() if figures is not None and figures.max > 0}


def block_rates(ends_s: list[float], began_s: float) -> list[float]:
    """Frames a second in each of up to ``BLOCKS`` equal blocks of a run."""
    edges = np.unique(np.linspace(0, len(ends_s), min(BLOCKS, len(ends_s)) + 1).astype(int))
    times = [began_s, *ends_s]
    return [float((stop - start) / max(times[stop] - times[start], 1e-9)) for start, stop in pairwise(edges)]
