"""Engines for tests of what stands around engines: sound until a given picture, then a fault of a given kind.

Each opener is a function of a module, so that a process of its own can open the engine.
"""

from __future__ import annotations

import ctypes
import functools
import os
import random
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from colour_engine import ColourEngine
from processes import EQUAL, PATIENCE_S

from polyplive.backends.factory import open_engine
from polyplive.errors import InferenceError
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Engine, Outputs
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.engine_room.messages import EngineOpener

FOR_EVER_S = 3600.0
SLOW_S, LATE_S = 0.4, 0.03
GROWTH_MIB = 64
HANGS_AFTER_S = 1.0
PATIENT = ProcessLimits(opening_s=PATIENCE_S, answer_s=PATIENCE_S, growth_mib=2.5 * GROWTH_MIB, niceness=EQUAL)


class FaultyEngine(ColourEngine):
    """The colour engine with ``fault`` at every picture from number ``first`` to ``last``, counted from 1."""

    def __init__(self, fault: str = "", first: int = 1, last: int = 10**9) -> None:
        super().__init__()
        self._fault, self._first, self._last = fault, first, last
        self._calls = 0
        self._held: list[np.ndarray] = []

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        self._calls += 1
        if not self._fault or not self._first <= self._calls <= self._last:
            return super().infer(tensor, cam=cam)
        if self._fault == "nan":
            outputs = super().infer(tensor, cam=cam)
            outputs.probability[3, 3] = np.nan
            return outputs
        if self._fault == "grow":
            self._held.append(np.ones(GROWTH_MIB << 20, np.uint8))
            return super().infer(tensor, cam=cam)
        commit(self._fault)
        return super().infer(tensor, cam=cam)


def commit(fault: str) -> None:
    """Do it now; those that do not end the process return or raise."""
    if fault == "raise":
        raise InferenceError("The runtime failed", "Try another backend.")
    if fault == "unforeseen":
        raise ZeroDivisionError("by nothing")
    if fault == "null pointer":
        ctypes.string_at(0)
    if fault == "late":
        time.sleep(LATE_S)
    if fault == "slow":
        time.sleep(SLOW_S)
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "exit":
        os._exit(3)
    if fault.startswith("hang"):
        print("now it hangs", file=sys.stderr, flush=True)
    if fault == "Ctrl-C":  # for the session, while this engine works
        os.kill(os.getppid(), signal.SIGINT)
    if fault in ("hang", "Ctrl-C"):
        time.sleep(FOR_EVER_S)
    if fault == "hang with Python's lock":
        ctypes.PyDLL(None).sleep(int(FOR_EVER_S))


class UntilItHangs:
    """Limits as patient as ``limits`` for as long as an engine answers; then it has hung as soon as may be."""

    def __init__(self, limits: ProcessLimits, opener: EngineOpener) -> None:
        given = getattr(opener, "keywords", {})
        self.engine: ProcessEngine | None = None
        self.opening_s, self.growth_mib, self.niceness = limits.opening_s, limits.growth_mib, limits.niceness
        self._patient_s = limits.answer_s
        self._sound = given.get("first", 1) - 1 if "hang" in given.get("fault", "") else None

    @property
    def answer_s(self) -> float:
        """For the next picture."""
        has_come = self.engine is not None and self._sound is not None and self.engine._answers >= self._sound
        return HANGS_AFTER_S if has_come else self._patient_s


class EngineProcesses:
    """Opens one engine after the other, each in a process, by these openers; by the last again and again."""

    def __init__(self, *openers: EngineOpener | Exception, limits: ProcessLimits | None = None) -> None:
        self._openers = list(openers)
        self._limits = limits or PATIENT
        self.opened: list[ProcessEngine] = []

    def __call__(self, interrupt: Interrupt) -> ProcessEngine:
        opener = self._openers.pop(0) if len(self._openers) > 1 else self._openers[0]
        if isinstance(opener, Exception):
            raise opener
        limits = UntilItHangs(self._limits, opener)
        limits.engine = ProcessEngine(opener, limits, interrupt=interrupt)  # type: ignore[arg-type]
        self.opened.append(limits.engine)
        return limits.engine


class RandomEngine:
    """Another engine with faults that come by chance, about one every ``every_s`` seconds; the same for one seed."""

    FAULTS = ("raise", "nan", "slow", "hang", "null pointer", "kill")

    def __init__(self, engine: Engine, seed: int, every_s: float) -> None:
        self._engine = engine
        self._chance = random.Random(seed)
        self._every_s = every_s
        self._due_s = time.monotonic() + self._chance.expovariate(1 / every_s)
        self.spec = engine.spec

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        outputs = self._engine.infer(tensor, cam=cam)
        if time.monotonic() < self._due_s:
            return outputs
        self._due_s = time.monotonic() + self._chance.expovariate(1 / self._every_s)
        fault = self._chance.choice(self.FAULTS)
        if fault == "nan":
            return replace(outputs, probability=outputs.probability * np.float32(np.nan))
        commit(fault)
        return outputs

    def close(self) -> None:
        self._engine.close()


def open_random(notify: Callable[[str], None], seed: int, every_s: float, shipped: bool) -> RandomEngine:
    """The shipped model on this machine's usual runtime, or the colour engine, with faults by chance."""
    return RandomEngine(open_engine(notify=notify) if shipped else ColourEngine(), seed, every_s)


def open_faulty(notify: Callable[[str], None], fault: str = "", first: int = 1, last: int = 10**9) -> FaultyEngine:
    """Sound at first."""
    notify("opening")
    return FaultyEngine(fault, first, last)


def faulty(fault: str = "", first: int = 1, last: int = 10**9) -> EngineOpener:
    """See ``open_faulty``."""
    return functools.partial(open_faulty, fault=fault, first=first, last=last)


def open_spoilt(_model: str, _backend: str, _options: object, _notify: object) -> FaultyEngine:
    """In place of ``open_engine``: none of its answers are numbers."""
    return FaultyEngine("nan")


def fail_to_open(notify: Callable[[str], None], fault: str) -> FaultyEngine:
    """Commits the ``fault`` while opening."""
    commit(fault)
    return FaultyEngine()
