"""A medium that FFmpeg has opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av

if TYPE_CHECKING:
    from av.container import InputContainer

    from polyplive.sources.reading.medium import Medium


class OpenedMedium:
    """The open ``container`` of a medium, with the file that its bytes may come from. One thread."""

    def __init__(self, medium: Medium, options: dict[str, str]) -> None:
        """Raises PyAV's errors and ``OSError``; then nothing stays open."""
        where = medium.open()
        self._file = None if isinstance(where, str) else where
        try:
            opened = av.open(where, "r", format=medium.format, metadata_errors="replace", options=options)
        except BaseException:
            self._close_file()
            raise
        self.container = cast("InputContainer", opened)

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self.container.close()
        self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
