"""Measures setups in turn, beside what a window's picture takes of the processor."""

from __future__ import annotations

import contextlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.errors import EngineClosed, EngineError, EngineHung, PolypliveError
from polyplive.sessions.failures import in_one_line
from polyplive.sessions.tuning.agreement import agrees
from polyplive.sessions.tuning.picture_load import PictureLoad
from polyplive.sessions.tuning.setups import Setup
from polyplive.sessions.tuning.trial import Trial
from polyplive.system.machine import processor_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.backends.base import Outputs
    from polyplive.sessions.engine_room.interrupt import Interrupt

OPENING_S = 8.0
"""Seconds for all setups to open; one that is not open then is out."""

SPAN_S = 1.5
"""Seconds of turns."""

HOPELESS_MS = 120.0
"""A setup that takes longer for its second picture, and three times as long as the best, gets no turns."""

_COUNTED, _MOST_ROUNDS = 2, 20
_PICTURES = 12
"""A median of fewer pictures says nothing."""
_OPENED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a setup.

    ``ms`` is the median time of mask and heatmap in milliseconds, ``picture_ms`` that of a picture beside it, None
    after too few. ``ms`` is None where ``failure`` says why the setup did not run.
    """

    setup: Setup
    ms: Annotated[float, Meta(gt=0)] | None = None
    picture_ms: Annotated[float, Meta(gt=0)] | None = None
    failure: str = ""


@dataclass(slots=True, eq=False)
class _Runner:
    setup: Setup
    trial: Trial | None = None
    times: list[float] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    outputs: Outputs | None = None
    failure: str = ""

    def turn(self, pictures: int) -> None:
        """Run ``pictures`` pictures after one that counts for nothing: until then another had the processor."""
        assert self.trial is not None
        began_s = time.perf_counter()
        try:
            taken = [self.trial.run() for _ in range(1 + pictures)]
        except EngineClosed:
            raise
        except EngineError as error:
            self.lose(in_one_line(error))
            return
        self.outputs = self.trial.outputs
        self.times += taken[1:]
        self.spans.append((began_s, time.perf_counter()))

    def lose(self, failure: str) -> None:
        self.failure = failure
        self.close()

    def close(self) -> None:
        if self.trial is not None:
            self.trial.close()
            self.trial = None

    def row(self, load: PictureLoad) -> Row:
        if self.failure or not self.times:
            return Row(self.setup, failure=self.failure or "It did not run.")
        pictures = [taken for span in self.spans for taken in load.taken_ms(*span)]
        picture_ms = round(statistics.median(pictures), 2) if len(pictures) >= _PICTURES else None
        return Row(self.setup, round(statistics.median(self.times), 2), picture_ms)


def measure(
    setups: Sequence[Setup],
    interrupt: Interrupt | None = None,
    start: Callable[[Setup, float, Interrupt | None], Trial] = Trial.start,
) -> tuple[Row, ...]:
    """Measure ``setups``, each in a process of its own; one row each, in their order. Takes a few seconds.

    They take turns, so that what slows the machine slows all of them. Raises ``EngineClosed`` when ``interrupt`` was
    set; nothing else is raised for a setup that does not run.
    """
    runners = [_Runner(setup) for setup in setups]
    with contextlib.ExitStack() as stack:
        for runner in runners:
            stack.callback(runner.close)
        _open(runners, interrupt, start)
        with PictureLoad() as load:
            _warm_up(runners)
            deadline_s = time.monotonic() + SPAN_S
            for number in range(_MOST_ROUNDS):
                running = [runner for runner in runners if runner.trial is not None]
                for runner in running if number % 2 else reversed(running):
                    runner.turn(_COUNTED)
                if time.monotonic() > deadline_s:
                    break
        _leave_out_what_differs(runners)
        return tuple(runner.row(load) for runner in runners)


def _leave_out_what_differs(runners: list[_Runner]) -> None:
    """A rounder arithmetic has to give float32's answer, where the same model was measured with that as well."""
    exact = {runner.setup.model: runner.outputs for runner in runners if runner.setup.precision == "float32"}
    for runner in runners:
        reference = exact.get(runner.setup.model)
        if reference is not None and runner.outputs is not None and not agrees(reference, runner.outputs):
            runner.lose("Its answers differ from those of float32.")


def _open(
    runners: list[_Runner],
    interrupt: Interrupt | None,
    start: Callable[[Setup, float, Interrupt | None], Trial],
) -> None:
    deadline_s = time.monotonic() + OPENING_S

    def open_one(runner: _Runner) -> None:
        try:
            if (left_s := deadline_s - time.monotonic()) <= 0:
                raise EngineHung("No time was left")
            runner.trial = start(runner.setup, left_s, interrupt)
        except EngineClosed:
            raise
        except EngineHung:
            runner.failure = f"It was not open within {OPENING_S:g} s."
        except PolypliveError as error:
            runner.failure = in_one_line(error)

    with ThreadPoolExecutor(min(_OPENED_AT_ONCE, processor_count())) as pool:
        for done in [pool.submit(open_one, runner) for runner in runners]:
            done.result()


def _warm_up(runners: list[_Runner]) -> None:
    """A runtime's first picture takes longer. Those that cannot be the best keep the time of their second one."""
    for runner in runners:
        if runner.trial is not None:
            runner.turn(1)
    best_ms = min((runner.times[0] for runner in runners if runner.times), default=0.0)
    for runner in runners:
        if runner.times and runner.times[0] > max(HOPELESS_MS, 3 * best_ms):
            runner.close()
        elif runner.trial is not None:
            runner.times.clear()
            runner.spans.clear()
