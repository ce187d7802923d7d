"""``polyplive report``: a recording's findings on a page, with what was decided in its review."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.commands.analysed import analysed
from polyplive.commands.messages import print_written, say, write_text
from polyplive.commands.outputs import check_outputs
from polyplive.config import Settings
from polyplive.errors import ConfigError, MissingDependency
from polyplive.pages.report import report_page
from polyplive.review.events_file import EventsFile
from polyplive.review.live_marks import marks_beside
from polyplive.review.recording_report import recording_report
from polyplive.review.storage import open_review
from polyplive.sessions.opening import open_video
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from polyplive.review.report_data import ReportData
    from polyplive.review.timeline import QualitySpan


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The request of ``polyplive report``: ``page`` (.html) and ``pdf`` are the files to write, one of them at least.

    ``events`` None: the recording is analysed, as ``settings`` say, unless that was done.
    """

    video: Path
    settings: Settings = field(default_factory=Settings)
    events: Path | None = None
    page: Path | None = None
    pdf: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.page is None and self.pdf is None:
            raise ConfigError("Nothing is to be written", "Add --page REPORT.html, or --pdf REPORT.pdf.")


def run(request: ReportRequest) -> int:
    """Write the report, and say where. Returns the exit code."""
    check_outputs({"page": request.page, "pdf": request.pdf}, request.video)
    data = report_data(request)
    if request.page is not None:
        write_text(request.page, report_page(data))
    if request.pdf is not None:
        _write_pdf(data, request.pdf)
    print_written([path for path in (request.page, request.pdf) if path is not None])
    return 0


def _write_pdf(data: ReportData, path: Path) -> None:
    try:
        from polyplive.gui.report.pdf import write_report_pdf
    except ImportError as error:
        reason = next(iter(str(error).splitlines()), "")
        raise MissingDependency(f"A PDF needs Qt, which cannot be loaded ({reason})", "Write a --page.") from None
    write_report_pdf(data, path)


def report_data(request: ReportRequest) -> ReportData:
    """What is reported. Without events the recording is analysed. Lines for the user are said.

    Raises ``PolypliveError``.
    """
    video, events = request.video, request.events
    quality: tuple[QualitySpan, ...] = ()
    if events is None:
        found = analysed(video, request.settings)
        events, quality = found.events, found.timeline.quality
    source = open_video(video, full_path=request.settings.full_paths)
    try:
        review = open_review(video, read_only=True)
        try:
            data = recording_report(EventsFile(events), source, review.said_of, quality, marks_beside(video))
            for notice in review.notices:
                say(notice)
        finally:
            review.close()
    finally:
        source.close()
    return data
