"""Brings what an analysis finds into Qt's thread, prepared in its own."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from polyplive.gui.parts.update_signal import UpdateSignal
from polyplive.gui.review.arrays import TimelineArrays
from polyplive.gui.review.parts import AnalysisState
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.review.parts import BackgroundAnalysis
    from polyplive.sinks.base import Mark


class AnalysisFeed:
    """Runs ``analysis`` and calls ``take`` in Qt's thread, with the newest arrays, where its state has changed.

    ``read_marks`` is called in a thread of its own. A tenth of a second of arithmetic for a timeline full of findings
    is done in the analysis's thread.
    """

    def __init__(
        self,
        analysis: BackgroundAnalysis | None,
        read_marks: Callable[[], tuple[Mark, ...]],
        take: Callable[[TimelineArrays | None], None],
    ) -> None:
        self._analysis = analysis
        self._read_marks = read_marks
        self._take = take
        self._lock = threading.Lock()
        self._marks: tuple[Mark, ...] = ()
        self._newest: TimelineArrays | None = None
        self._seen: tuple[Timeline, tuple[Mark, ...]] | None = None
        self._marking = threading.Thread(target=self._find_marks, name="marks", daemon=True)
        self._news = UpdateSignal()
        self._news.arrived.connect(self._arrived)

    @property
    def state(self) -> AnalysisState:
        """How far the analysis is; of none, that it is over."""
        return self._analysis.state if self._analysis is not None else AnalysisState(1.0, is_over=True)

    @property
    def exists(self) -> bool:
        """Whether there is an analysis."""
        return self._analysis is not None

    def start(self) -> None:
        """Begin."""
        self._marking.start()
        if self._analysis is not None:
            self._analysis.start(self._on_news)

    def toggle(self) -> None:
        """Pause the analysis, or let it go on."""
        if self._analysis is not None:
            self._analysis.resume() if self._analysis.state.is_paused else self._analysis.pause()
            self._take(None)

    def close(self) -> None:
        """End it."""
        self._news.arrived.disconnect(self._arrived)
        if self._analysis is not None:
            self._analysis.close()
        if self._marking.ident is not None:
            self._marking.join()

    def _find_marks(self) -> None:
        marks = self._read_marks()
        if marks:
            self._marks = marks
            self._on_news()

    def _on_news(self) -> None:
        """In the analysis's thread, or in that of the marks."""
        with self._lock:
            given = self._analysis.timeline if self._analysis is not None else Timeline(0.0), self._marks
            if given != self._seen:
                self._seen = given
                self._newest = TimelineArrays.of(dataclasses.replace(given[0], marks=given[1]))
        self._news.tell()

    def _arrived(self) -> None:
        self._news.heard()
        with self._lock:
            newest, self._newest = self._newest, None
        self._take(newest)
