"""Where a video's bytes come from: a file of its own, or a part of another file."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, BinaryIO, Protocol

from polyplive.sources.av_errors import check_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path


class Medium(Protocol):
    """The bytes of one video, which FFmpeg may open several times, each time from the start."""

    @property
    def path(self) -> Path:
        """The file that the user named; errors name it."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the video, more than 0; of a growing one, those seen so far."""
        ...

    @property
    def is_growing(self) -> bool:
        """Whether more bytes may come. What was opened then waits for them at its end."""
        ...

    @property
    def ends_met(self) -> int:
        """How often a reader was told that a growing medium ends."""
        ...

    @property
    def format(self) -> str | None:
        """FFmpeg's name of the demuxer where the bytes do not show it, None otherwise."""
        ...

    @property
    def frames(self) -> int | None:
        """The number of frames as told outside of the stream, where each lies by itself; None where it is not known."""
        ...

    @property
    def rate(self) -> float | None:
        """Frames a second as told outside of the stream; used where the stream has no time stamps."""
        ...

    @property
    def times_s(self) -> Sequence[float]:
        """The time of each frame in seconds from the first, told outside of the stream; empty where it is not known.

        Used where the stream has no time stamps.
        """
        ...

    @property
    def sample_aspect(self) -> Fraction | None:
        """The width of a pixel by its height as told outside of the stream, which then counts; None: not told."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """Lines for the user about what the pictures do not tell by themselves."""
        ...

    def open(self) -> str | BinaryIO:
        """What FFmpeg opens: an address, or a file object that the decoder closes. Raises ``OSError``."""
        ...

    def at_once(self) -> AbstractContextManager[None]:
        """Inside, nobody waits: a growing medium ends where it ends now."""
        ...


class WholeMedium:
    """The part of ``Medium`` for a video that does not grow."""

    is_growing = False
    ends_met = 0

    def at_once(self) -> AbstractContextManager[None]:
        """See ``Medium``."""
        return nullcontext()


class FileMedium(WholeMedium):
    """A video file. Implements ``Medium``."""

    format: str | None = None
    frames: int | None = None
    rate: float | None = None
    times_s: Sequence[float] = ()
    sample_aspect: Fraction | None = None
    notices: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        """Raises ``SourceNotFound`` or ``SourceUnreadable`` where ``path`` is no regular file with content."""
        self.path = path
        self.size = check_file(path)

    def open(self) -> str | BinaryIO:
        """The file's address; the open file where FFmpeg would read the name as a pattern."""
        return self.path.open("rb") if "%" in str(self.path) else f"file:{self.path}"
