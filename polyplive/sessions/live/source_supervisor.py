"""The policy for a source that fails: when it is opened again, and its status meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polyplive.sessions.failures import in_one_line, is_permanent
from polyplive.sessions.live.capture import CaptureThread
from polyplive.sessions.live.clock_jumps import ClockJumps
from polyplive.sessions.live.frame_numbering import FrameNumbering
from polyplive.sessions.live.lost_signal import LostSignalDetector
from polyplive.sessions.live.state import SourceStatus
from polyplive.sessions.live.watchdog import SleepWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.sessions.live.capture import CaptureHost
    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.sessions.live.parts import LiveParts
    from polyplive.sources.base import LiveSource
    from polyplive.types import Frame, SourceInfo

_HELD = "An earlier read has not returned: unplug the device and plug it in again, or check the sender."
"""Why a source cannot be opened while an abandoned thread holds it: no other program does."""
_OPENING_TAKES_S = 10.0
FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 30.0


class SourceSupervisor:
    """Owns the capture threads of a session, of which only one is current. Used under the session's lock.

    A thread that hangs in its driver is abandoned, and another thread opens the source again. The session's state is
    derived from ``status``.
    """

    def __init__(self, parts: LiveParts, host: CaptureHost, counts: FrameCounts) -> None:
        self._open_source = parts.open_source
        self._opens_once = parts.opens_once
        self._host = host
        self._settings = parts.settings
        self._counts = counts
        self._signal = LostSignalDetector()
        self._sleep = SleepWatch()
        self._numbers = FrameNumbering()
        self.jumps = ClockJumps()
        self._newest: CaptureThread | None = None
        self._delay_s = FIRST_DELAY_S
        self.threads: list[CaptureThread] = []
        """Every capture thread that was started."""
        self.status = SourceStatus()
        self.newest: Frame | None = None
        self.info: SourceInfo | None = None
        self.warnings: tuple[str, ...] = ()

    def start(self, wait_s: float = 0.0) -> None:
        """Open the source in a new thread, after ``wait_s`` seconds."""
        self.status.began_s = time.monotonic()
        self.status.due_s = self.status.began_s + wait_s
        self._newest = CaptureThread(self._open_source, self._host, wait_s)
        self.threads.append(self._newest)
        self._newest.start()

    def use(self, open_source: Callable[[], LiveSource], reason: str) -> None:
        """Open the source in this way from now on, at once, and say why."""
        self._open_source = open_source
        self._replace(reason)

    def stop(self) -> None:
        """Tell the current thread to end after its current read."""
        if self._newest is not None:
            self._newest.stop()

    def is_current(self, thread: CaptureThread) -> bool:
        """Whether ``thread`` is the current one and not abandoned."""
        return thread is self._newest

    def opening(self) -> None:
        """The source is about to be opened."""
        self.status.began_s, self.status.opening, self.status.due_s = time.monotonic(), True, None

    def opened(self, info: SourceInfo, warnings: tuple[str, ...]) -> None:
        """The source is open; its status starts anew."""
        self.status.is_open, self.status.opening, self.status.failure = True, False, ""
        self.status.opens += 1
        self.status.began_s = time.monotonic()
        self.info, self.warnings = info, warnings
        self._numbers.source_opened()
        self._signal.reset()
        self._counts.source_closed()

    def read(self, frame: Frame, lost: Mapping[str, int], now_s: float) -> Frame:
        """Note a frame and the source's own losses so far. Returns the frame with its number in the session."""
        self.newest = frame = self._numbers.numbered(frame)
        self.status.newest_s, self._delay_s = now_s, FIRST_DELAY_S
        self._counts.read(frame.index)
        self._counts.source_lost(lost)
        return frame

    @property
    def next_index(self) -> int:
        """The smallest index that the next frame can have."""
        return self._numbers.next_index

    def inspect(self, frame: Frame, now_s: float) -> None:
        """Look for a lost signal in a frame that was read. Capture's thread, without the session's lock."""
        self._signal.look(frame.picture, now_s)

    def failed(self, error: Exception, next_try_s: float) -> bool:
        """The source failed. False if waiting cannot help; a source that was open once is always tried again."""
        self._close("")
        if is_permanent(error) and not self.status.opens:
            return False
        is_held = any(thread.is_alive() for thread in self.threads if thread is not self._newest)
        self.status.failure = _HELD if is_held else in_one_line(error)
        self.status.due_s = time.monotonic() + next_try_s
        return True

    def look(self, now_s: float) -> None:
        """Update ``status``."""
        self.status.signal = self._signal.problem(now_s, self._settings.no_signal_s)
        self.status.signal_since_s = self._signal.since_s

    def check(self, now_s: float) -> None:
        """Open the source again if it does not answer; called ten times a second. Where it cannot be, it is awaited."""
        if self._opens_once:
            return
        facts, slept_s = self.status, self._sleep.slept_s()
        silent_s = facts.silent_s(now_s)
        if slept_s:
            self._replace(f"The machine slept for {slept_s:.0f} s: the source is opened again.")
        elif facts.is_open and silent_s >= self._settings.reopen_s:
            self._replace(f"No picture has come for {silent_s:.1f} s: the source is opened again.")
        elif facts.opening and silent_s >= max(_OPENING_TAKES_S, self._settings.reopen_s):
            self._replace(f"The source has not opened for {silent_s:.0f} s: it is tried again.")

    def _replace(self, reason: str) -> None:
        """Abandon the current thread and open the source in a new one."""
        self.stop()
        self._close(reason)
        self.start(self._delay_s)
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)

    def _close(self, reason: str) -> None:
        self._counts.source_closed()
        self.status.is_open = self.status.opening = False
        self.status.failure = reason
