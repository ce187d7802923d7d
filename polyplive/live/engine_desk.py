"""What goes to the engine and what comes back; the engine is started again when it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.live.facts import EngineFacts
from polyplive.live.inference import LiveInferenceThread, Work
from polyplive.live.ledger import BUSY, FAILED, HUNG, NO_ENGINE, UNFINISHED
from polyplive.live.watchdog import memory_mib
from polyplive.slot import LatestSlot

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polyplive.backends.base import EngineSpec
    from polyplive.live.ledger import Ledger
    from polyplive.live.values import LiveParts
    from polyplive.types import Frame, Prediction

FAILURES_TO_RESTART = 3
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0
_SOUND_AFTER = 100
"""After so many results in a row the next restart waits the shortest time again."""
_WARM_AFTER = 50
"""Results until memory is taken as the engine's usual."""
_OPENING_TAKES_S = 600.0
"""Compiling a graph for a GPU takes minutes."""
_MEMORY_EVERY_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A frame and what was found in it."""

    frame: Frame
    prediction: Prediction


class EngineDesk:
    """Hands the newest frame to the one inference thread that counts, and takes its answers.

    Its state is guarded by the session's lock, which its methods take themselves; ``prepare`` (before anyone sees the
    result) and ``on_answer`` are called without it, in inference's thread. A thread that was given up may come back at
    any time: it is told to end.
    """

    def __init__(
        self,
        parts: LiveParts,
        lock: threading.RLock,
        ledger: Ledger,
        prepare: Callable[[Frame, Prediction], None],
        on_answer: Callable[[Frame, Prediction], None],
        given_up: list[threading.Thread],
    ) -> None:
        self._parts = parts
        self._lock = lock
        self._ledger = ledger
        self._prepare = prepare
        self._on_answer = on_answer
        self._given_up = given_up
        self._slot: LatestSlot[Frame] = LatestSlot()
        self._in_flight: Frame | None = None
        self._outdated = self._restarted = self._closed = False
        self._due_s: float | None = None
        self._delay_s = FIRST_DELAY_S
        self._results = 0
        self._looked_s = 0.0
        self.cam = parts.overlay.needs_cam
        self.threshold = parts.threshold
        self.facts = EngineFacts()
        self.spec: EngineSpec | None = None
        self.result: Result | None = None
        self.thread: LiveInferenceThread | None = None

    # From the session

    def start(self) -> None:
        """Open an engine in a new thread."""
        self.facts.starts += 1
        self.facts.is_open, self.facts.busy_since_s, self.facts.base_memory_mib = False, None, None
        self.facts.failures_in_a_row = self._results = 0
        self.facts.began_s = time.monotonic()
        self._due_s = None
        self.thread = LiveInferenceThread(self._parts.open_pipeline, self)
        self.thread.start()

    def offer(self, frame: Frame) -> None:
        """A new frame, in place of one that was not taken in time."""
        replaced = self._slot.put(frame)
        cause = UNFINISHED if self._closed else BUSY if self.facts.is_open else NO_ENGINE
        self._count(replaced, cause)

    def source_changed(self) -> None:
        """Frames from now on do not follow those before: nothing that was found counts any more."""
        self.result = None
        self._outdated = self._restarted = True

    @property
    def is_idle(self) -> bool:
        """Whether no frame waits or is worked on."""
        return self._in_flight is None and self._slot.is_empty

    def check(self, now_s: float) -> None:
        """Give up an engine that hangs or eats memory; start the next one when it is due."""
        if self._closed:
            return
        if self._due_s is not None:
            if now_s >= self._due_s:
                self.start()
            return
        silent_s = self.facts.silent_s(now_s)
        limit_s = self._parts.settings.engine_timeout_s if self.facts.is_open else _OPENING_TAKES_S
        if silent_s >= limit_s:
            self._restart(f"The model has not answered for {silent_s:.1f} s.", now_s)
        elif now_s - self._looked_s >= _MEMORY_EVERY_S and self._results >= _WARM_AFTER:
            self._looked_s = now_s
            self._check_memory(now_s)

    def close(self) -> None:
        """No more work; the thread ends after the frame that it works on."""
        self._closed = True
        self._count(self._slot.close(), UNFINISHED)

    def give_up_rest(self) -> None:
        """Count the frame that a thread which did not end still works on."""
        self._count(self._in_flight, UNFINISHED)
        self._in_flight = None

    # From inference's thread

    def engine_opened(self, thread: LiveInferenceThread, spec: EngineSpec) -> bool:
        """It is ready."""
        with self._lock:
            if thread is not self.thread or self._closed:
                return False
            self.facts.is_open, self.spec = True, spec
            return True

    def next_frame(self, thread: LiveInferenceThread) -> Work | None:
        """Wait for the newest frame; None when there is no more work for this thread."""
        frame = self._slot.take()
        with self._lock:
            if frame is None or self._closed:
                self._count(frame, UNFINISHED)
                return None
            if thread is not self.thread:
                self.offer(frame)
                return None
            self._in_flight, self.facts.busy_since_s = frame, time.monotonic()
            restarted, self._restarted, self._outdated = self._restarted, False, False
            return Work(frame, self.cam, self.threshold, restarted)

    def answered(self, thread: LiveInferenceThread, frame: Frame, prediction: Prediction) -> bool:
        """A result: it is shown while it is young, unless the source was opened again meanwhile."""
        self._prepare(frame, prediction)
        with self._lock:
            if thread is not self.thread:
                return False
            self._in_flight = self.facts.busy_since_s = None
            self._ledger.processed += 1
            self._ledger.marked += bool(prediction.detections)
            self._results += 1
            self.facts.failures_in_a_row, self.facts.failure = 0, ""
            if self._results >= _SOUND_AFTER:
                self._delay_s = FIRST_DELAY_S
            if not self._outdated:
                self.result = Result(frame, prediction)
        self._on_answer(frame, prediction)
        return True

    def frame_failed(self, thread: LiveInferenceThread, reason: str) -> bool:
        """No result; after several in a row the engine is started again."""
        with self._lock:
            if thread is not self.thread:
                return False
            self._count(self._in_flight, FAILED)
            self._in_flight = self.facts.busy_since_s = None
            self.facts.failures_in_a_row += 1
            self.facts.failure = reason
            if self.facts.failures_in_a_row < FAILURES_TO_RESTART:
                return True
            self._restart(reason, time.monotonic())
            return False

    def engine_failed(self, thread: LiveInferenceThread, reason: str) -> None:
        """It could not be opened or closed."""
        with self._lock:
            if thread is self.thread and not self._closed:
                self._restart(reason, time.monotonic())

    # Parts

    def _restart(self, reason: str, now_s: float) -> None:
        """Leave the thread to itself and open another engine after a while."""
        self._count(self._in_flight, HUNG)
        self._in_flight = None
        if self.thread is not None:
            self._given_up.append(self.thread)
            self.thread = None
        self.facts.is_open, self.facts.busy_since_s = False, None
        self.facts.failure = f"{reason} It is started again in {self._delay_s:g} s ({self.facts.starts + 1}. start)."
        self._due_s = now_s + self._delay_s
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)

    def _check_memory(self, now_s: float) -> None:
        held = memory_mib()
        if held is None:
            return
        if self.facts.base_memory_mib is None:
            self.facts.base_memory_mib = held
        grown = held - self.facts.base_memory_mib
        if grown > self._parts.settings.memory_growth_mib:
            self._restart(f"Memory has grown by {grown:.0f} MiB since the model was opened.", now_s)

    def _count(self, frame: Frame | None, cause: str) -> None:
        if frame is not None:
            self._ledger.dropped[cause] += 1
