"""The requests of playback to the engine room, and their results."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.sessions.engine_room.room import EngineRoom, Request
    from polyplive.types import Frame, Prediction


class ReplayResults:
    """The requests of one player and their results; used by the playback thread.

    ``in_flight`` is the request that playback waits for. ``ready`` holds frames that were not shown yet, each with its
    result (None: it failed, or there was no engine). ``newest`` is the newest frame with a result. ``failure`` says in
    one line why results are missing. ``is_down``: there is no engine now, so nothing is requested.
    """

    def __init__(self, room: EngineRoom, cam: bool, threshold: float | None) -> None:
        self._room = room
        self.cam = cam
        self.threshold = threshold
        self.spec: EngineSpec | None = None
        self.failure = ""
        self.is_down = False
        self.in_flight: Request | None = None
        self.ready: deque[tuple[Frame, Prediction | None]] = deque()
        self.newest: tuple[Frame, Prediction] | None = None

    @property
    def generation(self) -> int:
        """Rises with every seek."""
        return self._room.generation

    @property
    def settings(self) -> PipelineSettings:
        """Those of the pipeline."""
        return self._room.settings

    @property
    def pending(self) -> Frame | None:
        """The next frame to show that was already requested."""
        if self.ready:
            return self.ready[0][0]
        return self.in_flight.frame if self.in_flight is not None else None

    def is_complete(self, frame: Frame, prediction: Prediction | None) -> bool:
        """Whether ``prediction`` is the frame's own, with a heatmap if one is wanted."""
        if prediction is None or prediction.index != frame.index:
            return False
        return prediction.cam is not None or not self.cam

    def begin_anew(self) -> None:
        """Drop the requests made ahead: playback continues at another place."""
        self._room.begin_anew(same_source=True)
        self.in_flight = self.newest = None
        self.ready.clear()

    @property
    def early(self) -> Frame | None:
        """The first frame while no model has been open yet: it is shown, and then once more with its result."""
        return self.in_flight.frame if self.in_flight is not None and self.spec is None else None

    def ask(self, frame: Frame, *, wait: bool) -> bool:
        """Request the result of ``frame``; with ``wait`` it becomes ``in_flight``. Returns whether it is ``early``."""
        request, _ = self._room.ask(frame, cam=self.cam, threshold=self.threshold)
        if wait:
            self.in_flight = request
        return self.early is not None

    def opened(self, spec: EngineSpec) -> None:
        """The first engine, or another one, is ready."""
        self.spec, self.is_down = spec, False

    def lost(self, reason: str) -> Frame | None:
        """Note that the engine failed. Returns the frame that playback waited for, if any."""
        self.failure, self.is_down = reason, True
        return self._release()

    def failed(self, request: Request, reason: str) -> Frame | None:
        """Note that ``request`` has no result. Returns its frame if playback waited for it."""
        self.failure = reason
        return self._release() if request is self.in_flight else None

    def answered(self, request: Request) -> bool:
        """Take the result of ``request``. Returns whether it is still wanted; after a seek, earlier ones are not."""
        self.failure = ""
        return self._room.is_current(request)

    def young_for(self, frame: Frame, max_age_ms: float, pts_s: Callable[[Frame], float]) -> Prediction | None:
        """The newest result, if its frame is as large as ``frame`` and at most so much older by the source's clock."""
        if self.newest is None:
            return None
        found, prediction = self.newest
        age_s = pts_s(frame) - pts_s(found)
        return prediction if found.shape == frame.shape and age_s * 1e3 <= max_age_ms else None

    def _release(self) -> Frame | None:
        request, self.in_flight = self.in_flight, None
        return request.frame if request is not None else None
