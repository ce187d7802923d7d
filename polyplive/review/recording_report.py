"""The data of a recording's report, from its events, the video itself, and what a person decided."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polyplive.config import PipelineSettings
from polyplive.review.coverage import Coverage
from polyplive.review.key_frames import key_frames
from polyplive.review.linking import Linker
from polyplive.review.recorded_pictures import recorded_pictures
from polyplive.review.report_data import ReportData
from polyplive.review.timeline import Timeline
from polyplive.sinks.base import SessionInfo
from polyplive.types import SourceInfo, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.review.events_file import EventsFile
    from polyplive.review.review import Said
    from polyplive.review.timeline import QualitySpan
    from polyplive.sinks.base import Mark
    from polyplive.sources.base import Source


def recording_report(
    events: EventsFile,
    source: Source,
    said_of: Callable[[Timeline], Said] | None = None,
    quality: Sequence[QualitySpan] = (),
    marks: Sequence[Mark] = (),
) -> ReportData:
    """Everything that a report shows of the recording that ``source`` gives; one thread.

    ``said_of`` gives what a person said of the tracks of a timeline. ``marks`` are those of the session that recorded
    it, besides those in ``events``. Reads ``events`` twice, and one frame of the video for each finding. ``source``
    stays open. Raises ``DataError`` and ``SourceError``.
    """
    data = ReportData(_session_info(events, source.info), events_sha256=events.sha256())
    linker, coverage = Linker(data.frame_s), Coverage(data.frame_s)
    for frame in events.frames():
        linker.add(frame)
        coverage.add(frame.time_s)
        size = frame.width, frame.height, data.session.source.sample_aspect
        if not data.sizes or data.sizes[-1][1] != size:
            data.sizes.append((frame.time_s, size))
        data.frames += 1
        if events.processing is not None:
            data.thresholds[events.processing.threshold] += 1
            data.seen[events.processing.roi] += 1
        data.marked += bool(frame.detections)
        data.scores.append((frame.time_s, max((one.score for one in frame.detections), default=None)))
    analysed, tracks = coverage.spans(), linker.tracks()
    duration_s = max(source.info.duration_s or 0.0, analysed[-1][1] if analysed else 0.0)
    data.timeline = Timeline(duration_s, analysed, tracks, tuple(quality), (*events.marks.values(), *marks))
    data.pictures = recorded_pictures(key_frames(source, events, tracks))
    data.stages, data.annotation = events.stages.distributions(), events.annotation_ms.distribution()
    _take_end(data, events)
    if said_of is not None:
        said = said_of(data.timeline)
        data.decisions, data.notes = said.decisions, said.notes
        data.is_reviewed = bool(data.notes or data.decisions)
    return data


def _session_info(events: EventsFile, video: SourceInfo) -> SessionInfo:
    session = events.session
    return SessionInfo(
        _source_info(events, video),
        session.model,
        session.model_sha256,
        session.backend,
        session.version,
        session.started,
        session.precision,
        PipelineSettings(**session.pipeline) if session.pipeline else None,
    )


def _source_info(events: EventsFile, video: SourceInfo) -> SourceInfo:
    session = events.session
    aspect = Fraction(session.sample_aspect).limit_denominator(10_000)
    return SourceInfo(
        session.source,
        session.width,
        session.height,
        session.fps,
        session.frames,
        video.duration_s,
        codec=video.codec,
        sample_aspect=aspect,
    )


def _take_end(data: ReportData, events: EventsFile) -> None:
    end = events.end
    if end is None:
        data.reason = "events cut short"
        return
    data.reason = end["reason"]
    data.tally = Tally(end["frames_read"], end["frames_processed"], end["dropped"], end.get("repaired", 0))
