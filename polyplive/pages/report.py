"""The report of a session: when polyps were seen, each with a picture, and how long frames took."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

import cv2

from polyplive.overlay.true_shape import true_size
from polyplive.pages.chart import Axis, Bar, Chart, Tick, time_ticks
from polyplive.pages.chart import Mark as ChartMark
from polyplive.pages.environment import render
from polyplive.pages.picture import Picture
from polyplive.pages.text import clock, grouped
from polyplive.review.report_data import LONGEST_STEP_S
from polyplive.system.file_names import file_name
from polyplive.text_table import TextTable
from polyplive.wording import count_of, counted, moment, percent

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.review.report_data import ReportData
    from polyplive.review.track_summary import TrackSummary
    from polyplive.stats import Distribution

_PICTURES = 12
_SIZES = 8
"""So many changes of the picture's size are listed; a damaged recording may have any number."""
_BINS = 480
_TOUCH = 0.01
"""Of a bin: what reaches no further into it does not count there."""
_STAGE_NAMES = {
    "decode": "Decode",
    "preprocess": "Preprocess",
    "infer": "Inference",
    "postprocess": "Postprocess",
    "composite": "Composite",
}


def report_page(data: ReportData) -> str:
    """The whole page as text."""
    shown = sorted(data.tracks.values(), key=lambda track: (-track.frames, track.number))[:_PICTURES]
    return render(
        "report.html.j2",
        kind="polyplive report",
        heading=file_name(data.session.source.name),
        started=moment(data.session.started),
        tiles=_tiles(data),
        timeline=_timeline(data),
        marks=_marks(data),
        tracks=_tracks(data),
        pictures=[picture for track in sorted(shown, key=lambda track: track.number) if (picture := _picture(track))],
        left_out=len(data.tracks) - len(shown),
        times=_times(data),
        session=_session(data),
    )


def _tiles(data: ReportData) -> list[tuple[str, str]]:
    tracks = len(data.tracks)
    return [
        (f"{tracks}", "polyp track" if tracks == 1 else "polyp tracks"),
        (clock(data.in_view_s), "with a polyp marked"),
        (count_of(data.marked, data.frames), "frames marked"),
        (f"{data.frames}", "frame processed" if data.frames == 1 else "frames processed"),
    ]


def _timeline(data: ReportData) -> Chart | None:
    """One bar for each stretch of video, as high as the highest score in it."""
    if not data.timeline:
        return None
    start = min(time_s for time_s, _ in data.timeline)
    end = max(time_s for time_s, _ in data.timeline) + data.frame_s
    across = Axis("time of the video", start, end, time_ticks(start, end))
    up = Axis("score", 0.0, 1.0, tuple(Tick(level, f"{level:.1f}") for level in (0.0, 0.5, 1.0)))
    step = (end - start) / _BINS
    bars, place = [], 0
    for (score, at_s), run in groupby(_best_by_bin(data.timeline, data.frame_s, start, step)):
        left, place = place, place + len(list(run))
        if score > 0:
            says = f"{clock(at_s)}: {percent(score)}"
            bars.append(Bar(start + left * step, start + place * step, 0.0, score, says=says))
    places = [(mark.number, mark.pts_s) for mark in data.marks.values() if mark.pts_s is not None]
    marks = [ChartMark(at_s, str(number)) for number, at_s in places if start <= at_s <= end]
    return Chart("Highest score over the time of the video", across, up, tuple(bars), marks=tuple(marks))


def _marks(data: ReportData) -> TextTable:
    """What a person marked, in order."""
    rows = [
        (f"Mark {mark.number}", clock(mark.pts_s) if mark.pts_s is not None else "before the first frame", mark.text)
        for mark in data.marks.values()
    ]
    return TextTable("Marks", ("Mark", "At", "Note"), tuple(rows))


def _best_by_bin(
    timeline: list[tuple[float, float | None]], frame_s: float, start: float, step: float
) -> list[tuple[float, float]]:
    """Each bin's highest score and when it was; a frame's score holds until the next frame."""
    best = [(0.0, 0.0)] * _BINS
    ends = [time_s for time_s, _ in timeline[1:]] + [timeline[-1][0] + frame_s]
    for (time_s, score), end in zip(timeline, ends, strict=True):
        if score is None:
            continue
        until = min(max(end, time_s), time_s + LONGEST_STEP_S)
        first = min(int((time_s - start) / step), _BINS - 1)
        last = min(max(first + 1, math.ceil((until - start) / step - _TOUCH)), _BINS)
        for place in range(first, last):
            best[place] = max(best[place], (score, time_s))
    return best


def _tracks(data: ReportData) -> TextTable:
    rows = [
        (
            f"Polyp {track.number}",
            clock(track.first_s),
            clock(track.last_s),
            str(track.frames),
            percent(track.best_score),
            clock(track.best_s),
            grouped(track.largest_px),
        )
        for track in data.tracks.values()
    ]
    head = ("Track", "First seen", "Last seen", "Frames", "Peak score", "Peak at", "Largest area, px")
    return TextTable("Polyps", head, tuple(rows))


def _picture(track: TrackSummary) -> Picture | None:
    """None where a track has none, or where it cannot be encoded."""
    if track.picture is None:
        return None
    encoded, jpeg = cv2.imencode(".jpg", track.picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not encoded:
        return None
    name = f"Polyp {track.number}"
    caption = f"at {clock(track.best_s)}, score {percent(track.best_score)}"
    return Picture(jpeg.tobytes(), name, caption, f"{name} at its peak score")


def _times(data: ReportData) -> TextTable:
    rows = [_timing(_STAGE_NAMES.get(name, name.capitalize()), figures) for name, figures in data.stages.items()]
    if data.annotation is not None:
        rows.append(_timing("Annotation delay (from frame read to result)", data.annotation))
    head = ("Milliseconds", "Mean", "Median", "95th percentile", "99th percentile", "Longest")
    return TextTable("Time per frame", head, tuple(rows))


def _timing(name: str, figures: Distribution) -> tuple[str, ...]:
    values = (figures.mean, figures.p50, figures.p95, figures.p99, figures.max)
    return (name, *(f"{value:.2f}" for value in values))


def _sizes(data: ReportData) -> str:
    """The picture's sizes, each with the time from which on it is so."""
    source = data.session.source
    known = data.sizes or [(0.0, (source.width, source.height, source.sample_aspect))]
    _, first = known[0]
    later = [f", from {clock(time_s)} on {_size(size)}" for time_s, size in known[1 : _SIZES + 1]]
    rest = len(known) - 1 - len(later)
    return _size(first) + "".join(later) + (f", {counted(rest, 'more change')}" if rest else "")


def _size(size: tuple[int, int, Fraction]) -> str:
    width, height = true_size(*size)
    shown = f", shown as {width} x {height}" if (width, height) != size[:2] else ""
    return f"{size[0]} x {size[1]}{shown}"


def _seen(data: ReportData) -> str:
    """The part of the picture that the model saw in most frames, and how many others there were."""
    if not data.seen:
        return "-"
    (roi, frames), *others = data.seen.most_common()
    most = f"{roi.width} x {roi.height} at {roi.x}, {roi.y}"
    rest = sum(count for _, count in others)
    return most if not rest else f"{most} (of the frames: {count_of(frames, frames + rest)})"


def _session(data: ReportData) -> list[tuple[str, str]]:
    session, source = data.session, data.session.source
    fps = f", {source.fps:.4g} frames a second" if source.fps else ""
    thresholds = [f"{threshold:g}" for threshold in sorted(data.thresholds)]
    items = [
        ("Source", source.name),
        ("Picture", _sizes(data) + fps + (f", {source.codec}" if source.codec else "")),
        ("Model", file_name(session.model)),
        ("Model SHA-256", session.model_sha256),
        ("Backend", session.backend),
        ("Precision", session.precision or "unknown"),
        ("Field of view", _seen(data)),
        ("Threshold", " to ".join(dict.fromkeys((*thresholds[:1], *thresholds[-1:]))) or "-"),
        ("polyplive", session.version),
        ("Ended", data.reason),
    ]
    if data.tally is not None:
        dropped = ", ".join(f"{count} {cause}" for cause, count in data.tally.dropped.items()) or "none"
        items += [("Frames read", str(data.tally.read)), ("Frames not processed", dropped)]
    return items
