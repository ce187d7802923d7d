"""A recorder for tests: appends the bytes of a clip to a file, a few at a time, while others read it."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

PATIENCE_S = 600.0
"""What a followed file may rest before it has ended: longer than any test takes."""


class Recorder(threading.Thread):
    """Writes ``data`` to ``path``, of which ``there`` bytes are there from the beginning; then calls ``at_end``."""

    def __init__(self, path: Path, data: bytes, there: int = 0, most: int = 3000, seed: int = 0) -> None:
        super().__init__(name="recorder")
        self._path = path
        self._data = data
        self._there = there
        self._sizes = random.Random(seed)
        self._most = most
        self._at_end: Callable[[], None] = lambda: None
        self._may_end = threading.Event()
        self._is_over = False
        path.write_bytes(data[:there])

    def run(self) -> None:
        at = self._there
        with self._path.open("ab") as file:
            while at < len(self._data) and not self._is_over:
                piece = self._data[at : at + self._sizes.randint(1, self._most)]
                file.write(piece)
                file.flush()
                at += len(piece)
                time.sleep(0.003)
        self._may_end.wait()
        self._at_end()

    def then(self, at_end: Callable[[], None]) -> None:
        """Call ``at_end`` once everything is written."""
        self._at_end = at_end
        self._may_end.set()

    def __enter__(self) -> Recorder:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._may_end.set()
        self.join()
