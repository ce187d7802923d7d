"""``polyplive report``: a recording's findings on a page, with what was decided in its review."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.commands.messages import print_written, say
from polyplive.commands.outputs import check_outputs
from polyplive.errors import ConfigError, MissingDependency
from polyplive.pages.report import report_page
from polyplive.review.events_file import EventsFile
from polyplive.review.recording_report import recording_report
from polyplive.review.storage import open_review
from polyplive.sessions.opening import open_video
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from polyplive.review.report_data import ReportData


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The request of ``polyplive report``: ``page`` (.html) and ``pdf`` are the files to write, one of them at least.

    ``events`` None are those that lie beside the video, as a live recording has them.
    """

    video: Path
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
    data = report_data(request.video, request.events)
    if request.page is not None:
        write_page(data, request.page)
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


def report_data(video: Path, events: Path | None) -> ReportData:
    """What is reported of ``video``. Lines for the user are said. Raises ``PolypliveError``."""
    source = open_video(video)
    try:
        found = EventsFile(events or events_beside(video))
        review = open_review(video)
        try:
            data = recording_report(found, source, review)
            for notice in review.notices:
                say(notice)
        finally:
            review.close()
    finally:
        source.close()
    return data


def events_beside(video: Path) -> Path:
    """The events of a live recording. Raises ``ConfigError`` where there are none."""
    path = video.with_name(video.stem + ".events.jsonl")
    if not path.is_file():
        raise ConfigError(
            f"There are no events beside '{video.name}'",
            "Find first: polyplive replay VIDEO --headless --events FILE; then add --events FILE.",
        )
    return path


def write_page(data: ReportData, path: Path) -> None:
    """Write the page, whole or not at all. Raises ``SinkError``."""
    try:
        write_atomic(path, report_page(data).encode(errors="replace"))
    except (OSError, ValueError) as error:
        raise sink_error(path, error, kept=False) from None
