"""The bytes of a video file that another program is still writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from polyplive.errors import SourceRefused
from polyplive.sources.av_errors import check_file, translated
from polyplive.sources.reading.dicom.header import data_set_start
from polyplive.sources.reading.growing_file import GrowingFile, Growth
from polyplive.sources.reading.medium import FileMedium

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

_PLAY = "Play it without --follow."
_MEDIA = b"mdat"
_BEFORE_INDEX = frozenset({b"ftyp", b"styp", b"free", b"skip", b"wide", b"uuid", b"pdin", _MEDIA})
_IS_LARGE = 1
"""In the place of a box's size: the size follows, in eight bytes."""


class GrowingMedium(FileMedium):
    """A video file that grows. Implements ``Medium``."""

    def __init__(self, path: Path, growth: Growth) -> None:
        """Wait until something is in the file, at most as long as ``growth`` does.

        Raises ``SourceNotFound`` or ``SourceUnreadable`` where there is no file with content, and ``SourceRefused``
        where it cannot be read before it is complete.
        """
        self.path = path
        self.growth = growth
        check_file(path, may_be_empty=True)
        with translated(path), GrowingFile(path, growth) as file:
            _check_mp4(path, file)
        check_file(path)
        if data_set_start(path) is not None:
            raise SourceRefused(f"'{path}' is DICOM, which is written at one go", _PLAY)

    @property
    def size(self) -> int:  # type: ignore[override]
        """Bytes that were seen so far."""
        return self.growth.size

    @property
    def is_growing(self) -> bool:  # type: ignore[override]
        """Whether more may come."""
        return not self.growth.has_ended

    @property
    def ends_met(self) -> int:  # type: ignore[override]
        """How often a reader was told that the file ends."""
        return self.growth.ends_met

    def open(self) -> str | BinaryIO:
        """The file; who reads it waits at the end."""
        return cast("BinaryIO", GrowingFile(self.path, self.growth))

    def at_once(self) -> AbstractContextManager[None]:
        """Inside, the file ends where it ends now."""
        return self.growth.without_waiting()


def _check_mp4(path: Path, file: GrowingFile) -> None:
    """Raise ``SourceRefused`` for an MP4 that has pictures and no index yet; waits for the headers of its boxes.

    Boxes are those of ISO 14496-12, 4.2. Any other file passes.
    """
    place: int | None = 0
    while place is not None:
        kind, behind = _box(file, place)
        if kind == _MEDIA and (behind is None or behind >= path.stat().st_size):
            raise SourceRefused(
                f"'{path}' cannot be followed: an ordinary MP4 tells only at its end what is in it",
                "Play it once the recording has ended, or record to .mkv, .ts or fragmented MP4.",
            )
        place = behind if kind in _BEFORE_INDEX else None


def _box(file: GrowingFile, place: int) -> tuple[bytes, int | None]:
    """The kind of the box at ``place`` and where the next one begins; None where it has no end yet."""
    file.seek(place)
    header = _exactly(file, 8)
    size = int.from_bytes(header[:4], "big")
    if size == _IS_LARGE:
        size = int.from_bytes(_exactly(file, 8), "big")
    return header[4:], place + size if size >= len(header) else None


def _exactly(file: GrowingFile, size: int) -> bytes:
    """``size`` bytes, fewer only at the end."""
    data = b""
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data
