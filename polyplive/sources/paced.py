"""A recording as a live source: its frames come at its own rate, in a loop, as from a capture card."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from polyplive.errors import SourceLost
from polyplive.system import spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.sources.base import Source
    from polyplive.types import Frame, SourceInfo

USUAL_FPS = 25.0
LATE = "late"


class PacedSource:
    """Gives each frame of ``source`` when it is due; implements ``LiveSource``. Its clock does not wait for the reader.

    A frame is decoded before it is due. A reader that is more than a frame late misses the frames due meanwhile, as
    with a card; they count as ``late``. It owns ``source``. One thread, as for every source.
    """

    warnings: tuple[str, ...] = ()

    def __init__(self, source: Source, fps: float | None = None) -> None:
        self._source = source
        self._fps = fps or source.info.fps or USUAL_FPS
        self.info: SourceInfo = dataclasses.replace(source.info, fps=self._fps, frames=None, duration_s=None, live=True)
        self._late = 0
        self._index = 0
        self._began_s: float | None = None

    @property
    def dropped(self) -> Mapping[str, int]:
        """Late frames, and what was lost in the recording."""
        return {**self._source.dropped, LATE: self._late}

    def read(self) -> Frame | None:
        """The next frame, when it is due. Raises ``SourceLost`` where the recording has no frame at all."""
        began_s = time.perf_counter()
        frame = self._decode()
        decoded_s, now_s = time.perf_counter(), time.monotonic()
        if self._began_s is None:
            self._began_s = now_s
        missed = int((now_s - self._due_s) * self._fps)
        if missed > 0:
            self._late += missed
            self._index += missed
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        index, self._index = self._index, self._index + 1
        spans.note(spans.DECODE, index, began_s, decoded_s)
        spans.note_moment(spans.READ, index)
        return dataclasses.replace(frame, index=index, pts_s=index / self._fps, captured_s=time.monotonic())

    def seek(self, pts_s: float) -> None:
        """A live source cannot."""
        raise SourceLost("A live source cannot seek", "Replay the recording instead.")

    def close(self) -> None:
        """Close the recording."""
        self._source.close()

    @property
    def _due_s(self) -> float:
        """When the next frame is due."""
        return (self._began_s or 0.0) + self._index / self._fps

    def _decode(self) -> Frame:
        frame = self._source.read()
        if frame is None:
            self._source.seek(0.0)
            frame = self._source.read()
        if frame is None:
            raise SourceLost(f"'{self.info.name}' has no frame", "Name another video.")
        return frame
