"""What a user can do about results that are late for good, one thing at a time, and the doing of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from polyplive.sessions.live.lateness import Lateness

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polyplive.sessions.live.parts import LiveParts
    from polyplive.sessions.live.results import LiveResults
    from polyplive.sessions.live.source_supervisor import SourceSupervisor
    from polyplive.sources.base import LiveSource


_LESS = 0.9
"""A source that was asked for a lower rate and still sends this share of the last one, or more, grants none."""


class Saving(Enum):
    """What makes results younger; ``value`` says it as a command."""

    FEWER_HEATMAPS = "Heatmap on every fourth frame"
    FASTER_MODEL = "Use the faster model"
    LOWER_RATE = "Ask the device for a lower rate"


@dataclass(frozen=True, slots=True)
class Late:
    """Results are late for good: the newest is usually ``delay_ms`` old, and ``max_age_ms`` are allowed.

    ``saving`` is what can still be done here; None where nothing can.
    """

    delay_ms: float
    max_age_ms: float
    saving: Saving | None = None

    def __str__(self) -> str:
        return f"Results are {self.delay_ms:.0f} ms old most of the time; {self.max_age_ms:.0f} ms are allowed."


class Savings:
    """Follows whether results are late for good, and what of ``Saving`` is left to do.

    ``take`` may be called from any thread and returns at once; the rest is for the session, under its ``lock``.
    ``tell`` gets a line for the events.
    """

    def __init__(
        self,
        parts: LiveParts,
        lock: threading.RLock,
        results: LiveResults,
        source: SourceSupervisor,
        tell: Callable[[str], None],
    ) -> None:
        self._lock, self._results, self._source, self._tell = lock, results, source, tell
        self._lateness = Lateness(parts.settings.max_age_ms / 1e3)
        self._open_slower = parts.open_slower
        self._rate_before: float | None = None

    @property
    def late(self) -> Late | None:
        """What is to be said; None while results are not late for good."""
        lateness = self._lateness
        if not lateness.is_lasting:
            return None
        return Late(1e3 * lateness.delay_s, 1e3 * lateness.max_age_s, self._possible())

    def look(self, now_s: float, *, is_running: bool) -> None:
        """Look at the newest result, ten times a second. ``is_running``: frames come and results are expected."""
        age_s = self._results.freshness.age_s(now_s) if is_running else None
        was_lasting = self._lateness.is_lasting
        if age_s is None:
            self._lateness.interrupt()
        else:
            self._lateness.look(now_s, age_s, self._results.since_answer_s(now_s))
        if self._lateness.is_lasting and not was_lasting:
            self._tell(str(self.late))

    def take(self, saving: Saving) -> None:
        """Do it, if it can still be done; it is said in the events."""
        with self._lock:
            if saving is not self._possible():
                return
            self._lateness.interrupt()  # what comes now is judged anew
            if saving is Saving.LOWER_RATE and (open_slower := self._slower()) is not None:
                self._lower_rate(open_slower)
            else:
                self._results.governing.choose(time.monotonic(), is_model=saving is Saving.FASTER_MODEL)

    def _possible(self) -> Saving | None:
        governing = self._results.governing
        if governing.is_exchanging:
            return None
        if governing.can_spare(cam=self._results.cam):
            return Saving.FEWER_HEATMAPS
        if governing.has_faster:
            return Saving.FASTER_MODEL
        return Saving.LOWER_RATE if self._slower() is not None else None

    def _slower(self) -> Callable[[], LiveSource] | None:
        rate = self._source.info.fps if self._source.info is not None else None
        is_refused = rate is not None and self._rate_before is not None and rate > _LESS * self._rate_before
        return self._open_slower(rate) if rate is not None and not is_refused else None

    def _lower_rate(self, open_slower: Callable[[], LiveSource]) -> None:
        assert self._source.info is not None, "it has a rate"
        self._rate_before = self._source.info.fps
        said = "Chosen: the source is opened again at a lower rate."
        self._source.use(open_slower, said)
        self._tell(said)
