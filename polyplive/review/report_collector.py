"""Collects the data of a session's report, frame by frame, while it runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polyplive.review.findings import FrameFindings
from polyplive.review.report_data import ReportData
from polyplive.review.report_frames import ReportFrames
from polyplive.review.track_pictures import BestPictures, small_picture
from polyplive.stats import Distribution, StageRecorder

if TYPE_CHECKING:
    from polyplive.sinks.base import FrameRecord, Mark, SessionInfo
    from polyplive.types import Prediction, Tally


class ReportCollector:
    """Collects ``ReportData``; one thread. It stores a few numbers a frame and one small picture a finding."""

    def __init__(self, session: SessionInfo) -> None:
        self._data = ReportData(session)
        self._frames = ReportFrames(self._data)
        self._pictures = BestPictures()
        self._stages = StageRecorder()
        self._delays: list[float] = []
        self._marks: dict[int, Mark] = {}

    @property
    def frames(self) -> int:
        """The number of processed frames so far."""
        return self._data.frames

    def add(self, record: FrameRecord) -> None:
        """Take one frame's results; a frame that was not processed is not counted."""
        prediction = record.prediction
        if prediction is None:
            return
        frame = record.frame
        time_s = frame.pts_s if frame.pts_s is not None else frame.index * self._data.frame_s
        findings = FrameFindings(frame.index, time_s, frame.width, frame.height, prediction.detections)
        self._frames.add(findings, frame.sample_aspect, (prediction.threshold, prediction.roi))
        self._keep_pictures(record, prediction, time_s)
        self._stages.add(record.stages)
        if record.annotation_delay_ms is not None:
            self._delays.append(record.annotation_delay_ms)

    def mark(self, mark: Mark) -> None:
        """Take what a person marked; of several with the same number the last one counts."""
        self._marks[mark.number] = mark

    def end(self, tally: Tally, reason: str) -> None:
        """Take the closing figures."""
        self._data.tally, self._data.reason = tally, reason

    def finish(self) -> ReportData:
        """Return the collected data; called once, at the end."""
        data = self._data
        timeline = self._frames.end(data.session.source.duration_s, self._marks.values())
        data.pictures = self._pictures.of(timeline.tracks)
        data.stages = self._stages.distributions()
        data.annotation = Distribution.of(self._delays)
        return data

    def _keep_pictures(self, record: FrameRecord, prediction: Prediction, time_s: float) -> None:
        frame = record.frame
        image = record.composite if record.composite is not None else frame.image
        picture = None
        for found in prediction.detections:
            worth = found.score * math.sqrt(found.area_px / (frame.width * frame.height))
            if self._pictures.wants(found.track, worth):
                if picture is None:
                    picture = small_picture(image, prediction.roi, frame.sample_aspect)
                self._pictures.keep(found.track, worth, time_s, picture)
