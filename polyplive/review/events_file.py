"""Reads an events file: the session's facts, then frame after frame what was found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from polyplive.errors import DataError
from polyplive.review.findings import FrameFindings
from polyplive.sinks.base import Mark
from polyplive.sinks.events import SCHEMA
from polyplive.stats import STAGES, Delays, StageRecorder
from polyplive.system.file_names import file_name
from polyplive.types import Detection, Roi, StageTimes

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_SCHEMA = 4
"""Events of older schemas are not read."""


@dataclass(frozen=True, slots=True)
class EventsSession:
    """The first line of an events file; fields as in ``SessionInfo`` and ``SourceInfo``.

    Those with a default are missing in files of older schemas.
    """

    source: str
    fps: float | None
    width: int
    height: int
    sample_aspect: float
    frames: int | None
    model: str
    model_sha256: str
    backend: str
    version: str
    started: str
    stereo: str | None = None
    stream: int | None = None
    deinterlaced: bool = False
    live: bool = False
    precision: str = ""
    cam_target: str = "mask"
    pipeline: dict[str, Any] | None = None

    @property
    def frame_s(self) -> float:
        """How long a frame lasts, in seconds; of an unknown rate, a 25th."""
        return 1 / (self.fps or 25.0)


@dataclass(frozen=True, slots=True)
class Processing:
    """A line of type ``pipeline``: what frames were processed with from there on; fields as in ``Prediction``."""

    model_sha256: str
    threshold: float
    roi: Roi
    run: int
    run_began: int


class EventsFile:
    """An events file, read line by line; one thread.

    ``session`` is there at once. ``frames`` goes through the file; then ``marks`` (by number), ``stages``,
    ``annotation_ms`` and ``end`` (the values of the last line; None where the file was cut short) are known. Raises
    ``DataError`` for what is no events file.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self.marks: dict[int, Mark] = {}
        self.end: dict[str, Any] | None = None
        self.processing: Processing | None = None
        """What the frame that ``frames`` gave last was processed with; None in files of schemas before 6."""
        self.models: dict[str, str] = {}
        """Names of the models that ran, by their SHA-256, as far as ``frames`` has come."""
        self.stages = StageRecorder()
        self.annotation_ms = Delays()
        first = next(self._lines(), {})
        if first.get("type") != "session" or not OLDEST_SCHEMA <= first.get("schema", 0) <= SCHEMA:
            raise self._no_events()
        names = EventsSession.__dataclass_fields__
        try:
            self.session = EventsSession(**{name: first[name] for name in names if name in first})
        except TypeError:
            raise self._no_events() from None
        self.models[self.session.model_sha256] = self.session.model

    def sha256(self) -> str:
        """The hash of the file as it is now, in hexadecimal. Raises ``DataError``."""
        try:
            with self._path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self._unreadable(error) from None

    def frames(self) -> Iterator[FrameFindings]:
        """Every processed frame in the file's order. Raises ``DataError`` for a line that is no event."""
        width, height = self.session.width, self.session.height
        self.stages, self.annotation_ms = StageRecorder(), Delays()
        for line in self._lines():
            try:
                match line.get("type"):
                    case "frame":
                        self._take_times(line)
                        frame = self._frame(line, width, height)
                    case "size":
                        width, height = line["width"], line["height"]
                        continue
                    case "pipeline":
                        names = ("model_sha256", "threshold", "run", "run_began")
                        self.processing = Processing(roi=Roi(*line["roi"]), **{name: line[name] for name in names})
                        continue
                    case "governor":
                        self.models[line["model_sha256"]] = line["model"]
                        continue
                    case "mark":
                        mark = Mark(line["number"], line["at_s"], line["index"], line["pts_s"], line["text"])
                        self.marks[mark.number] = mark
                        continue
                    case "end":
                        self.end = line
                        continue
                    case _:
                        continue
            except (KeyError, TypeError, ValueError, OverflowError):  # JSON, but not what an event holds
                raise self._no_events() from None
            yield frame

    def _take_times(self, line: dict[str, Any]) -> None:
        self.stages.add(StageTimes(**{f"{stage}_ms": line["stages_ms"][stage] for stage in STAGES}))
        annotation_ms = line["delays_ms"]["annotation"]
        if annotation_ms is not None:
            self.annotation_ms.add(annotation_ms)

    def _frame(self, line: dict[str, Any], width: int, height: int) -> FrameFindings:
        index, time_s = line["index"], line["pts_s"]
        found = tuple(_detection(item) for item in line["detections"])
        at_s = index * self.session.frame_s if time_s is None else time_s
        return FrameFindings(index, at_s, width, height, found, line.get("with_map"))

    def _lines(self) -> Iterator[dict[str, Any]]:
        decoder = msgspec.json.Decoder(dict[str, Any])
        try:
            with self._path.open("rb") as file:
                for line in file:
                    if not line.endswith(b"\n"):
                        return  # cut short: readable up to the last whole line
                    yield decoder.decode(line)
        except OSError as error:
            raise self._unreadable(error) from None
        except msgspec.DecodeError:
            raise self._no_events() from None

    def _unreadable(self, error: OSError) -> DataError:
        return DataError(f"'{file_name(str(self._path))}' cannot be read: {error.strerror}", "Give another file.")

    def _no_events(self) -> DataError:
        return DataError(
            f"'{file_name(str(self._path))}' is no events file of schema {OLDEST_SCHEMA} to {SCHEMA}",
            "Give a file that polyplive wrote with --events.",
        )


def _detection(item: dict[str, Any]) -> Detection:
    contour = np.array(item["contour"], np.int32).reshape(-1, 2)
    x, y, width, height = item["bbox"]
    return Detection(item["track"], item["score"], (x, y, width, height), item["area_px"], contour)
