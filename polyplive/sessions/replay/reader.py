"""Reads a recorded source for playback: one frame ahead, up to a number of frames."""

from __future__ import annotations

import time
from queue import Empty
from typing import TYPE_CHECKING

from polyplive.errors import SourceUnreadable
from polyplive.sessions.replay.awaited import AwaitedReads
from polyplive.sources.reading.followed import FollowedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.sources.base import Source
    from polyplive.types import Frame, SourceInfo

_USUAL_FPS = 25.0
_LONG_WAIT_S = 1.0


class Reader:
    """Reads a source that it owns; used by the playback thread.

    ``frames`` is the number of frames to play (None: to the end). ``next`` is the frame that was read and not taken
    yet. A file that is still being written is read in another thread; ``on_come`` is called there when a frame came.
    """

    def __init__(self, open_source: Callable[[], Source], frames: int | None, on_come: Callable[[], None]) -> None:
        self._open_source = open_source
        self._frames = frames
        self._on_come = on_come
        self._source: Source | None = None
        self._awaited: AwaitedReads | None = None
        self._waits_since_s = 0.0
        self._first_beyond: int | None = None
        self._at_end = False
        self.is_limited = False
        """Whether it ended because of ``frames``, not at the end of the source."""
        self.next: Frame | None = None

    def open(self) -> None:
        """Open the source. Raises ``SourceError``."""
        self._source = self._open_source()
        if isinstance(self._source, FollowedSource):
            self._awaited = AwaitedReads(self._source.read, self._on_come)
            self._awaited.start()

    @property
    def is_open(self) -> bool:
        """Whether it can be read."""
        return self._source is not None

    @property
    def info(self) -> SourceInfo | None:
        """Of the source, once it is open."""
        return self._source.info if self._source is not None else None

    @property
    def duration_s(self) -> float | None:
        """How long the video is in seconds, as far as it is known; None where it is not."""
        if isinstance(self._source, FollowedSource):
            return self._source.duration_s
        return self.info.duration_s if self.info is not None else None

    @property
    def is_waiting(self) -> bool:
        """Whether the next frame is read in another thread."""
        return self._awaited is not None and self._awaited.is_reading

    @property
    def patience_s(self) -> float:
        """In how many seconds the wait is worth a word to the user; 0 once it is."""
        return max(0.0, self._waits_since_s + _LONG_WAIT_S - time.monotonic())

    @property
    def dropped(self) -> Mapping[str, int]:
        """Frames that the source lost, by cause."""
        return self._source.dropped if self._source is not None else {}

    def pts_s(self, frame: Frame) -> float:
        """The frame's time in the source in seconds, estimated where it has no time stamp."""
        if frame.pts_s is not None:
            return frame.pts_s
        fps = self.info.fps if self.info is not None else None
        return frame.index / (fps or _USUAL_FPS)

    def seek(self, pts_s: float) -> None:
        """Make the frame at ``pts_s`` (seconds) the next one."""
        self.next = None
        self._at_end = False
        assert self._source is not None
        if not self._settle():
            raise SourceUnreadable("The video has not answered for seconds", "Look whether its disk or share is there.")
        self._source.seek(pts_s)

    def read(self) -> bool:
        """Read the ``next`` frame; False at the end, and while the frame is awaited."""
        try:
            frame = None if self._at_end else self._read()
        except Empty:
            return False
        if frame is not None and self._frames is not None:
            self._first_beyond = frame.index + self._frames if self._first_beyond is None else self._first_beyond
            self.is_limited = frame.index >= self._first_beyond
            frame = None if self.is_limited else frame
        self._at_end = frame is None
        self.next = frame
        return frame is not None

    def take(self) -> Frame:
        """Take the ``next`` frame."""
        frame, self.next = self.next, None
        assert frame is not None
        return frame

    def close(self) -> None:
        """Close the source."""
        if self._source is not None and self._settle():
            self._source.close()
            if self._awaited is not None:
                self._awaited.end()

    def _read(self) -> Frame | None:
        assert self._source is not None
        if self._awaited is None:
            return self._source.read()
        if not self._awaited.is_reading:
            self._waits_since_s = time.monotonic()
            self._awaited.ask()
        return self._awaited.take()

    def _settle(self) -> bool:
        """End a read in the other thread; False if it does not end."""
        if not isinstance(self._source, FollowedSource) or self._awaited is None:
            return True
        self._source.interrupt()
        return self._awaited.settle()
