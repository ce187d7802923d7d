"""The data of a recording's report, from its events, the video itself, and what a person decided."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polyplive.config import PipelineSettings
from polyplive.review.key_frames import key_frames
from polyplive.review.recorded_pictures import recorded_pictures
from polyplive.review.report_data import ReportData
from polyplive.review.report_frames import ReportFrames
from polyplive.sinks.base import SessionInfo
from polyplive.types import SourceInfo, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.review.events_file import EventsFile
    from polyplive.review.review import Said
    from polyplive.review.timeline import QualitySpan, Timeline
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
    frames, aspect = ReportFrames(data), data.session.source.sample_aspect
    for frame in events.frames():
        known = events.processing
        frames.add(frame, aspect, None if known is None else (known.threshold, known.roi))
    timeline = frames.end(source.info.duration_s, (*events.marks.values(), *marks), quality)
    data.pictures = recorded_pictures(key_frames(source, events, timeline.tracks))
    data.stages, data.annotation = events.stages.distributions(), events.annotation_ms.distribution()
    _take_end(data, events)
    if said_of is not None:
        said = said_of(timeline)
        data.decisions, data.notes, data.explained = said.decisions, said.notes, said.pictures
        data.is_reviewed = bool(data.notes or data.decisions or data.explained)
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
