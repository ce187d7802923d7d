"""Events as JSON Lines (schema 1): what was found in each frame, for other programs to read."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyplive.sinks.failures import sink_error

if TYPE_CHECKING:
    from io import FileIO

    from polyplive.sinks.base import FrameRecord, SessionInfo, SessionNote
    from polyplive.types import Detection, StageTimes, Tally

SCHEMA = 1


class EventsSink:
    """Writes one line at the start, one a frame, one at the end; no thread of its own.

    Each line goes to the operating system whole and at once, so that a killed process leaves every line it had
    written. When the disk fills up, a half-written last line is cut off again.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._file: FileIO | None = None
        self._written = 0

    @property
    def wants_composite(self) -> bool:
        """False: events hold numbers only."""
        return False

    def open(self, session: SessionInfo) -> None:
        """Create the file and write the session line. Raises ``SinkError``."""
        try:
            self._file = self._path.open("wb", buffering=0)
        except (OSError, ValueError) as error:
            raise sink_error(self._path, error) from None
        self._written = 0
        self._write_line(session_line(session))

    def write(self, record: FrameRecord) -> None:
        """Write one processed frame's line; a frame without a result has none. Raises ``SinkError``."""
        if record.prediction is not None:
            self._write_line(frame_line(record))

    def note(self, note: SessionNote) -> None:
        """Write one line. Raises ``SinkError``."""
        values = {"type": "state", "at_s": round(note.at_s, 6), "state": note.state.value, "reason": note.reason}
        self._write_line(values)

    def end(self, tally: Tally, reason: str) -> None:
        """Write the last line. Raises ``SinkError``."""
        self._write_line(
            {
                "type": "end",
                "frames_read": tally.read,
                "frames_processed": tally.processed,
                "dropped": dict(tally.dropped),
                "reason": reason,
                **({"live": dict(tally.live)} if tally.live else {}),
            }
        )

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_line(self, values: dict[str, Any]) -> None:
        if self._file is None:
            return
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        line = text.encode(errors="replace") + b"\n"  # a file's name need not be UTF-8
        try:
            rest = line
            while rest:  # a nearly full disk takes a part, and refuses only the next call
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):  # a pipe or a device cannot be cut
                self._file.truncate(self._written)
            raise sink_error(self._path, error) from None
        self._written += len(line)


def session_line(session: SessionInfo) -> dict[str, Any]:
    """The first line's values."""
    source = session.source
    return {
        "type": "session",
        "schema": SCHEMA,
        "source": source.name,
        "fps": _rounded(source.fps, 6),
        "width": source.width,
        "height": source.height,
        "frames": source.frames,
        "model": session.model,
        "model_sha256": session.model_sha256,
        "backend": session.backend,
        "version": session.version,
        "started": session.started,
    }


def frame_line(record: FrameRecord) -> dict[str, Any]:
    """One frame's values: times to the microsecond, scores to four decimals, coordinates in source pixels."""
    frame, prediction = record.frame, record.prediction
    return {
        "type": "frame",
        "index": frame.index,
        "pts_s": _rounded(frame.pts_s, 6),
        "captured_s": _rounded(frame.captured_s, 6),
        "detections": [_detection(item) for item in prediction.detections] if prediction is not None else [],
        "delays_ms": {
            "video": _rounded(record.video_delay_ms, 3),
            "annotation": _rounded(record.annotation_delay_ms, 3),
        },
        "stages_ms": _stages(record.stages),
    }


def _detection(detection: Detection) -> dict[str, Any]:
    return {
        "track": detection.track,
        "score": round(float(detection.score), 4),
        "bbox": [int(value) for value in detection.bbox],
        "area_px": int(detection.area_px),
        "contour": detection.contour.tolist(),
    }


def _stages(stages: StageTimes) -> dict[str, float]:
    return {item.name.removesuffix("_ms"): round(getattr(stages, item.name), 3) for item in fields(stages)}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
