"""The frames that a live session gives to the model, and the newest result."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from polyplive.errors import EngineClosed, EngineHung
from polyplive.pipeline.steady_heat import SteadyHeat
from polyplive.sessions.engine_room.room import EngineRoom
from polyplive.sessions.live.frame_counts import BUSY, FAILED, HUNG, NO_ENGINE, UNFINISHED
from polyplive.sessions.live.freshness import Freshness
from polyplive.sessions.live.governing import Governing
from polyplive.sessions.live.heatmaps import Heatmaps, without_map_of_another

if TYPE_CHECKING:
    import threading

    from polyplive.backends.base import EngineSpec
    from polyplive.sessions.engine_room.room import Request
    from polyplive.sessions.engine_room.supervisor import EngineStatus
    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.sessions.live.parts import LiveParts
    from polyplive.sinks.base import GovernorStep
    from polyplive.types import Frame, Prediction


_LAST_FRAME_S = 2.0
"""How long a session that has its frames waits for the result of the last one."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A frame and its prediction; ``bare`` is the same without a heatmap of an earlier frame."""

    frame: Frame
    prediction: Prediction
    bare: Prediction

    def drawable(self, now_s: float, max_age_ms: float) -> Prediction | None:
        """What may be drawn of it: neither the mask nor the heatmap of a frame that is older than ``max_age_ms``."""
        if (now_s - self.frame.captured_s) * 1e3 > max_age_ms:
            return None
        origin = self.prediction.cam_of
        is_map_old = origin is not None and (now_s - origin.captured_s) * 1e3 > max_age_ms
        return self.bare if is_map_old else self.prediction


class ResultsUser(Protocol):
    """The object that is told of results. Its methods return at once."""

    def prepare(self, frame: Frame, prediction: Prediction) -> None:
        """Compute what will be drawn, before anyone sees the result: in the room's thread, without the lock."""
        ...

    def engine_answered(self, frame: Frame, prediction: Prediction) -> None:
        """A result came: in the room's thread, with the lock."""
        ...

    def impossible(self, error: Exception) -> None:
        """No engine can ever be opened: in the room's thread, without the lock."""
        ...

    def stepped(self, step: GovernorStep) -> None:
        """The governor took a step: in any thread, with the lock."""
        ...

    def warned(self, said: str) -> None:
        """Something failed that costs no result: in any thread, with the lock."""
        ...


class LiveResults:
    """Sends frames to the engine room and keeps its newest result; implements ``RoomUser``.

    Its methods take the session's lock themselves.
    """

    def __init__(self, parts: LiveParts, lock: threading.RLock, counts: FrameCounts, user: ResultsUser) -> None:
        self._lock = lock
        self._counts = counts
        self._user = user
        self._closed = False
        self._left: Request | None = None
        self._has_own_map = False
        self._steady = SteadyHeat()  # of the room's thread
        self.room = EngineRoom(parts.open_engine, parts.pipeline, self)
        self.cam = parts.overlay.needs_cam
        self.threshold = parts.threshold
        self.spec: EngineSpec | None = None
        self.opened_s = 0.0
        """When the newest engine was ready (``time.monotonic()``); 0 before the first."""
        self.result: Result | None = None
        self._answered_s: float | None = None
        max_age_s = parts.settings.max_age_ms / 1e3
        self.freshness, self.heatmaps = Freshness(max_age_s), Heatmaps(max_age_s)
        self.governing = Governing(parts, lock, self.room, self.heatmaps, user.stepped, user.warned)

    # From the session

    def offer(self, frame: Frame) -> None:
        """Ask for a new frame's result; it replaces one that the engine has not taken yet."""
        with self._lock:
            self.freshness.frame_read(frame.captured_s)
            _, replaced = self.room.ask(frame, cam=self.cam, threshold=self.threshold)
            self._count(replaced, UNFINISHED if self._closed else BUSY if self.room.status.is_open else NO_ENGINE)

    def source_changed(self) -> None:
        """The next frames do not follow the earlier ones: drop the result and end all findings."""
        with self._lock:
            self.result = None
            self.freshness.interrupt()
            self.heatmaps.reset()
            self.room.begin_anew(same_source=False)

    def govern(self, now_s: float, *, is_running: bool) -> None:
        """Let the governor look, ten times a second; ``is_running``: frames come and nothing has failed."""
        is_running = is_running and self.room.status.is_open
        self.governing.look(now_s, is_running=is_running, cam=self.cam)

    def since_answer_s(self, now_s: float) -> float:
        """Seconds since the newest result came; infinite before the first."""
        return now_s - self._answered_s if self._answered_s is not None else float("inf")

    def are_settled(self, now_s: float, last_s: float) -> bool:
        """Whether no result will come, with the last frame read at ``last_s``. Opening the model is waited for."""
        status = self.room.status
        is_opening = not status.failure and (not status.is_open or not self.opened_s)
        is_patience_over = now_s - max(last_s, self.opened_s) > _LAST_FRAME_S
        return self.room.is_idle or (is_patience_over and not is_opening)

    def close(self) -> None:
        """Ask for nothing more; see ``EngineRoom.stop``."""
        with self._lock:
            self._closed = True
            self._count(self.room.stop(), UNFINISHED)

    def give_up_rest(self) -> None:
        """Count the frame that the room's thread still processes, if that thread did not end."""
        with self._lock:
            self._left = self.room.in_flight
            self._count(self._left, UNFINISHED)

    # From the room's thread

    def engine_opened(self, spec: EngineSpec) -> None:
        """An engine is ready."""
        with self._lock:
            self.spec, self.opened_s = spec, time.monotonic()
            self.governing.opened(spec)

    def engine_lost(self, error: Exception, status: EngineStatus) -> None:
        """The state shows it. If no engine can ever be opened, the session ends."""
        if status.is_permanent:
            self._user.impossible(error)

    def wants_cam(self, request: Request) -> bool:
        """Whether this frame gets a heatmap of its own."""
        with self._lock:
            if not request.cam:
                self.heatmaps.reset()
            self._has_own_map = request.cam and self.heatmaps.is_due()
            return self._has_own_map

    def answered(self, request: Request, prediction: Prediction) -> None:
        """A result came. It is shown until it is stale, unless the source was opened again meanwhile."""
        frame = request.frame
        with self._lock:
            if request.cam and self.room.is_current(request):
                prediction = self.heatmaps.completed(frame, prediction, own=self._has_own_map)
        prediction = self._steady.steadied(frame, prediction)
        self._user.prepare(frame, prediction)
        with self._lock:
            now_s = time.monotonic()
            self._answered_s = now_s
            self.governing.answered(now_s, now_s - frame.captured_s)
            if request is self._left:
                return
            self._counts.processed += 1
            self._counts.marked += bool(prediction.detections)
            self._user.engine_answered(frame, prediction)  # before a view can hold it
            if self.room.is_current(request):
                self.result = Result(frame, prediction, without_map_of_another(prediction))
                self.freshness.answered(frame.captured_s, now_s)

    def frame_failed(self, request: Request, error: Exception) -> None:
        """A frame has no result: count it."""
        causes: dict[type[Exception], str] = {EngineHung: HUNG, EngineClosed: UNFINISHED}
        with self._lock:
            if request is not self._left:
                self._count(request, causes.get(type(error), FAILED))

    def _count(self, request: Request | None, cause: str) -> None:
        if request is not None:
            self._counts.drop(request.frame.index, cause)
