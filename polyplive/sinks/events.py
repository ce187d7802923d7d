"""Events as JSON Lines (schema 6): what was found in each frame, for other programs to read."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat

from polyplive.sinks.base import Content, GovernorStep, Mark, Sink
from polyplive.sinks.failures import check_in_place, sink_error
from polyplive.system.atomic_file import append_whole
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from io import FileIO

    from polyplive.sinks.base import FrameRecord, Note, SessionInfo, SessionNote
    from polyplive.types import Detection, Prediction, Roi, StageTimes, Tally

SCHEMA = 6


@dataclass(frozen=True, slots=True)
class Processing:
    """How a frame was processed; fields as in ``Prediction``."""

    model_sha256: str
    threshold: float
    roi: Roi
    run: int
    run_began: int

    @classmethod
    def of(cls, prediction: Prediction) -> Processing | None:
        """Of the frame of a prediction; None where that is not known."""
        if not prediction.run:
            return None
        return cls(prediction.model_sha256, prediction.threshold, prediction.roi, prediction.run, prediction.run_began)


@dataclass(frozen=True, slots=True, eq=False)
class FoundFrame:
    """What events say of one frame: all but its picture. Fields as in ``Frame``, ``FrameRecord`` and ``Prediction``.

    ``detections`` is None for a frame without a result. ``heatmap_of`` is the frame that its heatmap was computed of.
    """

    index: int
    pts_s: float | None
    captured_s: float
    width: int
    height: int
    sample_aspect: Fraction
    detections: tuple[Detection, ...] | None
    stages: StageTimes
    video_delay_ms: float | None = None
    annotation_delay_ms: float | None = None
    heatmap_of: int | None = None
    processing: Processing | None = None
    with_map: bool = False

    @classmethod
    def of(cls, record: FrameRecord) -> FoundFrame:
        """Of a frame that a sink is given."""
        frame, prediction = record.frame, record.prediction
        return cls(
            index=frame.index,
            pts_s=frame.pts_s,
            captured_s=frame.captured_s,
            width=frame.width,
            height=frame.height,
            sample_aspect=frame.sample_aspect,
            detections=None if prediction is None else prediction.detections,
            stages=record.stages,
            video_delay_ms=record.video_delay_ms,
            annotation_delay_ms=record.annotation_delay_ms,
            heatmap_of=None if prediction is None else prediction.cam_index,
            processing=None if prediction is None else Processing.of(prediction),
            with_map=prediction is not None and prediction.with_map,
        )


class EventLines:
    """Writes events to an open ``file``, line after line. Raises ``OSError``; a line is there whole or not at all."""

    def __init__(self, file: FileIO, session: SessionInfo) -> None:
        """Write the session line."""
        self._file = file
        source = session.source
        self._size = source.width, source.height, source.sample_aspect
        self._processing: Processing | None = None
        self._write(session_line(session))

    def add(self, found: FoundFrame) -> None:
        """Write one frame's line, after lines that say its size and how it was processed where that is new.

        A frame without a result has none.
        """
        size = found.width, found.height, found.sample_aspect
        if size != self._size:
            self._size = size
            self._write(size_line(found))
        if found.detections is None:
            return
        if found.processing is not None and found.processing != self._processing:
            self._processing = found.processing
            self._write(pipeline_line(found.index, found.processing))
        self._write(found_line(found))

    def note(self, note: Note) -> None:
        """Write one line."""
        self._write(note_line(note))

    def end(self, tally: Tally, reason: str) -> None:
        """Write the last line."""
        self._write(end_line(tally, reason))

    def _write(self, values: dict[str, Any]) -> None:
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        append_whole(self._file, text.encode(errors="replace") + b"\n")  # a file's name may not be UTF-8


class EventsSink(Sink):
    """Writes a line at the start, one for each frame, one where its size changes, one at the end; no thread of its own.

    Each whole line is passed to the operating system at once, so it survives if the process is killed. When the disk is
    full, a half-written last line is cut off.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._file: FileIO | None = None
        self._lines: EventLines | None = None
        self._created = False
        self._marks: tuple[Mark, ...] = ()

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
        with self._said():
            self._lines = EventLines(self._file, session)

    def write(self, record: FrameRecord) -> None:
        """Write one processed frame's line, after a line that says its size where that is new; raises ``SinkError``.

        A frame without a result has none.
        """
        if self._lines is not None:
            with self._said():
                self._lines.add(FoundFrame.of(record))

    def note(self, note: Note) -> None:
        """Write one line. Raises ``SinkError``."""
        if self._lines is None:
            return
        with self._said():
            self._lines.note(note)
        if isinstance(note, Mark):
            self._marks += (note,)

    def end(self, tally: Tally, reason: str) -> None:
        """Write the last line. Raises ``SinkError``."""
        if self._lines is None or self._file is None:
            return
        with self._said():
            self._lines.end(tally, reason)
        check_in_place(self._path, self._file)

    def close(self) -> None:
        """Close the file."""
        self._lines = None
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """Raises the system's errors as ``SinkError``."""
        try:
            yield
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
        "cam_target": session.cam_target,
        "pipeline": asdict(session.pipeline) if session.pipeline is not None else None,
        "version": session.version,
        "started": session.started,
    }


def size_line(frame: FoundFrame) -> dict[str, Any]:
    """The values of the line before the first ``frame`` of another size or pixel shape; it holds until the next one."""
    return {
        "type": "size",
        "index": frame.index,
        "pts_s": _rounded(frame.pts_s, 6),
        "width": frame.width,
        "height": frame.height,
        "sample_aspect": _rounded(frame.sample_aspect, 6),
    }


def pipeline_line(index: int, processing: Processing) -> dict[str, Any]:
    """The values of the line before frame ``index``, which was processed otherwise; it holds until the next one."""
    roi = processing.roi
    return {
        "type": "pipeline",
        "index": index,
        "model_sha256": processing.model_sha256,
        "threshold": processing.threshold,
        "roi": [roi.x, roi.y, roi.width, roi.height],
        "run": processing.run,
        "run_began": processing.run_began,
    }


def frame_line(record: FrameRecord) -> dict[str, Any]:
    """One frame's values: times to the microsecond, scores to four decimals, coordinates in its own pixels."""
    return found_line(FoundFrame.of(record))


def found_line(found: FoundFrame) -> dict[str, Any]:
    """The same for a frame whose picture is not at hand."""
    return {
        "type": "frame",
        "index": found.index,
        "pts_s": _rounded(found.pts_s, 6),
        "captured_s": _rounded(found.captured_s, 6),
        "detections": [_detection(item) for item in found.detections or ()],
        "delays_ms": {
            "video": _rounded(found.video_delay_ms, 3),
            "annotation": _rounded(found.annotation_delay_ms, 3),
        },
        "stages_ms": _stages(found.stages),
        "heatmap_of": found.heatmap_of,
        "with_map": found.with_map,
    }


def end_line(tally: Tally, reason: str) -> dict[str, Any]:
    """The last line's values."""
    return {
        "type": "end",
        "frames_read": tally.read,
        "frames_processed": tally.processed,
        "dropped": dict(tally.dropped),
        "repaired": tally.repaired,
        "reason": reason,
        **({"live": dict(tally.live)} if tally.live else {}),
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
