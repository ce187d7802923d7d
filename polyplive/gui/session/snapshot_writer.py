"""Writes snapshots in a thread of its own: encoding takes longer than a live picture may stand still; without Qt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from polyplive.errors import SinkError
from polyplive.gui.session.snapshots import save_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from polyplive.gui.session.snapshots import Snapshot


class SnapshotWriter:
    """Writes to ``folder``, in order. ``on_written`` gets a line and whether it is an error, in the writer's thread."""

    def __init__(self, folder: Path, on_written: Callable[[str, bool], object]) -> None:
        self.folder = folder
        self._on_written = on_written
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="polyplive-snapshots")

    def save(self, snapshot: Snapshot, source: str, position_s: float) -> Future[tuple[Path, Path] | None]:
        """Have both pictures written (``save_snapshot``); returns at once. The result is their paths, or None."""
        return self._threads.submit(self._write, snapshot, source, position_s)

    def close(self) -> None:
        """Wait until all are written."""
        self._threads.shutdown()

    def _write(self, snapshot: Snapshot, source: str, position_s: float) -> tuple[Path, Path] | None:
        try:
            clean, marked = save_snapshot(snapshot, self.folder, source, position_s)
        except SinkError as error:
            self._on_written(str(error), True)
            return None
        self._on_written(f"Saved {clean} and {marked.name}", False)
        return clean, marked
