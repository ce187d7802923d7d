"""The policy for an engine that fails: when it is closed, when another one is opened, and what the user is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from polyplive.config import PipelineSettings
from polyplive.errors import DeviceLost, EngineClosed, EngineLost
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sessions.failures import in_one_line, is_permanent

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Engine, EngineSpec
    from polyplive.pipeline.pipeline import PipelineParts, Prepared, Started
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.types import Frame, Prediction

    OpenEngine: TypeAlias = Callable[[Interrupt], Engine]


@runtime_checkable
class SaysWhatItDoes(Protocol):
    """An ``OpenEngine`` that may take long for something else than opening: ``EngineStatus.doing``."""

    doing: str


FAILURES_TO_RESTART = 3
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
SOUND_AFTER = 100
"""After so many good answers in a row the delay of the next restart is the shortest again."""

_AT_ONCE = (EngineLost, EngineClosed, DeviceLost)
"""After these errors the engine cannot be used any more."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The status of the engine at one moment.

    ``doing`` is what it does besides opening, in a sentence for the screen; mostly empty.
    ``since_s`` (``time.monotonic()``) is when it began to open, or to process its current frame; None while it waits.
    ``failure`` says in one line why there are no results; it is empty once there are. ``due_s`` is when the next engine
    is opened; None while one is open or opening. ``starts`` includes the first start. ``is_permanent``: no other engine
    will be opened.
    """

    is_open: bool = False
    starts: int = 0
    since_s: float | None = None
    failure: str = ""
    due_s: float | None = None
    is_permanent: bool = False
    doing: str = ""

    def busy_s(self, now_s: float) -> float:
        """How many seconds it has spent on its current frame, or on opening."""
        return now_s - self.since_s if self.since_s is not None else 0.0


class Supervisor:
    """Owns a session's pipeline and gives it one engine after another. One thread; ``status`` may be read in any.

    The pipeline outlives its engines, so the numbers of findings go on: no number is given twice.

    The engine is closed after three failures in a row, or at once when its process crashed, hung or grew. The next one
    is opened after a delay, which doubles from 0.5 s to 30 s. After 100 good answers it is 0.5 s again.
    """

    def __init__(
        self,
        open_engine: OpenEngine,
        settings: PipelineSettings | None,
        interrupt: Interrupt,
        parts: PipelineParts | None = None,
    ) -> None:
        """``parts`` as for ``Pipeline``."""
        self._open_engine = open_engine
        self._settings = settings
        self._parts = parts
        self._interrupt = interrupt
        self._pipeline: Pipeline | None = None
        self._is_open = False
        self._in_a_row = self._good = 0
        self._delay_s = FIRST_DELAY_S
        self._due_s = 0.0
        self.status = EngineStatus()
        """Any thread may read it: each change replaces the whole object."""

    @property
    def pipeline(self) -> Pipeline:
        """The session's pipeline; it exists once the first engine is open."""
        assert self._pipeline is not None, "no engine was opened yet"
        return self._pipeline

    @property
    def settings(self) -> PipelineSettings:
        """Those of the pipeline."""
        return self._settings or PipelineSettings()

    @property
    def spec(self) -> EngineSpec:
        """Of the newest engine."""
        return self.pipeline.engine.spec

    def wait_until_due(self) -> bool:
        """Wait until the next engine may be opened; False when the interrupt came first."""
        return not self._interrupt.wait(max(0.0, self._due_s - time.monotonic()))

    def open(self) -> None:
        """Open an engine, and with the first one the pipeline. Raises the errors of opening; it may be repeated."""
        starts = self.status.starts + 1
        self.status = replace(self.status, starts=starts, since_s=time.monotonic(), due_s=None)
        try:
            engine = self._open_engine(self._interrupt)
        except Exception as error:
            permanent = self._pipeline is None and is_permanent(error)
            self._lose(in_one_line(error), permanent)
            raise
        if self._pipeline is None:
            self._pipeline = Pipeline(engine, self._settings, self._parts)
        else:
            self._pipeline.use(engine)
        self._is_open = True
        self._in_a_row = self._good = 0
        self.status = replace(self.status, is_open=True, since_s=None)

    def exchange(self, engine: Engine, open_engine: OpenEngine) -> Engine:
        """Go on with ``engine``, which may run another model, in place of the open one. Returns that one.

        Should it fail, the next one is opened by ``open_engine``.
        """
        self._open_engine = open_engine
        self._in_a_row = self._good = 0
        return self.pipeline.use(engine)

    def process(self, frame: Frame, *, cam: bool) -> Prediction:
        """Run the pipeline on ``frame``.

        Raises any error of the pipeline, mostly ``EngineError``. ``status`` then says whether the engine is still open.
        """
        return self.complete(self.pipeline.prepare(frame), cam=cam)

    def complete(self, prepared: Prepared, *, cam: bool) -> Prediction:
        """The same for a frame that was already prepared, even if that was for an engine that has failed since."""
        self.status = replace(self.status, since_s=time.monotonic())
        return self._judged(lambda: self.pipeline.complete(prepared, cam=cam))

    def finish(self, started: Started) -> Prediction:
        """The same for a frame that the engine was given already, by ``Pipeline.start``."""
        return self._judged(lambda: self.pipeline.finish(started))

    def _judged(self, call: Callable[[], Prediction]) -> Prediction:
        """What ``call`` gives; its success or failure counts for or against the engine."""
        try:
            prediction = call()
        except Exception as error:
            self._failed(error)
            raise
        self._in_a_row = 0
        self._good += 1
        if self._good >= SOUND_AFTER:
            self._delay_s = FIRST_DELAY_S
        self.status = replace(self.status, since_s=None, failure="")
        return prediction

    def give_up(self, error: Exception) -> None:
        """Close the engine because of ``error``; the next one may be opened after the usual delay."""
        if self._is_open:
            self._lose(in_one_line(error))

    def close(self) -> None:
        """Close the engine."""
        if self._is_open:
            self._is_open = False
            self.pipeline.close()
        self.status = replace(self.status, is_open=False, since_s=None)

    def _failed(self, error: Exception) -> None:
        self._in_a_row += 1
        self._good = 0
        reason = in_one_line(error)
        if isinstance(error, _AT_ONCE) or self._in_a_row >= FAILURES_TO_RESTART:
            self._lose(reason)
        else:
            self.status = replace(self.status, since_s=None, failure=reason)

    def _lose(self, reason: str, permanent: bool = False) -> None:
        self.close()
        if not permanent:
            reason = f"{reason.rstrip('.')}. It is started again (start {self.status.starts + 1})."
        self._due_s = time.monotonic() + self._delay_s
        due_s = None if permanent else self._due_s
        self.status = replace(self.status, failure=reason, due_s=due_s, is_permanent=permanent)
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)
