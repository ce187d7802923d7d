"""A live session as video files: raw, overlay or both, in pieces, with a time stamp for each frame."""

from __future__ import annotations

import csv
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.compositor import compose
from polyplive.errors import SinkError
from polyplive.sinks.base import FrameRecord, SessionInfo
from polyplive.sinks.failures import sink_error
from polyplive.sinks.h264 import quickest
from polyplive.sinks.video import VideoSink
from polyplive.types import SourceInfo, StageTimes, Tally

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from polyplive.live.outlet import Captured
    from polyplive.types import Image

_SPACE_EVERY_S = 2.0
_COLUMNS = ("frame", "index", "pts_s", "captured_s", "clock")
_USUAL_RATE = 30.0


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """``overlay`` and ``raw`` are the files' paths, None where not wanted.

    A new file begins after ``piece_s`` seconds (None: never) and where the picture's size changes. Recording ends,
    with what was written whole, when less than ``free_mib`` MiB are left.
    """

    overlay: Path | None = None
    raw: Path | None = None
    piece_s: float | None = None
    free_mib: float = 500.0


class LiveRecorder:
    """Writes captured frames; one thread. A file that fails leaves a line in ``problems``; the other goes on."""

    def __init__(self, settings: RecordingSettings) -> None:
        wanted = [(settings.overlay, True), (settings.raw, False)]
        self._reels = [_Reel(path, composed, settings) for path, composed in wanted if path is not None]
        self._problems: list[str] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for each file that had to end early."""
        return tuple(self._problems)

    def write(self, captured: Captured) -> None:
        """One frame to every file that still runs."""
        for reel in tuple(self._reels):
            try:
                reel.write(captured)
            except SinkError as error:
                self._problems.append(str(error))
                self._reels.remove(reel)
                self._close(reel)

    def close(self) -> None:
        """Finish every file."""
        for reel in self._reels:
            self._close(reel)
        self._reels = []

    def _close(self, reel: _Reel) -> None:
        try:
            reel.close()
        except SinkError as error:
            if str(error) not in self._problems:
                self._problems.append(str(error))


class _Reel:
    """One sequence of files, each with its list of frames beside it."""

    def __init__(self, path: Path, composed: bool, settings: RecordingSettings) -> None:
        self._path = path
        self._composed = composed
        self._settings = settings
        self._number = 0
        self._frames = 0
        self._began_s = self._looked_s = 0.0
        self._shape: tuple[int, ...] = ()
        self._sink: VideoSink | None = None
        self._list: TextIO | None = None

    def write(self, captured: Captured) -> None:
        """One frame; in a new file where that is due. Raises ``SinkError``."""
        frame = captured.frame
        self._check_space(frame.captured_s)
        piece_s = self._settings.piece_s
        is_due = piece_s is not None and frame.captured_s - self._began_s >= piece_s
        if self._sink is None or is_due or frame.image.shape != self._shape:
            self._begin(captured)
        assert self._sink is not None
        image = self._image(captured)
        self._sink.write(FrameRecord(frame, captured.prediction, image, StageTimes()))
        self._note(captured)

    def close(self) -> None:
        """Finish the file that is open. Raises ``SinkError``."""
        sink, self._sink = self._sink, None
        rows, self._list = self._list, None
        if rows is not None:
            rows.close()
        if sink is not None:
            sink.end(Tally(self._frames, self._frames, {}), "")
            sink.close()

    def _begin(self, captured: Captured) -> None:
        self.close()
        self._number += 1
        self._frames = 0
        self._began_s = captured.frame.captured_s
        self._shape = captured.frame.image.shape
        path = self._piece()
        rate = captured.info.fps if captured.info is not None else None
        self._sink = VideoSink(path, rate or _USUAL_RATE, h264=quickest())
        self._sink.open(_head(captured.info))
        try:
            self._list = path.with_suffix(".frames.csv").open("w", encoding="utf-8", newline="", buffering=1)
            csv.writer(self._list).writerow(_COLUMNS)
        except OSError as error:
            raise sink_error(path.with_suffix(".frames.csv"), error) from None

    def _piece(self) -> Path:
        """The file's own name for a recording in one piece, numbered ones otherwise."""
        if self._number == 1 and self._settings.piece_s is None:
            return self._path
        return self._path.with_name(f"{self._path.stem}-{self._number:03d}{self._path.suffix}")

    def _image(self, captured: Captured) -> Image:
        if not self._composed:
            return captured.frame.image
        return compose(captured.frame, captured.prediction, captured.overlay, captured.hud)

    def _note(self, captured: Captured) -> None:
        frame = captured.frame
        clock = time.time() - (time.monotonic() - frame.captured_s)
        row = (self._frames, frame.index, f"{frame.pts_s or 0.0:.6f}", f"{frame.captured_s:.6f}", f"{clock:.3f}")
        try:
            csv.writer(self._list).writerow(row)  # type: ignore[arg-type]
        except OSError as error:
            raise sink_error(self._path.with_suffix(".frames.csv"), error) from None
        self._frames += 1

    def _check_space(self, now_s: float) -> None:
        if now_s - self._looked_s < _SPACE_EVERY_S:
            return
        self._looked_s = now_s
        try:
            free_mib = shutil.disk_usage(self._path.resolve().parent).free / (1 << 20)
        except OSError as error:
            raise sink_error(self._path, error) from None
        if free_mib < self._settings.free_mib:
            raise SinkError(
                f"Recording to '{self._path.name}' has ended: only {free_mib:.0f} MiB are free",
                "What was written is whole; free some space, or record to another disk.",
            )


def _head(info: SourceInfo | None) -> SessionInfo:
    """All that a video file needs to know of the session is its rate."""
    source = info or SourceInfo("live", 0, 0, None, None, None, live=True)
    return SessionInfo(source, model="", model_sha256="", backend="", version="", started="")
