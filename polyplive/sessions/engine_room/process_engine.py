"""An engine that runs in a process of its own, with the same protocol as an engine in this process."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.base import Outputs
from polyplive.backends.checks import check_tensor
from polyplive.errors import EngineClosed, EngineCrashed, EngineGrew, EngineHung
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.launch import start_child
from polyplive.sessions.engine_room.messages import Answered, Failed, Infer, Line, Opened
from polyplive.sessions.engine_room.shared_memory import FrameMemory
from polyplive.system.priority import BELOW_PICTURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec, Pending
    from polyplive.sessions.engine_room.messages import EngineOpener, Notify, Reply

_WARM_AFTER = 50
"""After so many answers the memory in use counts as the engine's normal amount."""


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """When a process is ended, and its priority.

    ``opening_s`` and ``answer_s`` are seconds for opening (compiling a graph for a GPU takes minutes) and for one
    picture. ``growth_mib`` is how many MiB its memory may grow after the first answers. ``niceness`` is added to the
    session's own (0: equal priority); see ``system.priority``.
    """

    opening_s: float = 600.0
    answer_s: float = 8.0
    growth_mib: float = 1024.0
    niceness: int = BELOW_PICTURE


class ProcessEngine:
    """Runs an engine in a new process; implements ``ParallelEngine``. The thread need not always be the same one.

    An engine inside that takes one picture at a time finds the next ones waiting beside it.

    The process is a fresh interpreter that this package starts itself, not a ``multiprocessing.Process``: that would
    import the user's main script again, which must not run twice. Messages are pickled (``messages.py``); pictures and
    maps are in nameless shared memory (``shared_memory.py``). So nothing is left behind, however either process ends.
    The process has its own process group in the session's terminal session. So Ctrl-C reaches only the session, and the
    scheduler compares the priorities of the two.

    A process that crashes, hangs or grows is ended, and this engine is closed. ``EngineCrashed``, ``EngineHung`` or
    ``EngineGrew`` is raised where the first answer is missing: what was answered before has its result. Errors of the
    engine inside are raised here with the same class.
    """

    def __init__(
        self,
        opener: EngineOpener,
        limits: ProcessLimits | None = None,
        notify: Notify = lambda _: None,
        interrupt: Interrupt | None = None,
    ) -> None:
        """Start the process and wait until ``opener`` has opened the engine there.

        ``notify`` gets lines for the user while the engine opens. ``interrupt``, set from any thread, ends a wait with
        ``EngineClosed``; its owner closes it. Raises the errors of opening, and ``EngineLost``.
        """
        self._limits = limits or ProcessLimits()
        self._notify = notify
        self._interrupt = interrupt or Interrupt()
        self._owns_interrupt = interrupt is None
        self._memory: FrameMemory | None = None
        self._closed = False
        self._lock = threading.RLock()  # starting a picture and ending the process exclude each other
        self._starts = self._answers = 0
        self._usual_mib: float | None = None
        self._held_mib: float | None = None
        self._child = start_child(self._limits.niceness)
        try:
            self._spec, self._requests = self._open(opener)
        except BaseException:
            self._end(gently=False)
            raise

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest, as the process reported them."""
        return self._spec

    @property
    def process_id(self) -> int:
        """The id of the engine's process."""
        return self._child.process.pid

    @property
    def requests(self) -> int:
        """See ``ParallelEngine.requests``."""
        return self._requests

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``.

        Also raises ``EngineLost``. Ctrl-C during the call ends the process: open another engine.
        """
        return self.start(tensor, cam=cam).result()

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        """See ``ParallelEngine.start``. ``tensor`` may change as soon as this returns.

        That the process is lost is raised by the result of this picture, or of an earlier one that has no answer.
        """
        with self._lock:
            if self._closed or self._memory is None:
                raise EngineClosed("The engine is closed", "Open it again.")
            check_tensor(tensor, self._spec)
            if grown := self._growth():
                return _Grown(self, grown)
            place = self._starts % self._requests
            self._starts += 1
            np.copyto(self._memory.pictures[place], tensor[0])
            self._tell(Infer(place, cam))
        return _Pending(self, place, cam)

    def end_grown(self, mib: float) -> EngineGrew:
        """End the process, which has grown by so much; the error that says so."""
        self._end(gently=False)
        return EngineGrew(f"The memory of the model's process has grown by {mib:.0f} MiB")

    def close(self) -> None:
        """End the process once it has finished its current pictures; a second call does nothing."""
        self._end(gently=True)

    def answer(self, place: int, *, cam: bool) -> Outputs:
        """Wait for the next answer, which is of the picture in this ``place`` of the shared memory."""
        if self._closed or self._memory is None:
            raise EngineClosed("The engine is closed", "Open it again.")
        try:
            reply = self._reply(self._limits.answer_s, "has not answered")
        except KeyboardInterrupt:  # its answer, still to come, must not be taken for that of the next picture
            self._end(gently=False)
            raise
        assert isinstance(reply, Answered), reply
        self._held_mib = reply.memory_mib
        self._answers += 1
        with self._lock:
            if self._memory is None:  # closed by another thread meanwhile
                raise EngineClosed("The engine is closed", "Open it again.")
            probability = self._memory.probabilities[place].copy()
            return Outputs(probability, self._memory.cams[place].copy() if cam else None, reply.infer_s)

    def _open(self, opener: EngineOpener) -> tuple[EngineSpec, int]:
        self._tell(opener)
        reply = self._reply(self._limits.opening_s, "has not been opened")
        assert isinstance(reply, Opened), reply
        self._memory = FrameMemory(self._child.memory, reply.spec, reply.requests)
        self._child.forget_memory()
        return reply.spec, reply.requests

    def _tell(self, message: object) -> None:
        """Send it. Where the process has ended, ``_received`` finds out once its last answers are read."""
        with contextlib.suppress(OSError):
            self._child.pipe.send(message)

    def _reply(self, limit_s: float, what: str) -> Reply:
        """Wait for a message; ``what`` describes what the process failed to do within ``limit_s`` seconds."""
        deadline_s = time.monotonic() + limit_s
        while True:
            is_interrupted, has_come = self._interrupt.wait_with(
                self._child.pipe, max(0.0, deadline_s - time.monotonic())
            )
            if has_come:
                reply = self._received()
                if isinstance(reply, Line):
                    self._notify(reply.text)
                    continue
                if isinstance(reply, Failed):
                    raise reply.as_error()
                return reply
            self._end(gently=False)
            if is_interrupted:
                raise EngineClosed("The engine was closed while it worked")
            raise EngineHung(f"The model {what} for {limit_s:g} s")

    def _received(self) -> Reply:
        try:
            reply: Reply = self._child.pipe.recv()
        except (EOFError, OSError):
            raise self._crashed() from None
        return reply

    def _crashed(self) -> EngineCrashed:
        how = self._child.end_in_words()
        self._end(gently=False)
        hint = "The system may be short of memory." if how == "SIGKILL" else ""
        return EngineCrashed(f"The model's process ended by itself ({how})", hint)

    def _growth(self) -> float | None:
        """By how many MiB the process has grown, where that is too much."""
        if self._held_mib is None or self._answers < _WARM_AFTER:
            return None
        if self._usual_mib is None:
            self._usual_mib = self._held_mib
        grown = self._held_mib - self._usual_mib
        return grown if grown > self._limits.growth_mib else None

    def _end(self, gently: bool) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._child.end(gently)
            if self._memory is not None:
                self._memory.close()
                self._memory = None
            if self._owns_interrupt:
                self._interrupt.close()


class _Pending:
    def __init__(self, engine: ProcessEngine, place: int, cam: bool) -> None:
        self._engine, self._place, self._cam = engine, place, cam

    def result(self) -> Outputs:
        """See ``Pending.result``."""
        return self._engine.answer(self._place, cam=self._cam)


class _Grown:
    """A picture that the process, which has grown by ``mib``, was not given: earlier ones get their answers first."""

    def __init__(self, engine: ProcessEngine, mib: float) -> None:
        self._engine, self._mib = engine, mib

    def result(self) -> Outputs:
        raise self._engine.end_grown(self._mib)
