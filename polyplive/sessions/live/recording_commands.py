"""What a user may do about recording while a live session runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polyplive.sessions.live.display_queue import DisplayQueue
    from polyplive.sessions.live.recordings import LiveRecordings
    from polyplive.sessions.live.source_supervisor import SourceSupervisor
    from polyplive.sessions.recorder.recording_files import RecordingFiles
    from polyplive.sessions.recorder.status import RecordingStatus
    from polyplive.sinks.base import Mark, Note


class RecordingCommands:
    """Start and stop recordings, and make marks. Methods may be called from any thread and return at once.

    What fails later is in ``View.recording``, and what a recording left in ``View.recorded``; the session goes on.
    ``notes`` say what holds at this moment.
    """

    def __init__(
        self,
        lock: threading.RLock,
        recordings: LiveRecordings,
        display: DisplayQueue,
        source: SourceSupervisor,
        notes: Callable[[], tuple[Note, ...]],
    ) -> None:
        self._lock = lock
        self._recordings = recordings
        self._display = display
        self._source = source
        self._notes = notes

    @property
    def status(self) -> RecordingStatus:
        """How recording goes; after a command, as it is then."""
        with self._lock:
            return self._recordings.status

    def start(self, files: RecordingFiles) -> None:
        """Record from the next frame on. Raises ``SinkError`` while a recording runs, and after the session's end."""
        with self._lock:
            self._recordings.begin(files, self._source.next_index, self._notes())

    def stop(self) -> None:
        """End the recording that runs, if one does, also one that began with the session."""
        with self._lock:
            self._recordings.stop()

    def mark(self, text: str = "") -> Mark:
        """Mark the frame on screen, or without a screen the newest one.

        The mark goes into every events file that is being written. Where none is, it waits for the next one.
        """
        with self._lock:
            frame = self._display.taken or self._source.newest
            return self._recordings.mark(self._recordings.marks.new(time.monotonic(), frame, text))

    def describe(self, number: int, text: str) -> Mark:
        """Give the mark with this number another text. Raises ``KeyError`` where there is none."""
        with self._lock:
            return self._recordings.mark(self._recordings.marks.described(number, text))
