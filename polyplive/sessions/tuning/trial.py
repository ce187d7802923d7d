"""One setup in a process of its own, as a session would run it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import Outputs
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.tuning.setups import Setup

ANSWER_S = 5.0
"""A setup that needs longer for one picture is out."""


class Trial:
    """Runs one picture again and again on an engine that it owns. One thread at a time."""

    def __init__(self, engine: ProcessEngine) -> None:
        self._engine = engine
        self.outputs: Outputs | None = None
        """The newest answer."""
        self._picture = _disc(engine.spec.height, engine.spec.width)

    @classmethod
    def start(cls, setup: Setup, opening_s: float, interrupt: Interrupt | None) -> Trial:
        """``setup`` in a process below the picture's priority.

        Raises what opening an engine raises; ``EngineHung`` after ``opening_s`` seconds.
        """
        options = EngineOptions(setup.precision, setup.threads)
        opener = functools.partial(open_engine, setup.model, setup.backend, options)
        return cls(ProcessEngine(opener, ProcessLimits(opening_s=opening_s, answer_s=ANSWER_S), interrupt=interrupt))

    def run(self) -> float:
        """Mask and heatmap of one picture. Gives the milliseconds that the runtime took; raises ``EngineError``."""
        self.outputs = self._engine.infer(self._picture)
        check_numbers(self.outputs, self._engine.spec.backend)
        return 1e3 * self.outputs.infer_s

    def close(self) -> None:
        """End the process."""
        self._engine.close()


def _disc(height: int, width: int) -> NDArray[np.uint8]:
    """uint8 [1, height, width, 3] RGB: a soft bright disc on a reddish ground, which the shipped models mark."""
    picture: NDArray[np.uint8] = np.full((height, width, 3), (150, 80, 70), np.uint8)
    cv2.circle(picture, (width // 2, height // 2), min(height, width) // 5, (210, 130, 110), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)[None]
