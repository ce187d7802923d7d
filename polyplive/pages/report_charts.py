"""The charts of a report, over the whole of the recording: findings by track, and the highest score."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from polyplive.pages.chart import Axis, Bar, Chart, Mark, Tick, lanes, time_ticks
from polyplive.pages.text import clock
from polyplive.review.coverage import LONGEST_STEP_S
from polyplive.review.decisions import Decision, Verdict
from polyplive.wording import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.review.report_data import ReportData
    from polyplive.review.timeline import QualitySpan
    from polyplive.review.tracks import Track

MOST_LANES = 24
"""More findings than this share lanes, so that the chart stays on one page."""
_BINS = 480
_TOUCH = 0.01
"""Of a bin: what reaches no further into it does not count there."""
_KINDS = {Verdict.ACCEPTED: "main", Verdict.UNSEEN: "main", Verdict.REJECTED: "quiet"}


def findings_chart(data: ReportData) -> Chart | None:
    """A lane for each finding, one for each flaw of the picture, and one for what was not analysed."""
    timeline = data.timeline
    if timeline.duration_s <= 0:
        return None
    rows = [(name, [bar for track in tracks for bar in _bars(data, track)]) for name, tracks in _lanes(timeline.tracks)]
    rows += [(name, bars) for name, bars in _quality(timeline.quality)]
    gaps = [
        Bar(start, end, 0, 1, "warn", f"not analysed: {clock(start)} to {clock(end)}") for start, end in timeline.gaps
    ]
    if gaps:
        rows.append(("not analysed", gaps))
    return lanes("Findings over the time of the video", _across(data), rows, _marks(data)) if rows else None


def score_chart(data: ReportData) -> Chart | None:
    """One bar for each stretch of video, as high as the highest score in it."""
    if not data.scores:
        return None
    across = _across(data)
    up = Axis("score", 0.0, 1.0, tuple(Tick(level, f"{level:.1f}") for level in (0.0, 0.5, 1.0)))
    step = (across.high - across.low) / _BINS
    bars, place = [], 0
    for (score, at_s), run in groupby(_best_by_bin(data.scores, data.frame_s, across.low, step)):
        left, place = place, place + len(list(run))
        if score > 0:
            says = f"{clock(at_s)}: {percent(score)}"
            bars.append(Bar(across.low + left * step, across.low + place * step, 0.0, score, says=says))
    return Chart("Highest score over the time of the video", across, up, tuple(bars), marks=_marks(data))


def _across(data: ReportData) -> Axis:
    """The recording, from its beginning to its end; of one whose length is not known, what was analysed."""
    times = [time_s for time_s, _ in data.scores]
    start = min([*times, *([0.0] if data.timeline.duration_s else [])])
    end = max([data.timeline.duration_s, *(time_s + data.frame_s for time_s in times)])
    return Axis("time of the video", start, end, time_ticks(start, end))


def _marks(data: ReportData) -> tuple[Mark, ...]:
    places = [(str(mark.number), mark.pts_s) for mark in data.timeline.marks if mark.pts_s is not None]
    return tuple(Mark(at_s, name) for name, at_s in places)


def _lanes(tracks: Sequence[Track]) -> list[tuple[str, list[Track]]]:
    """A lane for each track; of too many, as few as hold them without overlap."""
    if len(tracks) <= MOST_LANES:
        return [(f"Polyp {track.number}", [track]) for track in tracks]
    held: list[list[Track]] = []
    for track in tracks:
        free = next((lane for lane in held if lane[-1].last_s <= track.first_s), None)
        if free is None:
            held.append([track])
        else:
            free.append(track)
    return [("findings" if place == 0 else "", lane) for place, lane in enumerate(held)]


def _bars(data: ReportData, track: Track) -> list[Bar]:
    verdict = data.decisions.get(track.number, Decision()).verdict
    word = f", {verdict.value}" if data.is_reviewed else ""
    says = f"Polyp {track.number}{word}, peak score {percent(track.peak_score)}"
    return [
        Bar(start, end, 0, 1, _KINDS[verdict], f"{says}: {clock(start)} to {clock(end)}") for start, end in track.spans
    ]


def _quality(spans: Sequence[QualitySpan]) -> list[tuple[str, list[Bar]]]:
    rows: dict[str, list[Bar]] = {}
    for span in spans:
        says = f"{span.quality.value}: {clock(span.start_s)} to {clock(span.end_s)}"
        rows.setdefault(span.quality.value, []).append(Bar(span.start_s, span.end_s, 0, 1, "quiet", says))
    return list(rows.items())


def _best_by_bin(
    scores: Sequence[tuple[float, float | None]], frame_s: float, start: float, step: float
) -> list[tuple[float, float]]:
    """Each bin's highest score and when it was; a frame's score holds until the next frame."""
    best = [(0.0, 0.0)] * _BINS
    ends = [time_s for time_s, _ in scores[1:]] + [scores[-1][0] + frame_s]
    for (time_s, score), end in zip(scores, ends, strict=True):
        if score is None:
            continue
        until = min(max(end, time_s), time_s + LONGEST_STEP_S)
        first = min(int((time_s - start) / step), _BINS - 1)
        last = min(max(first + 1, math.ceil((until - start) / step - _TOUCH)), _BINS)
        for place in range(first, last):
            best[place] = max(best[place], (score, time_s))
    return best
