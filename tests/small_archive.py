"""A small archive for tests: short clips with findings in them, damaged files, and one that is being written."""

from __future__ import annotations

import functools
import itertools
import json
import os
import threading
import time
from typing import TYPE_CHECKING

import av
import cv2
from clipmaker import write_clip
from processes import wait_until

from polyplive.system.assets import asset

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import numpy as np

_SIZE = 192, 160
_LONG_AGO_S = 1e9


@functools.cache
def _pictures() -> list[np.ndarray]:
    """Every fifth frame of the rendered clip, small."""
    with av.open(str(asset("demo.mp4"))) as clip:
        frames = itertools.islice(clip.decode(video=0), 0, None, 5)
        return [cv2.resize(frame.to_ndarray(format="bgr24"), _SIZE, interpolation=cv2.INTER_AREA) for frame in frames]


def write_recording(path: Path, number: int = 0, frames: int = 6) -> Path:
    """A clip that nobody has touched for long; each ``number`` shows something else.

    Decoding can begin at every fourth frame.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    found = _pictures()
    start = 7 * number % (len(found) - frames)
    container = "matroska" if path.suffix == ".mkv" else None
    write_clip(path, found[start : start + frames], container=container, options={"g": "4"})
    return rested(path)


def write_damaged(path: Path, kind: str) -> Path:
    """A file of a video's name that holds none: ``empty``, ``noise``, or ``cut`` before its index."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "cut":
        write_recording(path)
        path.write_bytes(path.read_bytes()[:900])
    else:
        path.write_bytes(b"" if kind == "empty" else bytes(range(1, 250)) * 40)
    return rested(path)


def rested(path: Path) -> Path:
    """``path``, as if it had been written long ago."""
    os.utime(path, (_LONG_AGO_S, _LONG_AGO_S))
    return path


def findings(out: Path) -> dict[tuple[str, int], tuple[str, str]]:
    """What a batch found: by file name and size, the status and the hash of all findings."""
    found = {}
    for file in out.glob("*/result.json"):
        result = json.loads(file.read_text(encoding="utf-8"))
        figures = result["figures"] or {"findings_sha256": ""}
        key = result["source"], result["input"]["size"]
        assert key not in found, "nothing twice"
        found[key] = result["status"], figures["findings_sha256"]
    return found


def result_files(out: Path) -> dict[str, tuple[int, bytes]]:
    """Each result file with when it was written and what it holds: who writes it again changes that."""
    return {file.parent.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in out.glob("*/result.json")}


def wait_for_results(out: Path, count: int) -> None:
    wait_until(lambda: len(list(out.glob("*/result.json"))) >= count, f"{count} results")


class GrowingRecording(threading.Thread):
    """Appends to a file again and again until the end of a ``with`` statement."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="recorder")
        self._file = write_recording(path).open("ab")
        self._may_go_on = True

    def run(self) -> None:
        while self._may_go_on:
            self._file.write(b"\0" * 100)
            self._file.flush()
            time.sleep(0.02)

    def __enter__(self) -> GrowingRecording:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._may_go_on = False
        self.join()
        self._file.close()
