"""All that a live session writes: what was asked for at its start, and recordings that begin and end while it runs."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from polyplive.errors import SinkError
from polyplive.sessions.live.marks import Marks
from polyplive.sessions.live.recording import LiveRecording
from polyplive.sessions.recorder.messages import ProcessedFrame, SessionBegin, SessionEnd
from polyplive.sessions.recorder.recording_files import recording_threads
from polyplive.sessions.recorder.status import RecordingStatus, pieces_of
from polyplive.sessions.recorder.thread import wait_until_written
from polyplive.sinks.base import Content

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.sessions.live.head import SessionHead
    from polyplive.sessions.live.parts import LiveParts
    from polyplive.sessions.recorder.messages import RecorderMessage
    from polyplive.sessions.recorder.recording_files import RecordingFiles
    from polyplive.sessions.recorder.status import RecordingEnd
    from polyplive.sinks.base import Mark, Note

FAILED = "failed"
"""Why a recording ended of which nothing could be written any more."""


class LiveRecordings:
    """Passes on what happens in a session. Used under the session's lock; no method waits but ``wait``.

    Of the recorders that the session was given,
    those of video are a recording like any other. The others (events, a report) go on to the session's end.
    """

    def __init__(self, parts: LiveParts, counts: FrameCounts, head: SessionHead) -> None:
        now_s = time.monotonic()
        videos = [thread for thread in parts.recorders if thread.records_video]
        others = [thread for thread in parts.recorders if not thread.records_video]
        self._settings = parts.recording
        self._counts = counts
        self._head = head
        self._whole = LiveRecording(others, now_s)
        self._current = LiveRecording(videos, now_s) if videos else None
        self._ending: list[LiveRecording] = []
        self._begun = 1
        self._is_closed = False
        self._past_problems: tuple[str, ...] = ()
        self._past_marks: tuple[Mark, ...] = ()
        self._last_error = ""
        self.marks = Marks()
        self.ended: tuple[RecordingEnd, ...] = ()
        """What each recording left that is over, in the order of their ends."""
        self.status = RecordingStatus()
        """As it was at the last ``look``."""

    # Commands

    def start(self) -> None:
        """Start the recorders that the session was given."""
        for recording in self._running:
            recording.start()

    def begin(self, files: RecordingFiles, first: int, notes: Iterable[Note]) -> None:
        """Begin a recording at the frame with index ``first``. ``notes`` say what holds there.

        Raises ``SinkError`` while another one runs, and after the session's end.
        """
        if self._is_closed:
            raise SinkError("The session is over: nothing more can be recorded", "Start it again.")
        if self._current is not None:
            raise SinkError("A recording is running already", "Stop it first.")
        self._begun += 1
        recording = LiveRecording(recording_threads(files, self._settings, self._begun), time.monotonic(), first)
        unsaved = self.unsaved_marks
        self._counts.begin_part(first)
        self._current, self._last_error = recording, ""
        recording.start()
        if (head := self._head.whole()) is not None:
            recording.offer(SessionBegin(head))
        for note in (*notes, *unsaved):
            recording.offer(note)
        self.look(recording.began_s)

    def stop(self, reason: str = "stopped") -> None:
        """End the recording that runs, if one does. All that it accepted is still written, in its own threads."""
        recording, self._current = self._current, None
        if recording is None:
            return
        now_s = time.monotonic()
        head = self._head.whole() or self._head.alone()  # without a model its events hold marks
        recording.finish(SessionEnd(self._counts.part_tally(), reason, head), now_s)
        self._ending.append(recording)
        self.look(now_s)

    def offer(self, item: RecorderMessage) -> None:
        """Offer it to each recorder that runs, without waiting."""
        if isinstance(item, ProcessedFrame):
            self._counts.record(item.frame.index)
        for recording in self._running:
            recording.offer(item)

    def mark(self, mark: Mark) -> Mark:
        """Note what a person marked, or says of it now; where no events are written it waits for those that will be."""
        self.marks.keep(mark)
        self.offer(mark)
        self.look(time.monotonic())
        return mark

    # The end

    def close(self, end: SessionEnd) -> None:
        """Nothing more comes. All that was accepted is still written; see ``wait``."""
        self._is_closed = True
        self.stop(end.reason)
        self._whole.finish(end, time.monotonic())

    def wait(self, deadline_s: float, on_waiting: Callable[[int], None]) -> None:
        """Wait as long as recorders still write (see ``wait_until_written``). Called once, without the lock."""
        recordings = (self._whole, *self._ending)
        soon_s = max(deadline_s, time.monotonic() + 1.0)

        def left() -> int:
            return max(recording.waiting for recording in recordings)

        wait_until_written(self.threads, left, on_waiting, soon_s)

    # Questions

    @property
    def wants_video(self) -> bool:
        """Whether frames are to be offered as they are captured."""
        return self._current is not None

    @property
    def threads(self) -> tuple[threading.Thread, ...]:
        """All threads that may still write."""
        return tuple(thread for recording in (*self._running, *self._ending) for thread in recording.threads)

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each problem so far."""
        now = (line for recording in (*self._running, *self._ending) for line in recording.problems)
        return (*self._past_problems, *now)

    @property
    def unsaved_marks(self) -> tuple[Mark, ...]:
        """The marks that no events file holds."""
        held = (mark for recording in (*self._running, *self._ending) for mark in recording.marks)
        return self.marks.besides({*self._past_marks, *held})

    # From the watchdog's thread

    def look(self, now_s: float) -> None:
        """Follow the recorders: end a recording that has failed, collect what those left that are written."""
        current = self._current
        if current is not None and current.has_failed:
            self.stop(FAILED)
            return
        for recording in [recording for recording in self._ending if not recording.is_writing]:
            self._ending.remove(recording)
            self._keep(recording, now_s)
        self.status = self._status(now_s)

    def collect(self, now_s: float) -> None:
        """Keep what every recording left, also of those whose threads hang; after ``wait``."""
        for recording in (*self._ending, *([self._whole] if self._whole.threads else [])):
            self._keep(recording, now_s)
        self._ending, self._whole = [], LiveRecording((), now_s)
        self.status = self._status(now_s)

    def _keep(self, recording: LiveRecording, now_s: float) -> None:
        end = recording.end(now_s)
        self.ended += (end,)
        self._past_problems += end.problems
        self._past_marks += recording.marks
        if end.reason == FAILED and end.problems:
            self._last_error = end.problems[0]

    @property
    def _running(self) -> tuple[LiveRecording, ...]:
        return (self._whole,) if self._current is None else (self._whole, self._current)

    def _status(self, now_s: float) -> RecordingStatus:
        contents = tuple(content for recording in self._running for content in recording.contents)
        status = RecordingStatus(
            contents=contents,
            error=self._error(),
            finishing=sum(recording.waiting for recording in self._ending),
            marks=self.marks.count,
            marks_in_no_file=len(self.unsaved_marks),
            takes_marks=Content.EVENTS in contents,
        )
        current = self._current
        if current is None:
            return status
        files = current.files
        return dataclasses.replace(
            status,
            is_recording=True,
            started=current.started,
            elapsed_s=now_s - current.began_s,
            files=tuple(file.path for file in files),
            bytes_written=sum(file.size for file in files),
            free_bytes=current.free_bytes,
            pieces=pieces_of(files),
            left_out=current.left_out,
        )

    def _error(self) -> str:
        """The last problem of what runs; otherwise why the last recording ended by itself."""
        now = [line for recording in self._running for line in recording.problems]
        failed = [line for each in self._ending if each.reason == FAILED for line in each.problems[:1]]
        return next(reversed([*failed, *now]), self._last_error)
