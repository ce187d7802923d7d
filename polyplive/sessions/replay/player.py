"""The player: commands that return at once, for a playback thread and an engine room."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from polyplive.overlay.baked import baked
from polyplive.pipeline.steady_heat import SteadyHeat
from polyplive.sessions.engine_room.room import EngineRoom
from polyplive.sessions.failures import in_one_line
from polyplive.sessions.recorder.thread import wait_until_written
from polyplive.sessions.replay.playback import Playback
from polyplive.sessions.replay.player_settings import PlayerSettings
from polyplive.sessions.threads import join_until, survivors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.overlay.target import Target
    from polyplive.sessions.engine_room.room import Request
    from polyplive.sessions.engine_room.supervisor import EngineStatus, OpenEngine
    from polyplive.sessions.recorder.status import RecordingEnd
    from polyplive.sessions.replay.player_settings import Mode
    from polyplive.sessions.view import View
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.types import OverlaySettings, Prediction


class Player:
    """Plays a source through a pipeline.

    The playback thread opens, reads and closes the source and writes to the sinks. The engine room's thread owns the
    pipeline and the engine, and replaces an engine that fails. Commands may come from any thread and return at once.
    ``on_view`` is called in the playback thread, in order, and must not wait. Errors are not raised to the caller: an
    error is a view in state ``FAULT`` with its reason. In mode ``EVERY_FRAME`` no frame is skipped.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        open_engine: OpenEngine,
        on_view: Callable[[View], None],
        settings: PlayerSettings | None = None,
        sinks: Sequence[Sink] = (),
        pipeline: PipelineSettings | None = None,
    ) -> None:
        self._messages = messages = _Messages((settings or PlayerSettings()).overlay)
        self._room = EngineRoom(open_engine, pipeline, messages)
        self._playback = Playback(open_source, self._room, on_view, settings or PlayerSettings(), sinks)
        messages.post = self._playback.post
        self._threads = (self._playback, self._room)

    def start(self) -> None:
        """Open source and engine, each in its thread, and begin."""
        for thread in self._threads:
            thread.start()

    def play(self) -> None:
        """Continue; at the end, start again."""
        self._playback.post(Playback.play)

    def pause(self) -> None:
        """Keep the shown frame, with its own result."""
        self._playback.post(Playback.pause)

    def toggle(self) -> None:
        """Pause or continue."""
        self._playback.post(Playback.toggle)

    def skip(self, seconds: float) -> None:
        """Seek by so many seconds from the shown frame."""
        self._playback.post(partial(Playback.skip, seconds=seconds))

    def step(self, count: int = 1) -> None:
        """Pause and show the ``count``-th next frame (previous if negative) with its own result."""
        if count:
            self._playback.post(partial(Playback.step, count=count))

    def seek(self, pts_s: float) -> None:
        """Show the last frame whose PTS is at most ``pts_s`` (seconds), with its own result, playing or paused."""
        self._playback.post(partial(Playback.seek, pts_s=pts_s))

    def set_speed(self, speed: float) -> None:
        """Play at this multiple of the source's pace (above 0)."""
        if not speed > 0:
            raise ValueError(f"speed must be above 0, received {speed}")
        self._playback.post(partial(Playback.set_speed, speed=speed))

    def set_mode(self, mode: Mode) -> None:
        """Choose between every frame with its own result, and the source's pace."""
        self._playback.post(partial(Playback.set_mode, mode=mode))

    def set_cam(self, cam: bool) -> None:
        """Whether to compute the heatmap."""
        self._playback.post(partial(Playback.set_cam, cam=cam))

    def set_threshold(self, threshold: float) -> None:
        """The probability of a contour, for frames processed from now on."""
        self._playback.post(partial(Playback.set_threshold, threshold=threshold))

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """What recordings draw from now on."""
        self._messages.overlay = overlay
        self._playback.post(partial(Playback.set_overlay, overlay=overlay))

    def set_target(self, target: Target) -> None:
        """Say at which size the window shows frames: what it lays over them is then drawn in the engine's thread."""
        self._messages.target = target

    def shown(self) -> None:
        """Say that the window has taken one view; needed only with ``PlayerSettings.views_ahead``."""
        self._playback.post(Playback.seen)

    @property
    def recorded(self) -> tuple[RecordingEnd, ...]:
        """What the sinks left, once they are closed: where the video ends, or after ``close``."""
        return self._playback.recording.ended

    def close(self, timeout_s: float = 5.0, on_waiting: Callable[[int], None] = lambda _: None) -> tuple[str, ...]:
        """End both threads. Returns the names of those that still run after ``timeout_s`` seconds, usually none.

        It waits for sinks as long as they write. ``on_waiting`` gets, in the calling thread, the number of frames they
        have left. A thread that still runs is in a call of the decoder or the runtime that cannot be interrupted; it
        ends after that call. A second call waits again.
        """
        self._playback.post(Playback.stop)
        self._room.stop()
        deadline_s = time.monotonic() + timeout_s
        wait_until_written((self._playback,), lambda: self._playback.recording.waiting, on_waiting, deadline_s)
        join_until(self._threads, deadline_s)
        return survivors(self._threads, timeout_s)

    def __enter__(self) -> Player:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Messages:
    """Passes the engine room's reports to the playback thread; implements ``RoomUser``.

    A result's overlay is drawn before, as the window will show it at ``target``.
    """

    post: Callable[[Playback.Message], None]

    def __init__(self, overlay: OverlaySettings) -> None:
        self.overlay = overlay
        self.target: Target | None = None
        self._steady = SteadyHeat()  # of the room's thread

    def engine_opened(self, spec: EngineSpec) -> None:
        """An engine is ready."""
        self.post(partial(Playback.engine_opened, spec=spec))

    def engine_lost(self, error: Exception, status: EngineStatus) -> None:
        """The engine failed."""
        self.post(partial(Playback.engine_lost, reason=status.failure))

    def wants_cam(self, request: Request) -> bool:
        """As it was asked for."""
        return request.cam

    def answered(self, request: Request, prediction: Prediction) -> None:
        """A result."""
        target, frame = self.target, request.frame
        prediction = self._steady.steadied(frame, prediction)
        if target is not None and target.source == (frame.width, frame.height):
            baked(target, prediction, self.overlay)
        self.post(partial(Playback.answered, request=request, prediction=prediction))

    def frame_failed(self, request: Request, error: Exception) -> None:
        """A frame has no result."""
        self.post(partial(Playback.frame_failed, request=request, reason=in_one_line(error)))
