"""What sources of rendered pictures have in common: frames that are made from their numbers."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping

from polyplive.types import Frame, Image, SourceInfo


class RenderedFrames(ABC):
    """Implements ``Source`` for pictures that are rendered one by one; one thread.

    ``name`` says what it is, ``frames`` how many there are, at ``fps`` a second; ``size`` is (width, height) in pixels.
    """

    def __init__(self, name: str, size: tuple[int, int], fps: float, frames: int) -> None:
        self._size = size
        self._fps = fps
        self._frames = frames
        self._next = 0
        self._closed = False
        self._info = SourceInfo(name, *size, fps, frames, frames / fps, codec="rendered")

    @property
    def info(self) -> SourceInfo:
        """Size, rate and length; constant."""
        return self._info

    @property
    def dropped(self) -> Mapping[str, int]:
        """Always empty: nothing is lost."""
        return {}

    @abstractmethod
    def render(self, index: int) -> tuple[Image, object]:
        """Frame ``index`` (uint8 [H, W, 3], BGR) and what is true of it. Raises ``ConfigError`` for one not there."""

    def read(self) -> Frame | None:
        """The next frame, or None at the end."""
        if self._closed or self._next >= self._frames:
            return None
        index = self._next
        started = time.monotonic()
        image, _ = self.render(index)
        self._next += 1
        captured = time.monotonic()
        return Frame(image, index, index / self._fps, captured, (captured - started) * 1000)

    def seek(self, pts_s: float) -> None:
        """Make the next ``read`` give the last frame whose time is at most ``pts_s``, clamped to the ends."""
        index = math.floor(pts_s * self._fps + 1e-6) if math.isfinite(pts_s) else 0
        self._next = min(max(index, 0), self._frames - 1)

    def close(self) -> None:
        """End the source; ``read`` then gives None."""
        self._closed = True
