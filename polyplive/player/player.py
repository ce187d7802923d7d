"""The player: two threads behind a few commands that never wait."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from polyplive.player.inference import InferenceThread, Request
from polyplive.player.playback import Playback
from polyplive.player.values import PlayerSettings
from polyplive.slot import LatestSlot
from polyplive.threads import join_until, survivors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from polyplive.backends.base import EngineSpec
    from polyplive.pipeline import Pipeline
    from polyplive.player.values import Mode
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.types import OverlaySettings, Prediction
    from polyplive.view import View


class Player:
    """Plays a source through a pipeline.

    Playback's thread opens, reads and closes the source and drives the sinks; inference's thread opens, runs and
    closes the pipeline. Commands may come from any thread and return at once. ``on_view`` is called in playback's
    thread, in order, and must not wait; nothing is raised to the caller: what goes wrong is a view in state
    ``FAULT`` with its reason. In mode ``EVERY_FRAME`` no frame is left out.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        open_pipeline: Callable[[], Pipeline],
        on_view: Callable[[View], None],
        settings: PlayerSettings | None = None,
        sinks: Sequence[Sink] = (),
    ) -> None:
        self._requests: LatestSlot[Request] = LatestSlot()
        self._playback = Playback(open_source, self._requests, on_view, settings or PlayerSettings(), sinks)
        self._inference = InferenceThread(
            open_pipeline, self._requests, self._engine_opened, self._answered, self._engine_failed
        )
        self._threads = (self._playback, self._inference)

    def start(self) -> None:
        """Open source and pipeline, each in its thread, and begin."""
        for thread in self._threads:
            thread.start()

    def play(self) -> None:
        """Go on, or from the end start again."""
        self._playback.post(Playback.play)

    def pause(self) -> None:
        """Keep the shown frame, with its own result."""
        self._playback.post(Playback.pause)

    def toggle(self) -> None:
        """Play what is paused, pause what plays."""
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
        self._playback.post(partial(Playback.set_overlay, overlay=overlay))

    def shown(self) -> None:
        """Say that one view was taken; counts only where ``PlayerSettings.views_ahead`` is set."""
        self._playback.post(Playback.seen)

    def close(self, timeout_s: float = 5.0) -> tuple[str, ...]:
        """End both threads; the names of those that still run after ``timeout_s`` seconds in all (none, usually).

        A survivor is in a call of the decoder or the runtime that cannot be interrupted; it ends after that call.
        Calling it again waits again.
        """
        self._playback.post(Playback.stop)
        self._requests.close()
        deadline_s = time.monotonic() + timeout_s
        join_until(self._threads, deadline_s)
        return survivors(self._threads, timeout_s)

    def __enter__(self) -> Player:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _engine_opened(self, spec: EngineSpec) -> None:
        self._playback.post(partial(Playback.engine_opened, spec=spec))

    def _answered(self, request: Request, prediction: Prediction) -> None:
        self._playback.post(partial(Playback.answered, request=request, prediction=prediction))

    def _engine_failed(self, reason: str) -> None:
        self._playback.post(partial(Playback.engine_failed, reason=reason))
