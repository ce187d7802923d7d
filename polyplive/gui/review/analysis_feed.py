"""Brings what an analysis finds into Qt's thread, prepared in its own."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.gui.parts.update_signal import UpdateSignal
from polyplive.gui.review.arrays import TimelineArrays
from polyplive.gui.review.parts import AnalysisState
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.review.parts import ReviewParts
    from polyplive.review.review_content import Analysis
    from polyplive.sinks.base import Mark


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """What is new: ``arrays`` and what findings come from (``facts``); None where that has not changed."""

    arrays: TimelineArrays | None = None
    facts: Analysis | None = None


class AnalysisFeed:
    """Runs the analysis of ``parts``, and calls ``take`` in Qt's thread with what is new.

    Marks are read in a thread of their own. A tenth of a second of arithmetic for a timeline full of findings is done
    in the analysis's thread.
    """

    def __init__(self, parts: ReviewParts, take: Callable[[News], None]) -> None:
        self._parts = parts
        self._analysis = parts.analysis
        self._take = take
        self._lock = threading.Lock()
        self._marks: tuple[Mark, ...] = ()
        self._newest = News()
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
            self._take(News())

    def close(self) -> None:
        """End it."""
        self._news.arrived.disconnect(self._arrived)
        if self._analysis is not None:
            self._analysis.close()
        if self._marking.ident is not None:
            self._marking.join()

    def _find_marks(self) -> None:
        marks = self._parts.read_marks()
        if marks:
            self._marks = marks
            self._on_news()

    def _on_news(self) -> None:
        """In the analysis's thread, or in that of the marks."""
        with self._lock:
            timeline = self._analysis.timeline if self._analysis is not None else Timeline(0.0)
            arrays = self._newest.arrays
            if self._seen is None or timeline is not self._seen[0] or self._marks is not self._seen[1]:
                self._seen = timeline, self._marks
                arrays = TimelineArrays.of(dataclasses.replace(timeline, marks=self._marks))
            self._newest = News(arrays, self._parts.describe())
        self._news.tell()

    def _arrived(self) -> None:
        self._news.heard()
        with self._lock:
            newest, self._newest = self._newest, News()
        self._take(newest)
