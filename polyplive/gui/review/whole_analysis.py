"""The analysis of a whole recording as a review uses it: paused, resumed, and with the time that is left."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

import msgspec

from polyplive.gui.review import parts
from polyplive.gui.review.parts import AnalysisState
from polyplive.review.analysis.background import AnalysisState as Does
from polyplive.review.review_content import Analysis as Facts
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.review.analysis.background import Analysis, AnalysisProgress

    class MakeAnalysis(Protocol):
        """Makes an analysis that goes on where an earlier one was left; its arguments are called in its thread."""

        def __call__(
            self, *, on_progress: Callable[[AnalysisProgress], None], on_timeline: Callable[[Timeline], None]
        ) -> Analysis:
            """Make it; it is not started."""
            ...


RATE_OVER_S = 30.0
"""The time that is left is told by the rate of the last seconds: what was known already came at once."""


class WholeAnalysis:
    """A ``BackgroundAnalysis`` of what ``make`` makes. Paused, it holds neither model nor video."""

    def __init__(self, make: MakeAnalysis) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._timeline = Timeline(0.0)
        self._rate = Rate()
        self._is_paused = False
        self._facts: Facts | None = None
        self._on_news: Callable[[], None] = lambda: None
        self._running = self._new()

    @property
    def running(self) -> Analysis:
        """The analysis itself, the newest one."""
        return self._running

    @property
    def timeline(self) -> Timeline:
        """What has been found so far."""
        return self._timeline

    @property
    def state(self) -> AnalysisState:
        """How far it is."""
        progress = self._running.progress
        share = progress.done / progress.frames if progress.frames else 0.0
        with self._lock:
            rate = self._rate.value
        left_s = (progress.frames - progress.done) / rate if rate else None
        is_over = progress.state in (Does.DONE, Does.FAILED)
        problem = progress.message if progress.state is Does.FAILED else ""
        return AnalysisState(share, left_s, self._is_paused and not is_over, is_over, problem)

    def facts(self) -> Facts | None:
        """What findings come from, with the hash of the events once these are whole; in the analysis's thread."""
        plan, events = self._running.plan, self._running.events
        if plan is None:
            return None
        if self._facts is None or bool(events) != bool(self._facts.events_sha256):
            digest = hashlib.sha256(events.read_bytes()).hexdigest() if events is not None else ""
            settings = msgspec.to_builtins(plan.pipeline)
            self._facts = Facts(plan.session.model, plan.session.model_sha256, settings, digest)
        return self._facts

    def start(self, on_news: Callable[[], None]) -> None:
        """Begin; ``on_news`` is called in its threads."""
        self._on_news = on_news
        self._running.start()

    def pause(self) -> None:
        """End after the frame that is worked on; what was found stays."""
        self._is_paused = True
        self._running.stop()

    def resume(self) -> None:
        """Go on, once the analysis that was stopped has ended."""
        if not self._is_paused:
            return
        self._is_paused = False
        before, self._running = self._running, self._new()
        threading.Thread(target=_follow, args=(before, self._running), name="analysis-again", daemon=True).start()

    def close(self) -> None:
        """End it; what was analysed is kept."""
        self._on_news = lambda: None
        self._is_paused = True
        self._running.stop()
        self._running.join(parts.ENDS_WITHIN_S)

    def _new(self) -> Analysis:
        with self._lock:
            self._rate = Rate()
        return self._make(on_progress=self._take_progress, on_timeline=self._take_timeline)

    def _take_progress(self, progress: AnalysisProgress) -> None:
        with self._lock:
            self._rate.see(progress.done, time.monotonic())
        self._on_news()

    def _take_timeline(self, timeline: Timeline) -> None:
        if timeline.coverage >= self._timeline.coverage:  # after a pause it begins with what was known
            self._timeline = timeline
            self._on_news()


class Rate:
    """Frames a second, over the last ``RATE_OVER_S`` seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, done: int, at_s: float) -> None:
        """So many frames were done at ``at_s`` (``time.monotonic()``)."""
        if self._seen and done - self._seen[-1][1] > _MOST_AT_ONCE:
            self._seen.clear()  # they were known already
        self._seen.append((at_s, done))
        while at_s - self._seen[0][0] > RATE_OVER_S:
            self._seen.popleft()

    @property
    def value(self) -> float | None:
        """The rate; None while it cannot be told."""
        if len(self._seen) < 3:
            return None
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s and last > first else None


_MOST_AT_ONCE = 200
"""Frames; more between two reports were not computed but read."""


def _follow(before: Analysis, after: Analysis) -> None:
    before.join()
    after.start()
