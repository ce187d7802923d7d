"""The open file that FFmpeg writes a video to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sinks.failures import check_in_place
from polyplive.system.atomic_file import write_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path

_HEADER = 1 << 16
"""Bytes at the beginning of a file in which a header lies."""


class VideoFile:
    """A file with the methods that PyAV needs; one thread.

    FFmpeg gets no path: it would open the name again, and with it a link that somebody may have put there meanwhile.
    """

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self.bytes_written = 0
        """The bytes written so far, including overwritten ones."""
        self.change_header: Callable[[bytes], bytes] | None = None
        """Gives bytes that are to be written near the beginning as they shall be, and as many."""
        self._file = file

    def write(self, data: bytes) -> int:
        """Write all of ``data``, as FFmpeg does not notice a partial write. Raises ``OSError``."""
        if self.change_header is not None and self._file.tell() < _HEADER:
            data = self.change_header(data)
        write_all(self._file, data)
        self.bytes_written += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As a file."""
        return self._file.tell()

    def check_in_place(self) -> None:
        """Raise ``SinkError`` where the file was removed or replaced meanwhile."""
        check_in_place(self.path, self._file)

    def close(self) -> None:
        """As a file."""
        self._file.close()
