"""One recording of a live session: recorders that begin and end together."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from polyplive.sessions.recorder.messages import RecordedFrame
from polyplive.sessions.recorder.status import RecordingEnd
from polyplive.sinks.base import Content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sessions.recorder.messages import RecorderMessage, SessionEnd
    from polyplive.sessions.recorder.progress import WrittenFile
    from polyplive.sessions.recorder.thread import RecorderThread
    from polyplive.sinks.base import Mark


class LiveRecording:
    """Passes everything on to each recorder's thread, and never waits for one. Used under the session's lock.

    Frames before the one with index ``first`` are not for it. Times are ``time.monotonic()``.
    """

    def __init__(self, threads: Sequence[RecorderThread], began_s: float, first: int = 0) -> None:
        self.threads = tuple(threads)
        self.first = first
        self.began_s = began_s
        self.started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self._ended_s: float | None = None
        self.reason = ""
        """Why it ended; empty while it runs."""

    def start(self) -> None:
        """Start the threads."""
        for thread in self.threads:
            thread.start()

    def offer(self, item: RecorderMessage) -> None:
        """Offer it to each recorder."""
        if isinstance(item, RecordedFrame) and item.frame.index < self.first:
            return
        for thread in self.threads:
            thread.offer(item)

    def finish(self, end: SessionEnd, now_s: float) -> None:
        """Have all that was accepted written, then the end; returns at once. A second call does nothing."""
        if self._ended_s is None:
            self._ended_s, self.reason = now_s, end.reason
            for thread in self.threads:
                thread.finish(end)

    @property
    def is_writing(self) -> bool:
        """Whether a recorder still runs."""
        return any(thread.is_alive() for thread in self.threads)

    @property
    def has_failed(self) -> bool:
        """Whether no video of it is written any more."""
        videos = [thread for thread in self.threads if thread.records_video]
        return bool(videos) and all(thread.all_failed for thread in videos)

    @property
    def contents(self) -> tuple[Content, ...]:
        """What is being written."""
        return tuple(content for thread in self.threads for content in thread.facts.contents)

    @property
    def files(self) -> tuple[WrittenFile, ...]:
        """What was written so far, as it was at most a second ago."""
        return tuple(file for thread in self.threads for file in thread.facts.progress.files)

    @property
    def free_bytes(self) -> int | None:
        """What the disk of its first file has left."""
        known = (thread.facts.progress.free_bytes for thread in self.threads)
        return next((free for free in known if free is not None), None)

    @property
    def left_out(self) -> int:
        """Frames for which there was no time."""
        return sum(thread.left_out for thread in self.threads)

    @property
    def waiting(self) -> int:
        """Frames that were accepted and are not written yet."""
        return max((thread.waiting for thread in self.threads), default=0)

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each problem so far."""
        return tuple(line for thread in self.threads for line in thread.notices)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that are in its files."""
        return tuple(mark for thread in self.threads for mark in thread.marks)

    def end(self, now_s: float) -> RecordingEnd:
        """What it left; final once nothing of it is written any more."""
        over_s = self._ended_s if self._ended_s is not None else now_s
        late = ("Not all of it was written in time.",) if self.is_writing else ()
        problems = (*self.problems, *late)
        return RecordingEnd(self.files, self.started, over_s - self.began_s, self.reason, self.left_out, problems)
