"""A recorder in a thread of its own: a running session never waits for it, an ending session does."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from polyplive.sessions.failures import in_one_line
from polyplive.sessions.recorder.messages import CapturedFrame, ProcessedFrame, RecordedFrame, SessionBegin, SessionEnd
from polyplive.sessions.recorder.progress import ProgressMeter
from polyplive.sessions.recorder.status import RecorderFacts
from polyplive.sinks.base import GovernorStep, Mark, SessionNote

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.sessions.recorder.messages import RecorderMessage
    from polyplive.sessions.recorder.recorder import Recorder

CAPACITY = 24
"""The number of items that may wait; at 1920x1080 a frame is 6 MB, and up to 6 more with its source's samples."""
_LOOK_EVERY_S = 0.05
_IDLE_S = 1.0
"""A recorder that is given nothing looks at its files so often."""
_STUCK_AFTER_S = 30.0
"""A recorder that has written nothing for so many seconds is stuck in a system call: it is abandoned."""
_CLOSING_TAKES_S = 5.0
"""The same, once it only has to close its files."""


class RecorderThread(threading.Thread):
    """Records those items of a live session that it wants. ``offer`` never waits: an item without room is counted.

    Every accepted item is written, also after ``finish``.
    """

    wanted: tuple[type, ...] = (CapturedFrame,)
    slow = "encoding is slower than the source. Record at a smaller size, or only one of raw and overlay."
    never_began = ""
    """The notice for a session whose source and model were never open together; may be empty."""

    def __init__(self, recorder: Recorder, name: str = "polyplive-recorder", capacity: int = CAPACITY) -> None:
        super().__init__(name=name, daemon=True)
        self._recorder = recorder
        self._capacity = capacity
        self._items: deque[RecorderMessage] = deque()
        self._condition = threading.Condition()
        self._problems: tuple[str, ...] = ()
        self._meter = ProgressMeter(lambda: recorder.written)
        self.left_out = 0
        """The number of items for which there was no room."""

    def offer(self, item: RecorderMessage) -> None:
        """Take ``item`` if it is wanted and there is room; any thread, returns at once."""
        if not isinstance(item, self.wanted):
            return
        with self._condition:
            if len(self._items) >= self._capacity and isinstance(item, RecordedFrame):
                self.left_out += 1
                return
            self._items.append(item)
            self._condition.notify()

    def finish(self, closing: SessionEnd) -> None:
        """Record all waiting items, then the end of the session; returns at once."""
        with self._condition:
            self._items.append(closing)
            self._condition.notify()

    @property
    def waiting(self) -> int:
        """The number of frames that were accepted and are not written yet."""
        with self._condition:
            return len(self._items) + self._recorder.waiting

    @property
    def records_video(self) -> bool:
        """Whether it writes frames as they are captured."""
        return CapturedFrame in self.wanted

    @property
    def all_failed(self) -> bool:
        """Whether nothing more would be written."""
        return self._recorder.all_failed

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that are in a file; any thread."""
        return self._recorder.marks

    @property
    def facts(self) -> RecorderFacts:
        """What it writes, has written and has lost; of files, as they were at most a second ago; any thread."""
        return RecorderFacts(self._recorder.contents, self._meter.latest, self.left_out, self.notices)

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each problem so far."""
        with self._condition:
            lost = (f"{self.left_out} frames were left out: {self.slow}",) if self.left_out else ()
            return (*self._problems, *lost)

    def run(self) -> None:
        """Record item after item until the end."""
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._items, _IDLE_S)
                item = self._items.popleft() if self._items else None
            if item is not None:
                try:
                    self._record(item)
                except Exception as error:
                    self._report(in_one_line(error))
                self._report(*self._recorder.notices)
            if isinstance(item, SessionEnd):
                self._meter.measure()
                return
            self._meter.look(time.monotonic())

    def _record(self, item: RecorderMessage) -> None:
        if isinstance(item, SessionEnd):
            if not self._recorder.close(item.tally, item.reason, item.session) and self.never_began:
                self._report(self.never_began)
        elif isinstance(item, SessionBegin):
            self._recorder.begin(item.session)
        elif isinstance(item, RecordedFrame):
            self._recorder.write(item)
        else:
            self._recorder.note(item)

    def _report(self, *problems: str) -> None:
        """Add lines to ``notices``, each once."""
        with self._condition:
            self._problems += tuple(line for line in problems if line not in self._problems)


class ResultsThread(RecorderThread):
    """Records processed frames, changes of state, steps of the governor and marks, for events and reports."""

    wanted = (ProcessedFrame, SessionNote, GovernorStep, Mark, SessionBegin)
    slow = "they could not be written in time."
    never_began = "No events or report were written: source and model were never open together."

    def __init__(self, recorder: Recorder, name: str = "polyplive-results", capacity: int = CAPACITY) -> None:
        super().__init__(recorder, name, capacity)


def wait_until_written(
    threads: Sequence[threading.Thread],
    waiting: Callable[[], int],
    on_waiting: Callable[[int], None],
    deadline_s: float,
) -> None:
    """Wait for ``threads`` to end: until ``deadline_s`` (``time.monotonic()``), and longer while they still write.

    ``waiting`` returns the number of frames left. ``on_waiting`` gets it repeatedly, in the calling thread. Threads
    that have written nothing for half a minute are abandoned.
    """
    left, moved_s = waiting(), time.monotonic()
    while running := [thread for thread in threads if thread.is_alive()]:
        running[0].join(_LOOK_EVERY_S)
        now, now_s = waiting(), time.monotonic()
        if now != left:
            left, moved_s = now, now_s
        if now_s > deadline_s and now_s - moved_s > (_STUCK_AFTER_S if now else _CLOSING_TAKES_S):
            return
        on_waiting(now)
