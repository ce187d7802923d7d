"""Events as JSON Lines (schema 6): what was found in each frame, for other programs to read."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat

from polyplive.sinks.base import Content, GovernorStep, Mark, Sink
from polyplive.sinks.failures import check_in_place, sink_error
from polyplive.system.atomic_file import append_whole
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from fractions import Fraction
    from io import FileIO

    from polyplive.sinks.base import FrameRecord, Note, SessionInfo, SessionNote
    from polyplive.types import Detection, Frame, Prediction, StageTimes, Tally

SCHEMA = 6


class EventsSink(Sink):
    """Writes a line at the start, one for each frame, one where its size changes, one at the end; no thread of its own.

    Each whole line is passed to the operating system at once, so it survives if the process is killed. When the disk is
    full, a half-written last line is cut off.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._file: FileIO | None = None
        self._created = False
        self._size: tuple[int, int, Fraction] | None = None
        self._marks: tuple[Mark, ...] = ()
        self._pipeline: dict[str, Any] = {}

    @property
    def content(self) -> Content:
        """Events."""
        return Content.EVENTS

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Those that were written."""
        return self._marks

    @property
    def files(self) -> tuple[Path, ...]:
        """The one file, once it is there."""
        return (self._path,) if self._created else ()

    def open(self, session: SessionInfo) -> None:
        """Create the file and write the session line. Raises ``SinkError``."""
        try:
            self._file = create_private(self._path)
        except (OSError, ValueError) as error:
            raise sink_error(self._path, error) from None
        self._created = True
        source = session.source
        self._size = source.width, source.height, source.sample_aspect
        self._write_line(session_line(session))

    def write(self, record: FrameRecord) -> None:
        """Write one processed frame's line, after a line that says its size where that is new; raises ``SinkError``.

        A frame without a result has none.
        """
        frame = record.frame
        size = frame.width, frame.height, frame.sample_aspect
        if size != self._size:
            self._size = size
            self._write_line(size_line(frame))
        if record.prediction is None:
            return
        if (line := pipeline_line(record.prediction)) | {"index": None} != self._pipeline and record.prediction.run:
            self._pipeline = line | {"index": None}
            self._write_line(line)
        self._write_line(frame_line(record))

    def note(self, note: Note) -> None:
        """Write one line. Raises ``SinkError``."""
        self._write_line(note_line(note))
        if isinstance(note, Mark) and self._file is not None:
            self._marks += (note,)

    def end(self, tally: Tally, reason: str) -> None:
        """Write the last line. Raises ``SinkError``."""
        self._write_line(
            {
                "type": "end",
                "frames_read": tally.read,
                "frames_processed": tally.processed,
                "dropped": dict(tally.dropped),
                "repaired": tally.repaired,
                "reason": reason,
                **({"live": dict(tally.live)} if tally.live else {}),
            }
        )
        if self._file is not None:
            check_in_place(self._path, self._file)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_line(self, values: dict[str, Any]) -> None:
        if self._file is None:
            return
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        line = text.encode(errors="replace") + b"\n"  # a file's name may not be UTF-8
        try:
            append_whole(self._file, line)
        except OSError as error:
            raise sink_error(self._path, error) from None


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
        "sample_aspect": _rounded(source.sample_aspect, 6),
        "stereo": source.stereo,
        "stream": source.stream,
        "deinterlaced": source.deinterlaced,
        "live": source.live,
        "frames": source.frames,
        "model": session.model,
        "model_sha256": session.model_sha256,
        "backend": session.backend,
        "precision": session.precision,
        "pipeline": asdict(session.pipeline) if session.pipeline is not None else None,
        "version": session.version,
        "started": session.started,
    }


def size_line(frame: Frame) -> dict[str, Any]:
    """The values of the line before the first ``frame`` of another size or pixel shape; it holds until the next one."""
    return {
        "type": "size",
        "index": frame.index,
        "pts_s": _rounded(frame.pts_s, 6),
        "width": frame.width,
        "height": frame.height,
        "sample_aspect": _rounded(frame.sample_aspect, 6),
    }


def pipeline_line(prediction: Prediction) -> dict[str, Any]:
    """The values of the line before the first frame that was processed otherwise; it holds until the next one."""
    roi = prediction.roi
    return {
        "type": "pipeline",
        "index": prediction.index,
        "model_sha256": prediction.model_sha256,
        "threshold": prediction.threshold,
        "roi": [roi.x, roi.y, roi.width, roi.height],
        "run": prediction.run,
        "run_began": prediction.run_began,
    }


def frame_line(record: FrameRecord) -> dict[str, Any]:
    """One frame's values: times to the microsecond, scores to four decimals, coordinates in its own pixels."""
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
        "heatmap_of": prediction.cam_index if prediction is not None else None,
    }


def note_line(note: Note) -> dict[str, Any]:
    """The values of a line about what happened between frames."""
    if isinstance(note, Mark):
        return mark_line(note)
    return governor_line(note) if isinstance(note, GovernorStep) else state_line(note)


def mark_line(mark: Mark) -> dict[str, Any]:
    """The values of a line about what a person marked; of several with the same number the last one counts."""
    return {
        "type": "mark",
        "number": mark.number,
        "at_s": round(mark.at_s, 6),
        "index": mark.index,
        "pts_s": _rounded(mark.pts_s, 6),
        "text": mark.text,
    }


def state_line(note: SessionNote) -> dict[str, Any]:
    """The values of a line about the session's state."""
    return {"type": "state", "at_s": round(note.at_s, 6), "state": note.state.value, "reason": note.reason}


def governor_line(step: GovernorStep) -> dict[str, Any]:
    """The values of a line about what the governor did; model and heatmaps hold until the next one."""
    return {
        "type": "governor",
        "at_s": round(step.at_s, 6),
        "model": step.model,
        "model_sha256": step.model_sha256,
        "heatmap_every": step.heatmap_every,
        "reason": step.reason,
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


def _rounded(value: SupportsFloat | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)
