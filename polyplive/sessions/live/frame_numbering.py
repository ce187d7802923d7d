"""Frame numbers and times that continue when the source is opened again."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.types import Frame


class FrameNumbering:
    """Numbers the frames of a whole session and gives each its time; one thread at a time."""

    def __init__(self) -> None:
        self.next_index = self._first_index = 0
        self._opened_s: float | None = None
        self._offset_s = self._first_s = 0.0
        self._last: tuple[float, float] | None = None

    def source_opened(self) -> None:
        """Note that the source was opened again and counts its frames from zero."""
        self._opened_s = None

    def numbered(self, frame: Frame) -> Frame:
        """``frame`` with its index in the session, and with its time in seconds since the session's first frame.

        Within one opening the source's own times go on; a source that has none is timed by the capture clock. From one
        opening to the next, what has passed on the capture clock counts.
        """
        if self._opened_s is None:
            self._offset_s = self._begin(frame.captured_s) - (frame.pts_s or 0.0)
            self._opened_s = frame.captured_s
            self._first_index = self.next_index
        own_s = frame.pts_s if frame.pts_s is not None else frame.captured_s - self._opened_s
        index, time_s = self._first_index + frame.index, own_s + self._offset_s
        self.next_index = index + 1
        self._last = time_s, frame.captured_s
        return dataclasses.replace(frame, index=index, pts_s=time_s)

    def _begin(self, captured_s: float) -> float:
        """The time of the first frame since the source was opened."""
        if self._last is None:
            self._first_s = captured_s
            return 0.0
        last_s, last_captured_s = self._last  # a sender may have been ahead: time does not run back
        return max(captured_s - self._first_s, last_s + captured_s - last_captured_s)
