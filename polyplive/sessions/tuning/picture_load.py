"""What a window's picture takes of the processor, without a window."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import av
from av.video.reformatter import VideoReformatter

if TYPE_CHECKING:
    from types import TracebackType

FPS = 60
_CARD, _VIEW = (1920, 1080), (1280, 720)


class PictureLoad:
    """A thread that converts a frame of a capture card (YUYV, 1080p) to a view (BGRA, 720p), 60 times a second.

    Use it in a ``with`` statement. An engine that is measured beside it has the room that it will have live.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyplive-picture-load", daemon=True)
        self._taken: list[tuple[float, float]] = []

    def taken_ms(self, since_s: float, until_s: float) -> list[float]:
        """How many milliseconds each picture took that began in this span of ``time.perf_counter()``."""
        return [1e3 * taken_s for began_s, taken_s in self._taken.copy() if since_s <= began_s < until_s]

    def __enter__(self) -> PictureLoad:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        card, converter = av.VideoFrame(*_CARD, "yuyv422"), VideoReformatter()
        due_s = time.perf_counter()
        while not self._over.wait(max(0.0, due_s - time.perf_counter())):
            began_s = time.perf_counter()
            converter.reformat(card, *_VIEW, "bgra", threads=1)
            ended_s = time.perf_counter()
            self._taken.append((began_s, ended_s - began_s))
            due_s = max(due_s + 1 / FPS, ended_s)
