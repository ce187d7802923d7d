"""Writes pictures into a video, for ``import polyplive``: the encoder of recordings, without a session."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Rational
from typing import TYPE_CHECKING, SupportsFloat

from polyplive.errors import ConfigError, ImageError, SinkError
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.video import VideoSink
from polyplive.types import SQUARE, Frame, StageTimes

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from polyplive.types import Image


class VideoWriter:
    """Writes pictures into an H.264 video (``.mp4``, ``.mov``, ``.mkv``); use it in a ``with`` statement.

    What was written can be played, however the program ends. One thread.
    """

    def __init__(self, path: str | Path, fps: float | None = None, *, sample_aspect: Fraction = SQUARE) -> None:
        """Create the file; ``fps`` is in frames per second (None: 25).

        ``sample_aspect`` is the width of a pixel by its height, as ``SourceInfo.sample_aspect``; the video says it.
        Raises ``SinkError``, and ``ConfigError`` if ``fps`` or ``sample_aspect`` is no number above 0.
        """
        if fps is not None and not (isinstance(fps, SupportsFloat) and 0 < float(fps) < math.inf):
            raise ConfigError(f"fps is {fps!r}", "It must be a number above 0, or None.")
        if not (isinstance(sample_aspect, Rational) and sample_aspect > 0):
            raise ConfigError(f"sample_aspect is {sample_aspect!r}", "It must be a fraction above 0.")
        self._path, self._closed = path, False
        self._sample_aspect = Fraction(sample_aspect)
        self._size: tuple[int, int] | None = None
        self._sink = VideoSink(path)
        self._sink.start(fps)

    def write(self, picture: Image, pts_s: float | None = None) -> None:
        """Add ``picture``, uint8 [H, W, 3] BGR, all of one size; it must not be changed afterwards.

        ``pts_s`` is its time in seconds, for a video of variable frame rate. Raises ``ImageError`` where ``picture`` is
        none or of another size than the first; the video then goes on without it. Raises ``SinkError`` where an earlier
        picture could not be written, and after ``close``, and ``ConfigError`` if ``pts_s`` is no finite number.
        """
        if self._closed:
            raise SinkError(f"'{self._path}' is closed, and takes no more pictures", "Write the rest to another file.")
        if pts_s is not None and not (isinstance(pts_s, SupportsFloat) and math.isfinite(float(pts_s))):
            raise ConfigError(f"pts_s is {pts_s!r}", "It must be a number of seconds, or None.")
        frame = Frame(picture, pts_s=pts_s, sample_aspect=self._sample_aspect)
        size = frame.width, frame.height
        self._size = self._size or size
        if size != self._size:
            own = f"{self._size[0]}x{self._size[1]}"
            raise ImageError(
                f"Received a picture of {size[0]}x{size[1]} for a video of {own}",
                "Write pictures of another size to a VideoWriter of their own.",
            )
        self._sink.write(FrameRecord(frame, None, None, StageTimes()))

    def close(self) -> None:
        """Finish the file; calling it again does nothing. Raises ``SinkError``."""
        self._closed = True
        self._sink.close()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
