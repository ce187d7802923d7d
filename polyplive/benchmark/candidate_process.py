"""One engine in a process of its own, which runs when it is told: thread pools of two runtimes hinder each other."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from polyplive.backends.checks import check_numbers
from polyplive.backends.factory import open_engine
from polyplive.errors import EngineLost
from polyplive.sessions.engine_room.opening import OFFLINE
from polyplive.sessions.engine_room.process_engine import ProcessEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec
    from polyplive.benchmark.candidate import Candidate

SETTLING = 2
"""Frames at the start of every turn that count for nothing: until then another engine had the machine."""


class CandidateProcess:
    """``candidate``'s engine in a process that ends with ``close()`` and with this one.

    ``notify`` gets the lines that opening says. One thread at a time. Raises what opening and running raise.
    """

    def __init__(self, candidate: Candidate, notify: Callable[[str], None] = lambda _: None) -> None:
        opener = functools.partial(open_engine, candidate.model, candidate.backend, candidate.options)
        self._name, self._cam = candidate.name, candidate.cam
        self._engine = ProcessEngine(opener, OFFLINE, notify)
        self._pictures: Sequence[NDArray[np.uint8]] = ()

    @property
    def spec(self) -> EngineSpec:
        """Of the engine."""
        return self._engine.spec

    @property
    def process_id(self) -> int:
        """Of the process that runs the engine."""
        return self._engine.process_id

    def load(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """Take the pictures that turns run over, each uint8 [1, H, W, 3] RGB."""
        self._pictures = pictures

    def turn(self, frames: int) -> list[float]:
        """Run ``frames`` frames; gives the seconds that the runtime took for each, without what the process costs."""
        taken = []
        try:
            for index in range(SETTLING + frames):
                outputs = self._engine.infer(self._pictures[index % len(self._pictures)], cam=self._cam)
                taken.append(outputs.infer_s)
                check_numbers(outputs, self.spec.backend)
        except EngineLost as error:
            what = f"{self._name}: {error.message[0].lower()}{error.message[1:]}"
            raise type(error)(what, "Leave that one out, or run it alone to see why.") from None
        return taken[SETTLING:]

    def close(self) -> None:
        """End the process; calling it again does nothing."""
        self._engine.close()
