"""The benchmark's third mode: the live window at the source's rate, from the frame's arrival to its painting."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEventLoop, QTimer

from polyplive.benchmark.figures import WARM_UP, BenchmarkSettings, ModeFigures
from polyplive.benchmark.passages import passages
from polyplive.errors import InferenceError
from polyplive.gui.app import make_application
from polyplive.gui.session.display import Display
from polyplive.gui.session.live_page import LivePage
from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import ResultsThread
from polyplive.sinks.base import Sink
from polyplive.sources.paced import PacedSource
from polyplive.system.spans import recorded_spans
from polyplive.system.stopping import is_stopping, stopped_by_signals, uninterrupted

if TYPE_CHECKING:
    from polyplive.config import Settings
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.sinks.base import FrameRecord, SessionInfo
    from polyplive.sources.base import Source
    from polyplive.types import StageTimes

_POLL_MS = 50
_DRAWN_MS = 5000.0
"""Results are drawn up to this age, so that the delay of late ones is measured; a live session hides them sooner."""
_PATIENCE_S = 60.0
"""After so many seconds without a new result the run ends with an error."""


def run_display(
    open_source: Callable[[], Source],
    open_engine: OpenEngine,
    settings: Settings,
    asked: BenchmarkSettings,
    on_frame: Callable[[int], None] = lambda _: None,
) -> ModeFigures:
    """Measure in a live window, a new one for every run. Call it in the main thread.

    Both delays begin at the end of the frame's read. The video delay ends when the frame is painted, the annotation
    delay when its result is. Raises ``InferenceError`` where no frames come through, ``KeyboardInterrupt`` when it is
    told to stop.
    """
    with stopped_by_signals(), uninterrupted():  # an exception in what Qt calls would abort the process
        return _runs(open_source, open_engine, settings, asked, on_frame)


def _runs(
    open_source: Callable[[], Source],
    open_engine: OpenEngine,
    settings: Settings,
    asked: BenchmarkSettings,
    on_frame: Callable[[int], None],
) -> ModeFigures:
    application = make_application()
    figures = ModeFigures()
    for run in range(asked.runs):
        stages = _StageSink()
        parts = LiveParts(
            open_source=lambda: PacedSource(open_source()),
            open_engine=open_engine,
            pipeline=settings.pipeline,
            settings=dataclasses.replace(settings.live, max_age_ms=max(settings.live.max_age_ms, _DRAWN_MS)),
            overlay=settings.overlay,
            threshold=settings.pipeline.threshold,
            recorders=[ResultsThread(Recorder([stages]), "polyplive-benchmark")],
            with_screen=True,
        )
        display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
        window = LivePage(partial(LiveSession, parts), display, Path.home(), view=settings.view)
        window.show()
        window.start()
        watch = _Watch(window.session, asked.frames, partial(_count, on_frame, run * asked.frames))
        with recorded_spans() as found:
            watch.run()
        window.close()
        window.deleteLater()
        application.processEvents()
        if is_stopping():
            raise KeyboardInterrupt
        if watch.failed:
            raise InferenceError(f"The window's benchmark failed: {watch.failed}", "Try 'polyplive live' first.")
        watch.collect(figures, stages.stages)
        figures.passages.append(passages(found, watch.began_s))
    return figures


def _count(on_frame: Callable[[int], None], before: int, done: int) -> None:
    on_frame(before + done)


class _Watch:
    """Waits until a session has shown enough frames after the warm-up; Qt's events are processed meanwhile."""

    def __init__(self, session: LiveSession, frames: int, on_frame: Callable[[int], None]) -> None:
        self._session, self._frames, self._on_frame = session, frames, on_frame
        self._loop = QEventLoop()
        self._shown = self._results = 0
        self._lost_before: dict[str, int] = {}
        self._lost_after: dict[str, int] = {}
        self._newest = -1, time.monotonic()
        self.failed = ""
        self.began_s = 0.0
        """When the warm-up was over, ``time.perf_counter()``."""

    def run(self) -> None:
        """Wait until there are enough frames, or no results come any more."""
        timer = QTimer()
        timer.timeout.connect(self._look)
        timer.start(_POLL_MS)
        self._loop.exec()
        timer.stop()

    def collect(self, figures: ModeFigures, stages: list[StageTimes]) -> None:
        """Add the measurements from after the warm-up."""
        seen, first, end = self._session.display_times(), self._shown, self._shown + self._frames
        figures.add_run(seen.times_s[first:end], seen.times_s[first - 1])
        figures.video_delays += seen.video_ms[first:end]
        figures.annotation_delays += seen.annotation_ms[self._results :]
        for times in stages[self._results :]:
            figures.stages.add(times)
        for cause, count in self._lost_after.items():
            lost = count - self._lost_before.get(cause, 0)
            figures.dropped[cause] = figures.dropped.get(cause, 0) + lost

    def _look(self) -> None:
        if is_stopping():
            self._loop.quit()
            return
        seen = self._session.display_times()
        shown, results = len(seen.times_s), len(seen.annotation_ms)
        if not self._shown and min(shown, results) >= WARM_UP:
            self._shown, self._results, self._lost_before = shown, results, self._lost()
            self.began_s = time.perf_counter()
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


class _StageSink(Sink):
    """Keeps the stage times of every result that was on screen, one for each annotation delay."""

    def __init__(self) -> None:
        self.stages: list[StageTimes] = []

    def open(self, session: SessionInfo) -> None:
        """Nothing to open."""

    def write(self, record: FrameRecord) -> None:
        """Keep the stage times of one frame."""
        if record.annotation_delay_ms is not None:
            self.stages.append(record.stages)

    def close(self) -> None:
        """Nothing to close."""
