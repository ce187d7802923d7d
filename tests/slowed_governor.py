"""A governor whose clock and whose ages of results are those of a slowed engine, however fast this machine is."""

from __future__ import annotations

import dataclasses
import functools
import time
from typing import TYPE_CHECKING

from colour_engine import ColourEngine

from polyplive.sessions.live.governor import Governor

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from polyplive.backends.base import Outputs
    from polyplive.sessions.engine_room.messages import EngineOpener
    from polyplive.sessions.live.governor import Step

MASK_S, MAP_S = 0.006, 0.009
"""What a mask alone and a mask with its map take, times the load's factor."""
SHARES = 1.0, 0.25
"""What the models take of that."""


@dataclasses.dataclass
class Load:
    """How much the machine's engines are slowed."""

    factor: float = 1.0


class SlowedGovernor(Governor):
    """The policy itself; time passes only while the engine works, as long as ``load`` lets it."""

    def __init__(self, goal_s: float, load: Load) -> None:
        super().__init__(goal_s)
        self._load = load
        self._now_s = 0.0
        self._since_map = 0

    def answered(self, now_s: float, age_s: float) -> None:
        assert 0 < age_s < now_s
        self._since_map = (self._since_map + 1) % self.step.every
        took_s = (MASK_S if self._since_map else MAP_S) * SHARES[self.step.model] * self._load.factor
        self._now_s += took_s
        super().answered(self._now_s, took_s)

    def next_step(self, now_s: float, *, cam: bool, models: int) -> Step | None:
        return super().next_step(self._now_s, cam=cam, models=models)

    def taken(self, step: Step, now_s: float) -> None:
        super().taken(step, self._now_s)


class SlowEngine(ColourEngine):
    """The colour engine; each answer takes longer than ``least_s`` seconds."""

    def __init__(self, least_s: float) -> None:
        super().__init__()
        self._least_s = least_s

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        time.sleep(self._least_s)
        return super().infer(tensor, cam=cam)


def open_named(_: Callable[[str], None], name: str, least_s: float) -> SlowEngine:
    """As the model ``name``; a module's function, for a process of its own."""
    engine = SlowEngine(least_s)
    engine.spec = dataclasses.replace(engine.spec, manifest=dataclasses.replace(engine.spec.manifest, name=name))
    return engine


def named(name: str, least_s: float = 0.0) -> EngineOpener:
    """Opens the model ``name``, whose answers take longer than ``least_s`` seconds."""
    return functools.partial(open_named, name=name, least_s=least_s)
