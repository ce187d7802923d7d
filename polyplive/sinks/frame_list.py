"""The list of a video's frames as CSV; it has only rows whose frames are in the video."""

from __future__ import annotations

import csv
import io
import time
from collections import deque
from typing import TYPE_CHECKING

from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import append_whole
from polyplive.system.file_names import fitting_stem
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO
    from pathlib import Path

    from polyplive.types import Frame

_COLUMNS = ("frame", "index", "pts_s", "captured_s", "clock")


class FrameList:
    """``NAME.frames.csv`` beside ``video``; one thread. Each method raises ``SinkError``.

    A name that becomes too long loses its end.
    """

    suffix = ".frames.csv"

    def __init__(self, video: Path) -> None:
        self.path = video.with_name(fitting_stem(video.stem, self.suffix) + self.suffix)
        self._rows: deque[tuple[object, ...]] = deque()
        self._file: FileIO | None = None
        self._taken = self._written = 0

    def open(self) -> None:
        """Create the file and write its header."""
        try:
            self._file = create_private(self.path)
        except (OSError, ValueError) as error:
            raise sink_error(self.path, error) from None
        self._write([_COLUMNS])

    def add(self, frame: Frame) -> None:
        """Note the next frame for the video; its row is written once ``hold`` says that the video has it."""
        clock = time.time() - (time.monotonic() - frame.captured_s)
        times = (f"{frame.pts_s or 0.0:.6f}", f"{frame.captured_s:.6f}", f"{clock:.3f}")
        self._rows.append((self._taken, frame.index, *times))
        self._taken += 1

    def hold(self, count: int) -> None:
        """Note that the video file now holds the first ``count`` frames."""
        rows = [self._rows.popleft() for _ in range(min(count - self._written, len(self._rows)))]
        if rows:
            self._written += len(rows)
            self._write(rows)

    def close(self, *, keep: bool = True) -> None:
        """Close the file. Without ``keep`` it is removed, like its video."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if not keep:
                self.path.unlink(missing_ok=True)

    def _write(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Write whole lines in one call."""
        if self._file is None:
            return
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        try:
            append_whole(self._file, text.getvalue().encode())
        except OSError as error:
            raise sink_error(self.path, error) from None
