"""A recording that is reviewed in the window, with findings that were made up and a real decoder and player."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gated_engine import open_gated

from polyplive.gui.review.parts import AnalysisState, ReviewParts
from polyplive.gui.window.opening import ReplayOpening
from polyplive.review.review import Review
from polyplive.review.timeline import Timeline
from polyplive.sessions.opening import open_video

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.sources.capture.options import CaptureRequest


class MadeAnalysis:
    """Finds what a test tells it: ``find`` may be called in any thread."""

    def __init__(self) -> None:
        self.timeline = Timeline(0.0)
        self.state = AnalysisState()
        self.calls: list[str] = []
        self._on_news: Callable[[], None] = lambda: None

    def start(self, on_news: Callable[[], None]) -> None:
        self.calls.append("start")
        self._on_news = on_news

    def find(self, timeline: Timeline, state: AnalysisState) -> None:
        self.timeline, self.state = timeline, state
        self._on_news()

    def pause(self) -> None:
        self.calls.append("pause")
        self.state = AnalysisState(self.state.share, is_paused=True)

    def resume(self) -> None:
        self.calls.append("resume")
        self.state = AnalysisState(self.state.share)

    def close(self) -> None:
        self.calls.append("close")


class ReviewedRecording:
    """A program whose every recording is ``clip``; what it opens for review has ``review`` and ``analysis``."""

    def __init__(self, clip: Path) -> None:
        self.clip = clip
        self.review_given = Review()
        self.analysis = MadeAnalysis()
        self.asked: list[tuple[str, float]] = []
        self.closed = 0

    def begin_again(self) -> Review:
        """A new review, for the page that is open."""
        self.review_given = Review()
        return self.review_given

    def recording(self, path: Path) -> ReplayOpening:
        return ReplayOpening(self._source, open_gated(lambda: None), path=path)

    def review(self, path: Path, by: str, name_reviewer: Callable[[str], None], start_s: float = 0.0) -> ReplayOpening:
        self.asked.append((by, start_s))
        self.review_given.by = by
        parts = ReviewParts(
            self.review_given, self._source, self.analysis, name_reviewer=name_reviewer, close=self._close
        )
        return ReplayOpening(
            self._source, open_gated(lambda: None), path=path, start_s=start_s, make_review=lambda: parts
        )

    def source(self, address: str, capture: CaptureRequest) -> ReplayOpening:
        return self.recording(self.clip)

    def demo(self) -> ReplayOpening:
        return self.recording(self.clip)

    def _source(self):
        return open_video(self.clip)

    def _close(self) -> None:
        self.closed += 1
