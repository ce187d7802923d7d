"""The report of a session, as a sink: it collects data for each frame and writes one page at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.review.report_collector import ReportCollector
from polyplive.sinks.base import Content, Mark, Sink
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic
from polyplive.system.private_files import check_writable

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.review.report_data import ReportData
    from polyplive.sinks.base import FrameRecord, Note, SessionInfo
    from polyplive.types import Tally


class ReportSink(Sink):
    """Writes the page that ``render`` makes when the session ends; no thread of its own.

    The page is moved into place once it is complete, so there is never half a report.
    """

    def __init__(self, path: str | Path, render: Callable[[ReportData], str]) -> None:
        self._path = Path(path)
        self._render = render
        self._collector: ReportCollector | None = None
        self._written = False

    @property
    def content(self) -> Content:
        """A report."""
        return Content.REPORT

    @property
    def wants_composite(self) -> bool:
        """True: the report shows each polyp once."""
        return True

    @property
    def files(self) -> tuple[Path, ...]:
        """The page, once it is written."""
        return (self._path,) if self._written else ()

    def open(self, session: SessionInfo) -> None:
        """Check that the report can be written. Raises ``SinkError``."""
        try:
            check_writable(self._path)
        except (OSError, ValueError) as error:
            raise sink_error(self._path, error) from None
        self._collector = ReportCollector(session)

    def write(self, record: FrameRecord) -> None:
        """Take one processed frame's figures."""
        if self._collector is not None:
            self._collector.add(record)

    def note(self, note: Note) -> None:
        """Take a mark, which the timeline shows."""
        if self._collector is not None and isinstance(note, Mark):
            self._collector.mark(note)

    def end(self, tally: Tally, reason: str) -> None:
        """Write the page. Raises ``SinkError``."""
        if self._collector is not None:
            self._collector.end(tally, reason)
            self._write_page()

    def close(self) -> None:
        """Write the page if there were frames and ``end`` was not called. Raises ``SinkError``."""
        if self._collector is not None and self._collector.frames:
            self._write_page()
        self._collector = None

    def _write_page(self) -> None:
        collector, self._collector = self._collector, None
        assert collector is not None
        try:
            text = self._render(collector.finish())
            write_atomic(self._path, text.encode(errors="replace"))  # a file's name may not be UTF-8
            self._written = True
        except OSError as error:
            raise sink_error(self._path, error, kept=False) from None
