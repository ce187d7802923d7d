"""Several pictures at once: how many, how long each took, and the same calls for an engine that takes one."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, cast

from polyplive.system.machine import processor_count

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, EngineSpec, Outputs, ParallelEngine, Pending
    from polyplive.config import EngineOptions

MOST = 16
"""More pictures at once would wait for their decoder, and each holds its frame in memory."""

WAITING = 2
"""Pictures that wait inside an engine, so that none of its threads is idle while results are being used."""


def streams(options: EngineOptions) -> int:
    """How many pictures an engine with these options works on at once: one a thread, by default one a processor."""
    return min(options.threads or processor_count(), MOST)


def parallel(engine: Engine) -> ParallelEngine:
    """``engine`` itself where it takes several pictures at once, otherwise in a wrapper that starts one at a time."""
    return cast("ParallelEngine", engine) if hasattr(engine, "start") else OneAtATime(engine)


class OneAtATime:
    """The calls of ``ParallelEngine`` for any engine: each picture is computed when its result is asked for.

    So the engine runs in the thread that takes results.
    """

    requests = 1 + WAITING

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def spec(self) -> EngineSpec:
        """Of the engine."""
        return self._engine.spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        return self._engine.infer(tensor, cam=cam)

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        """See ``ParallelEngine.start``; what is wrong with ``tensor`` shows with its result."""
        return _Later(self._engine, tensor, cam)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


class _Later:
    def __init__(self, engine: Engine, tensor: NDArray[np.uint8], cam: bool) -> None:
        self._engine, self._tensor, self._cam = engine, tensor, cam

    def result(self) -> Outputs:
        return self._engine.infer(self._tensor, cam=self._cam)


class WorkTimes:
    """How long an engine of ``streams`` worked on each of its pictures, from when they were started and done.

    A picture that found all streams busy began when the first of them was done. One thread, in the order of starts.
    """

    def __init__(self, streams: int) -> None:
        self._free_s = [0.0] * streams
        """When each stream was or will be free again, a heap."""

    def add(self, started_s: float, done_s: float) -> float:
        """The seconds of work between ``started_s`` and ``done_s``, times of any one clock."""
        began_s = max(started_s, heapq.heappop(self._free_s))
        heapq.heappush(self._free_s, done_s)
        return max(done_s - began_s, 0.0)
