"""A video file that another program still writes, as a source: it plays what is there, and goes on as more comes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from polyplive.errors import SourceError, SourceUnreadable
from polyplive.sources.file import SCAN_AT_OPEN_BYTES, FileSource
from polyplive.sources.reading.growing_file import Growth
from polyplive.sources.reading.growing_medium import GrowingMedium
from polyplive.sources.reading.growing_stream import GrowingStream

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.pixels.picture import Picture
    from polyplive.types import Frame, SourceInfo, StereoOption

IDLE_S = 10.0
"""After so many seconds without growth a file that is followed has ended, unless told otherwise."""


class FollowedSource(FileSource):
    """A file that another program is still writing; otherwise as ``FileSource``.

    ``read`` waits at the end of the file for more. It ends once the file has not grown for a while. What was written of
    a frame is waited for until it is whole. Seeking works within what is in the file. One thread reads it.
    """

    def __init__(
        self,
        path: Path,
        idle_s: float = IDLE_S,
        *,
        deinterlace: bool = False,
        full_path: bool = False,
        stream: int | None = None,
        stereo: StereoOption | None = None,
    ) -> None:
        """Open ``path``, which has ended once it has not grown for ``idle_s`` seconds; the rest is ``FileSource``'s.

        Waits until the first frame is there. Raises what ``FileSource`` raises, and ``SourceRefused`` for what cannot
        be read before it is complete: an ordinary MP4, DICOM.
        """
        self._growth = Growth(path, idle_s)
        self._ends_met = 0
        self._duration_s = 0.0
        try:
            medium = self._growing = GrowingMedium(path, self._growth)
            super().__init__(
                path, deinterlace=deinterlace, full_path=full_path, stream=stream, stereo=stereo, medium=medium
            )
        except SourceError:
            self._growth.raise_if_stopped()
            raise
        self._growth.raise_if_stopped()

    @property
    def duration_s(self) -> float:
        """Seconds of video that are known by now; it rises. Any thread."""
        return self._duration_s

    def interrupt(self) -> None:
        """End a wait for more at once: ``read`` gives None until the next ``seek``.

        Any thread, also in a signal's handler.
        """
        self._growth.interrupt()

    def finish(self) -> None:
        """Say that nothing more is written: the video ends where the file ends now. Any thread."""
        self._growth.finish()

    def read(self) -> Frame | None:
        """The next frame; None at the end, after ``close`` and after ``interrupt``.

        Raises ``SourceUnreadable`` where the file was cut or replaced meanwhile.
        """
        frame = None if self._growth.is_interrupted else super().read()
        self._growth.raise_if_stopped()
        if self._growth.is_interrupted:
            return None
        if frame is None and self._growth.problem:
            raise SourceUnreadable(f"'{self._path}' {self._growth.problem} while it was read", "Start again.")
        if frame is not None and frame.pts_s is not None:
            self._know(frame.pts_s + 1.0 / self._stream.times.rate)
        return frame

    def seek(self, pts_s: float) -> None:
        """Make the next ``read`` give the last frame whose PTS is at most ``pts_s``, clamped to what is in the file."""
        if self._growth.ends_met != self._ends_met:
            self._ended = True  # a demuxer that has met the end does not go on behind it
        self._growth.go_on()
        super().seek(pts_s)
        self._ends_met = self._growth.ends_met
        if self._stream.frames is not None:
            self._know(self._stream.times.duration_s(len(self._stream.frames)))

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._growth.interrupt()
        super().close()

    def _know(self, duration_s: float) -> None:
        self._duration_s = max(self._duration_s, duration_s)

    def _open_stream(self, stream: int | None) -> GrowingStream:
        self._frames = GrowingStream(self._growing, stream)
        return self._frames

    def _describe(self, first: Picture) -> SourceInfo:
        info = super()._describe(first)
        return replace(info, frames=None, duration_s=None) if self._medium.is_growing else info

    def _end(self) -> None:
        if self._growth.is_interrupted:
            self._ended = True
            return
        if self._medium.size <= SCAN_AT_OPEN_BYTES:
            with suppress(SourceError):  # the file was deleted
                self._frames.list_more()
        super()._end()
