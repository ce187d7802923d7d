"""The report of a session or a review: what was looked at, what was found and decided, and how it was computed."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.overlay.true_shape import true_size
from polyplive.pages.environment import render
from polyplive.pages.picture import Picture
from polyplive.pages.report_charts import findings_chart, score_chart
from polyplive.pages.text import clock, grouped
from polyplive.review.decisions import Verdict
from polyplive.system.file_names import file_name
from polyplive.text_table import TextTable
from polyplive.wording import count_of, counted, moment, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from polyplive.config import PipelineSettings
    from polyplive.pages.chart import Chart
    from polyplive.review.report_data import ReportData
    from polyplive.review.timeline import Timeline
    from polyplive.review.tracks import Span, Track
    from polyplive.stats import Distribution

MOST_PICTURES = 40
"""Of an hour with more findings, those seen longest: the page stays below 5 MB."""
_SIZES = 8
"""So many changes of the picture's size are listed; a damaged recording may have any number."""
_GAPS = 12
"""So many stretches that were not analysed are listed."""
_STAGE_NAMES = {
    "decode": "Decode",
    "preprocess": "Preprocess",
    "infer": "Inference",
    "postprocess": "Postprocess",
    "composite": "Composite",
}
_HEADINGS = {
    Verdict.ACCEPTED: ("Accepted findings", "No finding was accepted."),
    Verdict.UNSEEN: ("Findings that nobody judged", "Every finding was judged."),
    Verdict.REJECTED: ("Rejected findings", "No finding was rejected."),
}


def report_page(data: ReportData) -> str:
    """The whole page as text."""
    return render("report.html.j2", **_values(data))


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """The report for a text document of Qt: ``text`` is its simple HTML.

    It names its pictures ``chart-0``, ``chart-1``, ... and ``picture-0``, ..., in the order of these.
    """

    text: str
    charts: tuple[Chart, ...]
    pictures: tuple[Picture, ...]


def printed_report(data: ReportData, width: int) -> PrintedReport:
    """The same for paper, of ``width`` units."""
    values = _values(data)
    charts = tuple(chart for chart in (findings_chart(data), score_chart(data)) if chart is not None)
    pictures = tuple(picture for _, shown, _, _ in _groups(data) for picture in shown)
    pictures += tuple(_explained(data))
    return PrintedReport(render("printed_report.html.j2", charts=charts, width=width, **values), charts, pictures)


def _values(data: ReportData) -> dict[str, object]:
    """What both templates are filled with."""
    return {
        "kind": "polyplive review" if data.is_reviewed else "polyplive report",
        "heading": file_name(data.session.source.name),
        "started": moment(data.session.started),
        "tiles": _tiles(data),
        "coverage": _coverage(data),
        "timeline": findings_chart(data),
        "scores": score_chart(data),
        "groups": list(_groups(data)),
        "notes": _notes(data),
        "explained": _explained(data),
        "marks": _marks(data),
        "times": _times(data),
        "session": _session(data),
    }


def _tiles(data: ReportData) -> list[tuple[str, str]]:
    """Coverage first: what is said of findings holds for what was analysed."""
    timeline = data.timeline
    tiles = []
    if timeline.duration_s > 0:
        tiles.append((_covered(timeline), f"of {clock(timeline.duration_s)} analysed"))
    if data.is_reviewed:
        for verdict, name in (
            (Verdict.ACCEPTED, "accepted"),
            (Verdict.UNSEEN, "not judged"),
            (Verdict.REJECTED, "rejected"),
        ):
            tiles.append((str(len(data.of_verdict(verdict))), name))
    else:
        tracks = len(timeline.tracks)
        tiles.append((f"{tracks}", "finding" if tracks == 1 else "findings"))
    tiles.append((clock(timeline.in_view_s), "with a finding in view"))
    tiles.append((count_of(data.marked, data.frames), "analysed frames marked"))
    return tiles


def _covered(timeline: Timeline) -> str:
    """A share that is not whole never reads as such."""
    return percent(1.0) if not timeline.gaps else f"{math.floor(100 * timeline.coverage)} %"


def _coverage(data: ReportData) -> str:
    """What of the recording was not analysed, in words; empty where all of it was."""
    timeline = data.timeline
    gaps = timeline.gaps
    if not gaps:
        return ""
    shown = ", ".join(_span(gap) for gap in gaps[:_GAPS])
    rest = f" and {counted(len(gaps) - _GAPS, 'more stretch', 'more stretches')}" if len(gaps) > _GAPS else ""
    return f"Nothing is known of {shown}{rest}: that was not analysed."


def _span(span: Span) -> str:
    return f"{clock(span[0])} to {clock(span[1])}"


def _groups(data: ReportData) -> Iterator[tuple[TextTable, list[Picture], str, str]]:
    """Table, pictures, what is said without a row, and what is said of pictures that are left out; by verdict."""
    longest = sorted(data.timeline.tracks, key=lambda track: (-len(track.sightings), track.number))
    shown = {track.number for track in longest[:MOST_PICTURES]}
    groups = [(heading, empty, data.of_verdict(verdict)) for verdict, (heading, empty) in _HEADINGS.items()]
    if not data.is_reviewed:
        faint = "What was marked was seen too shortly or too faintly to be a finding."
        groups = [("Findings", faint if data.marked else "No polyp was marked.", data.timeline.tracks)]
    for heading, empty, tracks in groups:
        pictures = [picture for track in tracks if track.number in shown and (picture := _picture(data, track))]
        left_out = len(tracks) - len(pictures)
        yield _tracks(data, heading, tracks), pictures, empty, _left_out(len(pictures), left_out)


def _left_out(pictures: int, left_out: int) -> str:
    if not left_out or not pictures:
        return ""
    return f"Pictures of the {pictures} seen longest; {left_out} more {'is' if left_out == 1 else 'are'} listed above."


def _tracks(data: ReportData, heading: str, tracks: Sequence[Track]) -> TextTable:
    rows = []
    for track in tracks:
        row = [
            f"Polyp {track.number}",
            clock(track.first_s),
            clock(track.last_s),
            clock(track.in_view_s),
            percent(track.mean_score),
            percent(track.peak_score),
            clock(track.best.time_s),
            f"{grouped(track.largest.area_px)} ({percent(track.largest.share)})",
        ]
        rows.append((*row, _notes_of(data, track)) if data.is_reviewed else tuple(row))
    head = (
        "Finding",
        "First seen",
        "Last seen",
        "In view",
        "Mean score",
        "Peak score",
        "Seen best at",
        "Largest area, px",
    )
    return TextTable(heading, (*head, "Notes") if data.is_reviewed else head, tuple(rows), ("Notes",))


def _notes_of(data: ReportData, track: Track) -> str:
    return "; ".join(note.text for note in data.notes if note.track == track.number) or "-"


def _picture(data: ReportData, track: Track) -> Picture | None:
    """None where there is none."""
    jpeg = data.pictures.get(track.number)
    if jpeg is None:
        return None
    name = f"Polyp {track.number}"
    caption = f"at {clock(track.best.time_s)}, score {percent(track.best.score)}"
    return Picture(jpeg, name, caption, f"{name} where it is seen best")


def _notes(data: ReportData) -> TextTable:
    """What a person wrote in the review, in order of the video."""
    rows = [
        (clock(note.at_s), f"Polyp {note.track}" if note.track is not None else "-", note.text, note.by or "-")
        for note in data.notes
    ]
    return TextTable("Notes", ("At", "Finding", "Note", "By"), tuple(rows), ("Finding", "Note", "By"))


def _explained(data: ReportData) -> list[Picture]:
    """The frames that a person had explained, in order of the video."""
    return [
        Picture(
            one.jpeg, one.name, f"at {clock(one.at_s)}. {one.caption}", f"{one.name} at {clock(one.at_s)}, explained"
        )
        for one in data.explained
    ]


def _marks(data: ReportData) -> TextTable:
    """What a person marked in the session, in order."""
    rows = [
        (f"Mark {mark.number}", clock(mark.pts_s) if mark.pts_s is not None else "before the first frame", mark.text)
        for mark in data.timeline.marks
    ]
    return TextTable("Marks", ("Mark", "At", "Note"), tuple(rows), ("Note",))


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
    (roi, frames), *others = data.seen.most_common()
    most = f"{roi.width} x {roi.height} at {roi.x}, {roi.y}"
    rest = sum(count for _, count in others)
    return most if not rest else f"{most} (of the frames: {count_of(frames, frames + rest)})"


def _settings(pipeline: PipelineSettings) -> str:
    """Every setting that frames were processed with, by its name in a file of settings; what is usual has no value."""
    named = {item.name: getattr(pipeline, item.name) for item in dataclasses.fields(pipeline)}
    return ", ".join(f"{name} {'as usual' if value is None else value}" for name, value in named.items())


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
        *([("Field of view", _seen(data))] if data.seen else []),
        ("Threshold", " to ".join(dict.fromkeys((*thresholds[:1], *thresholds[-1:]))) or "-"),
        *([("Settings", _settings(session.pipeline))] if session.pipeline is not None else []),
        *([("Events SHA-256", data.events_sha256)] if data.events_sha256 else []),
        ("polyplive", session.version),
        *([("Judged by", ", ".join(data.reviewers))] if data.reviewers else []),
        ("Ended", data.reason),
    ]
    if data.tally is not None:
        dropped = ", ".join(f"{count} {cause}" for cause, count in data.tally.dropped.items()) or "none"
        items += [("Frames read", str(data.tally.read)), ("Frames not processed", dropped)]
    return items
