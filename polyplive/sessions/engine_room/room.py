"""The engine room for real time: a thread that processes the newest frame and replaces an engine that fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from polyplive.sessions.engine_room.exchange import EngineExchange
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.supervisor import SaysWhatItDoes, Supervisor
from polyplive.sessions.slot import LatestSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.sessions.engine_room.supervisor import EngineStatus, OpenEngine
    from polyplive.types import Frame, Prediction

_GRACE_S = 0.5
"""How many seconds a room that ends waits for its current frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One frame to process; see ``EngineRoom.ask``."""

    frame: Frame
    generation: int
    source: int
    cam: bool
    threshold: float | None


class RoomUser(Protocol):
    """The object that a room reports to, in the room's thread."""

    def engine_opened(self, spec: EngineSpec) -> None:
        """An engine is ready, the first or another one."""
        ...

    def engine_lost(self, error: Exception, status: EngineStatus) -> None:
        """The engine failed and is closed. The room opens another one, unless ``status.is_permanent``."""
        ...

    def wants_cam(self, request: Request) -> bool:
        """Whether to compute the heatmap for this frame, which is processed next."""
        ...

    def answered(self, request: Request, prediction: Prediction) -> None:
        """A frame has its result; ``EngineRoom.is_current`` says whether it is still wanted."""
        ...

    def frame_failed(self, request: Request, error: Exception) -> None:
        """That frame has no result. ``EngineClosed`` means that the room was closed first."""
        ...


class EngineRoom(threading.Thread):
    """Owns the pipeline and the engine, and processes the newest frame.

    Commands may come from any thread and return at once.

    An engine that fails is closed and another one opened (``supervisor.py``). An engine in a process of its own can
    always be ended, and then this thread ends too. An engine in this process that hangs keeps this thread for ever.
    """

    def __init__(self, open_engine: OpenEngine, settings: PipelineSettings | None, user: RoomUser) -> None:
        super().__init__(name="polyplive-engine", daemon=True)
        self._user = user
        self._says = open_engine if isinstance(open_engine, SaysWhatItDoes) else None
        self._slot: LatestSlot[Request] = LatestSlot()
        self._interrupt = Interrupt()
        self._supervisor = Supervisor(open_engine, settings, self._interrupt)
        self._generation = self._source = 0
        self._before = 0, 0
        self._exchange: EngineExchange | None = None
        self._in_flight: Request | None = None
        self._ending = threading.Event()

    # From the session

    @property
    def status(self) -> EngineStatus:
        """The engine's status now."""
        status = self._supervisor.status
        return status if self._says is None else replace(status, doing=self._says.doing)

    @property
    def settings(self) -> PipelineSettings:
        """Those of the pipeline."""
        return self._supervisor.settings

    @property
    def is_idle(self) -> bool:
        """Whether no frame is waiting or being processed."""
        return self._slot.is_empty and self._in_flight is None  # in this order: see ``_begin``

    @property
    def in_flight(self) -> Request | None:
        """The request that is being processed, if any."""
        return self._in_flight

    @property
    def generation(self) -> int:
        """Rises with every ``begin_anew``."""
        return self._generation

    def begin_anew(self, *, same_source: bool) -> None:
        """The next frames do not follow the earlier ones: findings end, and answers to earlier requests are stale.

        With ``same_source`` (after a seek) the field of view is kept.
        """
        self._generation += 1
        self._source += not same_source

    def is_current(self, request: Request) -> bool:
        """Whether ``begin_anew`` has not been called since ``request``."""
        return request.generation == self._generation

    def ask(self, frame: Frame, *, cam: bool, threshold: float | None) -> tuple[Request, Request | None]:
        """Ask for ``frame``. Returns the new request, and the waiting request that it replaced, if any.

        ``threshold`` is the probability of a contour (None: the pipeline's own). After ``stop`` the new request itself
        is returned as replaced.
        """
        request = Request(frame, self._generation, self._source, cam, threshold)
        return request, self._slot.put(request)

    def exchange(self, open_engine: OpenEngine, on_done: Callable[[Exception | None], None]) -> None:
        """Open another engine while the present one goes on; then it takes that one's place, between two frames.

        ``on_done`` is called once, in another thread: with None when that has happened, after ``engine_opened``, or
        with the error of opening. It is not called when the room ends first. One exchange at a time.
        """
        if not self._ending.is_set():
            self._exchange = EngineExchange(open_engine, self._interrupt, on_done)
            self._exchange.start()

    def stop(self) -> Request | None:
        """Accept no more requests; end after the current frame. Returns the request that still waited, if any."""
        self._ending.set()
        left = self._slot.close()
        if self._in_flight is None:
            self._interrupt.set()
        return left

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread to end after ``stop``; after a short time the engine's process is ended too."""
        if self.ident is None:
            return
        grace_s = _GRACE_S if timeout is None else min(_GRACE_S, timeout / 2)
        super().join(grace_s)
        if self.is_alive() and self._ending.is_set():
            self._interrupt.set()
        super().join(timeout - grace_s if timeout is not None else None)

    # In the room's thread

    def run(self) -> None:
        """Open engines and process requests until ``stop``."""
        try:
            while not self._ending.is_set() and self._supervisor.wait_until_due():
                if self._open():
                    self._answer_all()
                elif self._supervisor.status.is_permanent:
                    break
        finally:
            if self._exchange is not None:
                self._interrupt.set()
                self._exchange.give_up()
            self._supervisor.close()
            self._interrupt.close()

    def _open(self) -> bool:
        try:
            self._supervisor.open()
        except Exception as error:
            self._tell_of_loss(error)
            return False
        self._user.engine_opened(self._supervisor.spec)
        return True

    def _answer_all(self) -> None:
        """Process requests until the engine is lost or the room stops."""
        while self._supervisor.status.is_open and (request := self._slot.take(on_taken=self._begin)) is not None:
            self._take_over()
            try:
                prediction = self._process(request)
            except Exception as error:
                self._in_flight = None
                self._user.frame_failed(request, error)
                self._tell_of_loss(error)
            else:
                self._in_flight = None
                self._user.answered(request, prediction)

    def _begin(self, request: Request) -> None:
        """From the slot, which looks full until this returns: at no moment is the request nowhere."""
        self._in_flight = request

    def _take_over(self) -> None:
        """Go on with the engine that was opened meanwhile, if there is one."""
        exchange = self._exchange
        if exchange is None or exchange.engine is None:
            return
        self._exchange = None
        exchange.take(self._supervisor.exchange(exchange.engine, exchange.open_engine))
        self._user.engine_opened(self._supervisor.spec)
        exchange.on_done(None)

    def _process(self, request: Request) -> Prediction:
        pipeline = self._supervisor.pipeline
        if request.source != self._before[0]:
            pipeline.reset()
        elif request.generation != self._before[1]:
            pipeline.reset(same_source=True)
        self._before = request.source, request.generation
        pipeline.threshold = pipeline.own_threshold if request.threshold is None else request.threshold
        return self._supervisor.process(request.frame, cam=self._user.wants_cam(request))

    def _tell_of_loss(self, error: Exception) -> None:
        status = self.status
        if not status.is_open and not self._ending.is_set():
            self._user.engine_lost(error, status)
