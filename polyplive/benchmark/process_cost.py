"""What a process of its own costs an engine: the same engine here and there, in turns."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.benchmark.candidate_process import SETTLING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine
    from polyplive.sessions.engine_room.process_engine import ProcessEngine

_PAIRS = 20


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """Milliseconds a frame: the median over pairs of turns, and between ``low`` and ``high`` in nine of ten pairs.

    ``exchange`` is the part that is seen within one frame, and so also on a busy machine: the median of what passes
    between the request and its answer beyond the runtime's own time.
    """

    p50: float
    low: float
    high: float
    exchange: float

    def as_json(self) -> dict[str, float]:
        """To three decimals."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def process_cost(
    here: Engine,
    there: ProcessEngine,
    pictures: Sequence[NDArray[np.uint8]],
    frames: int,
    on_frame: Callable[[int], None] = lambda _: None,
) -> ProcessCost:
    """How much longer ``there``, in a process, takes than ``here`` for about ``frames`` frames each.

    They take turns, each first in every other pair, so that a machine that slows down slows both. A turn counts as its
    median frame. ``pictures`` are uint8 [1, H, W, 3] RGB; ``on_frame`` gets the number of frames done over all.
    """
    turn = max(1, frames // _PAIRS)
    differences: list[float] = []
    exchanges: list[float] = []

    def run_here() -> float:
        return float(np.median([_taken_s(here, picture)[0] for picture in _turn(pictures, turn)][SETTLING:]))

    def run_there() -> float:
        taken = [_taken_s(there, picture) for picture in _turn(pictures, turn)][SETTLING:]
        exchanges.extend(whole - own for whole, own in taken)
        return float(np.median([whole for whole, _ in taken]))

    for pair in range(_PAIRS):
        if pair % 2:
            inside, apart = run_here(), run_there()
        else:
            apart, inside = run_there(), run_here()
        differences.append(apart - inside)
        on_frame(2 * (pair + 1) * turn)
    low, middle, high = np.percentile(differences, [5, 50, 95]) * 1e3
    return ProcessCost(float(middle), float(low), float(high), float(np.median(exchanges)) * 1e3)


def process_cost_length(frames: int) -> int:
    """How many frames ``process_cost`` runs over all."""
    return 2 * _PAIRS * max(1, frames // _PAIRS)


def _turn(pictures: Sequence[NDArray[np.uint8]], frames: int) -> list[NDArray[np.uint8]]:
    return [pictures[index % len(pictures)] for index in range(SETTLING + frames)]


def _taken_s(engine: Engine, picture: NDArray[np.uint8]) -> tuple[float, float]:
    """The seconds that a call took, and those of the runtime alone."""
    before = time.perf_counter()
    outputs = engine.infer(picture)
    return time.perf_counter() - before, outputs.infer_s
