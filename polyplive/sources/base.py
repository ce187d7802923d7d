"""The protocols of sources, which give frames: who calls what, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.types import Frame, SourceInfo


class Source(Protocol):
    """Gives frames in order. One thread opens, reads and closes it."""

    @property
    def info(self) -> SourceInfo:
        """What was known when it was opened, and with a live source what its first frame told besides."""
        ...

    @property
    def dropped(self) -> Mapping[str, int]:
        """Frames lost inside the source so far, by cause (a damaged packet, a missed buffer). A copy."""
        ...

    def read(self) -> Frame | None:
        """The next frame, or None at the end and at every call after that.

        Raises ``SourceError`` only when no more frames can come. Single damaged frames are counted instead.
        """
        ...

    def seek(self, pts_s: float) -> None:
        """Make the next ``read`` give the last frame whose PTS is at most ``pts_s`` (clamped to the source's ends).

        Raises ``SourceError`` for a live source.
        """
        ...

    def close(self) -> None:
        """Free everything; a second call does nothing. After that ``read`` returns None."""
        ...


class LiveSource(Source, Protocol):
    """A source that has no end: ``read`` raises ``SourceLost`` when no more can come."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each requested setting that the device refused."""
        ...
