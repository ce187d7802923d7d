"""Parts for live sessions in tests: a source that is fed by hand, and an engine whose faults come on a schedule."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from colour_engine import ColourEngine
from processes import EQUAL, PATIENCE_S

from polyplive.backends.base import Outputs
from polyplive.config import LiveSettings, PipelineSettings
from polyplive.errors import InferenceError, SourceLost, SourceNotFound
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits
from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.types import Frame, SessionState, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.engine_room.messages import EngineOpener
    from polyplive.sessions.view import View

WIDTH, HEIGHT = 128, 96


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """uint8 [H, W, 3] BGR: noise that differs from picture to picture, with a red disc in the middle."""
    image = np.random.default_rng(number).integers(90, 130, (height, width, 3), dtype=np.uint8)
    image[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = (40, 40, 220)
    image[0, 0] = number % 251
    return image


class FedSource:
    """Gives what the test puts into ``feed``: pictures, frames, errors (raised), or functions (called, to block)."""

    warnings: tuple[str, ...] = ()
    sample_aspect = Fraction(1)

    def __init__(self, feed: queue.Queue[object], ending: threading.Event) -> None:
        self.info = SourceInfo("fed", WIDTH, HEIGHT, 30.0, None, None, live=True)
        self.lost: dict[str, int] = {}
        self.closed = False
        self._feed = feed
        self._ending = ending
        self._count = 0

    @property
    def dropped(self) -> Mapping[str, int]:
        return dict(self.lost)

    def read(self) -> Frame | None:
        while not self.closed and not self._ending.is_set():
            try:
                item = self._feed.get(timeout=0.02)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            if callable(item):
                item()
                continue
            made = item if isinstance(item, Frame) else Frame(item, sample_aspect=self.sample_aspect)  # type: ignore[arg-type]
            moment = {"pts_s": self._count / 30.0, "captured_s": time.monotonic()}
            frame = dataclasses.replace(made, index=self._count, **moment)
            self._count += 1
            return frame
        return None

    def seek(self, pts_s: float) -> None:
        raise SourceLost("live")

    def close(self) -> None:
        self.closed = True


WHOLE_FRAME = PipelineSettings(roi="none")
PATIENT_MS, PATIENT_S = 1e8, 1e5
"""Limits of a session where a test is about something else: that the machine is busy is no fault."""
PATIENT = LiveSettings(PATIENT_MS, PATIENT_S, PATIENT_S, PATIENT_S, governor=False)
"""Nothing is too old, lost, or hung, however long it takes."""


class ScheduledEngine(ColourEngine):
    """The colour engine with a fault before each answer that ``faults`` names by the call's number, from 1."""

    def __init__(self, faults: Callable[[int], object]) -> None:
        super().__init__()
        self._faults = faults
        self.calls = 0

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        self.calls += 1
        answer = self._faults(self.calls)
        if answer == "raise":
            raise InferenceError("The runtime failed", "Try another backend.")
        outputs = super().infer(tensor, cam=cam)
        if answer == "nan":
            outputs.probability[3, 3] = np.nan
        return outputs


def open_sound(_: Interrupt) -> ScheduledEngine:
    """An engine without faults, in this process."""
    return ScheduledEngine(lambda _: None)


class Rig:
    """A live session in a test: ``feed`` it, ask it, end it.

    Its engines are in this process, with ``faults``; where there are ``openers``, each runs in a process of its own.
    Each start takes the next of them, and the last one repeatedly.
    """

    def __init__(
        self,
        parts: dict[str, object] | None = None,
        faults: Callable[[int], object] = lambda _: None,
        openers: tuple[EngineOpener, ...] = (),
    ) -> None:
        self.feed: queue.Queue[object] = queue.Queue()
        self.ending = threading.Event()
        self.sources: list[FedSource] = []
        self.engines: list[ProcessEngine | ScheduledEngine] = []
        self.openers = list(openers)
        self.faults = faults
        self.is_unplugged = False
        self.refused = 0
        """How often the source could not be opened."""
        options = {"settings": PATIENT, "pipeline": WHOLE_FRAME, **(parts or {})}
        self.parts = LiveParts(self.open_source, self.open_engine, **options)  # type: ignore[arg-type]
        self.session = LiveSession(self.parts)
        self.sent = 0

    def open_source(self) -> FedSource:
        if self.is_unplugged:
            self.refused += 1
            raise SourceNotFound("There is no device", "Plug it in.")
        self.sources.append(FedSource(self.feed, self.ending))
        return self.sources[-1]

    def open_engine(self, interrupt: Interrupt) -> ProcessEngine | ScheduledEngine:
        self.engines.append(self._opened(interrupt))
        return self.engines[-1]

    def _opened(self, interrupt: Interrupt) -> ProcessEngine | ScheduledEngine:
        if not self.openers:
            return ScheduledEngine(lambda call: self.faults(call))
        opener = self.openers.pop(0) if len(self.openers) > 1 else self.openers[0]
        patience = self.parts.settings
        limits = ProcessLimits(
            answer_s=patience.engine_timeout_s, growth_mib=patience.memory_growth_mib, niceness=EQUAL
        )
        return ProcessEngine(opener, limits, interrupt=interrupt)

    def set_limits(self, **limits: float) -> None:
        """Change the session's limits from now on: patient ones until then cannot be met too early."""
        session = self.session
        with session._lock:
            session._settings = session._source._settings = dataclasses.replace(session._settings, **limits)
            session._results.freshness._max_age_s = session._settings.max_age_ms / 1e3

    def send(self, count: int = 1, every_s: float = 0.0) -> None:
        for _ in range(count):
            self.feed.put(picture(self.sent))
            self.sent += 1
            if every_s:
                time.sleep(every_s)

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {what} {self.session.state} {self.session.summary()}"
            time.sleep(0.001)

    def wait_state(self, state: SessionState) -> str:
        """Send nothing, wait until the session is in ``state``; its reason."""
        views: list[View] = []
        self.wait(lambda: views.append(self.session.view()) or views[-1].state is state, state.value)
        return views[-1].reason

    def stream_until(self, condition: Callable[[], object], what: str = "", still: np.ndarray | None = None) -> None:
        """Keep frames coming until ``condition`` holds; with ``still`` always that picture."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"streamed in vain: {what} {self.session.state}"
            self.feed.put(picture(self.sent) if still is None else still.copy())
            self.sent += still is None
            time.sleep(0.01)
            self.show()

    def show(self) -> View:
        """What a window does."""
        view = self.session.view()
        self.session.drawn(view)
        return view

    def __enter__(self) -> Rig:
        self.session.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.session.close(PATIENCE_S)
