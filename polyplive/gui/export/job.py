"""An export that runs beside the window."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from polyplive.errors import PolypliveError, text_of
from polyplive.gui.parts.update_signal import UpdateSignal

if TYPE_CHECKING:
    from collections.abc import Callable


class Export(Protocol):
    """Processes a recording from its first frame to its last into files."""

    @property
    def frames(self) -> int | None:
        """How many frames the recording has; None where that is not known."""
        ...

    def run(self, on_frame: Callable[[int], None]) -> str:
        """Write the files, and say in one line what was written. Any thread.

        ``on_frame`` gets the number of frames done. ``KeyboardInterrupt`` raised there ends it; the files are then
        whole as far as they go. Raises ``PolypliveError``.
        """
        ...


class ExportThread(threading.Thread):
    """Runs an export; ``news.arrived`` tells Qt's thread to look at ``done``, ``said`` and ``failure``."""

    def __init__(self, export: Export) -> None:
        super().__init__(name="polyplive-export", daemon=True)
        self.news = UpdateSignal()
        self.done = 0
        self.said = ""
        self.failure: Exception | None = None
        self._export = export
        self._stopped = threading.Event()

    @property
    def is_over(self) -> bool:
        """Whether it has said how it ended."""
        return bool(self.said) or self.failure is not None

    def stop(self) -> None:
        """End after the current frame; any thread."""
        self._stopped.set()

    def run(self) -> None:
        """Export, and keep how that ended."""
        try:
            self.said = self._export.run(self._advance)
        except PolypliveError as error:
            self.failure = error
        except Exception as error:  # a library's own
            self.failure = PolypliveError(f"The export failed ({text_of(error)})")
        self.news.tell()

    def _advance(self, done: int) -> None:
        self.done = done
        self.news.tell()
        if self._stopped.is_set():
            raise KeyboardInterrupt
