"""The benchmark's third mode: the live window at the source's rate, from the frame's arrival to its painting."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEventLoop, QTimer

from polyplive.benchmark.values import WARM_UP, BenchmarkSettings, ModeFigures
from polyplive.errors import InferenceError
from polyplive.gui.app import make_application
from polyplive.gui.display import Display
from polyplive.gui.live_window import LiveWindow
from polyplive.live import LiveParts, LiveSession
from polyplive.live.outlet import Closing, Item, Outlet, Processed
from polyplive.sources.paced import PacedSource
from polyplive.types import StageTimes

if TYPE_CHECKING:
    from polyplive.config import Settings
    from polyplive.pipeline import Pipeline
    from polyplive.sources.base import Source

_POLL_MS = 50
_PATIENCE_S = 60.0
"""So long without one more result, and the run is given up."""


def run_display(
    open_source: Callable[[], Source],
    open_pipeline: Callable[[], Pipeline],
    settings: Settings,
    asked: BenchmarkSettings,
    on_frame: Callable[[int], None] = lambda _: None,
) -> ModeFigures:
    """Show a live window for every run, and close it again; call it in the main thread.

    The video delay is from the end of the read to the painting of the frame, the annotation delay to the painting of
    its result. Raises ``InferenceError`` where no frames come through.
    """
    application = make_application()
    figures = ModeFigures()
    for run in range(asked.runs):
        stages = _StageOutlet()
        parts = LiveParts(
            open_source=lambda: PacedSource(open_source()),
            open_pipeline=open_pipeline,
            settings=settings.live,
            overlay=settings.overlay,
            threshold=settings.pipeline.threshold,
            outlets=[stages],
            with_screen=True,
        )
        display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
        window = LiveWindow(partial(LiveSession, parts), display, Path.home(), False)
        window.show()
        window.start()
        watch = _Watch(window.session, asked.frames, partial(_count, on_frame, run * asked.frames))
        watch.run()
        window.close()
        window.deleteLater()
        application.processEvents()
        if watch.failed:
            raise InferenceError(f"The window's benchmark failed: {watch.failed}", "Try 'polyplive live' first.")
        watch.collect(figures, stages.stages)
    return figures


def _count(on_frame: Callable[[int], None], before: int, done: int) -> None:
    on_frame(before + done)


class _Watch:
    """Waits until a session has shown enough frames after the warm-up; the window goes on meanwhile."""

    def __init__(self, session: LiveSession, frames: int, on_frame: Callable[[int], None]) -> None:
        self._session, self._frames, self._on_frame = session, frames, on_frame
        self._loop = QEventLoop()
        self._shown = self._results = 0
        self._lost_before: dict[str, int] = {}
        self._lost_after: dict[str, int] = {}
        self._newest = -1, time.monotonic()
        self.failed = ""

    def run(self) -> None:
        """Until it is done, or nothing comes any more."""
        timer = QTimer()
        timer.timeout.connect(self._look)
        timer.start(_POLL_MS)
        self._loop.exec()
        timer.stop()

    def collect(self, figures: ModeFigures, stages: list[StageTimes]) -> None:
        """Add what came after the warm-up."""
        seen, first, end = self._session.paintings(), self._shown, self._shown + self._frames
        figures.add_run(seen.times_s[first:end], seen.times_s[first - 1])
        figures.video_delays += seen.video_ms[first:end]
        figures.annotation_delays += seen.annotation_ms[self._results :]
        for times in stages[self._results :]:
            figures.stages.add(times)
        for cause, count in self._lost_after.items():
            lost = count - self._lost_before.get(cause, 0)
            figures.dropped[cause] = figures.dropped.get(cause, 0) + lost

    def _look(self) -> None:
        seen = self._session.paintings()
        shown, results = len(seen.times_s), len(seen.annotation_ms)
        if not self._shown and min(shown, results) >= WARM_UP:
            self._shown, self._results, self._lost_before = shown, results, self._lost()
        elif self._shown and shown - self._shown >= self._frames:
            self._lost_after = self._lost()
            self._loop.quit()
        elif self._shown:
            self._on_frame(shown - self._shown)
        if results != self._newest[0]:
            self._newest = results, time.monotonic()
        elif time.monotonic() - self._newest[1] > _PATIENCE_S:
            self.failed = self._session.state[1] or "no result came"
            self._loop.quit()

    def _lost(self) -> dict[str, int]:
        """Frames without a result, and frames that were not shown, by cause."""
        summary = self._session.summary()
        unshown = {f"not shown: {cause}": count for cause, count in summary.unshown.items()}
        return {**summary.tally.dropped, **unshown}


class _StageOutlet(Outlet):
    """Keeps the stage times of every result."""

    WANTED = (Processed,)

    def __init__(self) -> None:
        super().__init__("polyplive-benchmark")
        self.stages: list[StageTimes] = []

    def handle(self, item: Item) -> None:
        """In its own thread."""
        assert isinstance(item, Processed)
        self.stages.append(item.prediction.stages)

    def end(self, closing: Closing) -> None:
        """Nothing is left to do."""
