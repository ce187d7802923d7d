"""Exports from a review in the window: reports and findings in the formats of other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.commands.messages import write_text
from polyplive.errors import ConfigError
from polyplive.pages.report import report_page
from polyplive.review.events_file import EventsFile
from polyplive.review.exports.base import ExportOptions
from polyplive.review.exports.export import export_findings
from polyplive.review.exports.registry import FORMATS
from polyplive.review.live_marks import marks_beside
from polyplive.review.recording_report import recording_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from polyplive.gui.export.dialog import Kinds
    from polyplive.review.review import Said
    from polyplive.review.timeline import QualitySpan
    from polyplive.sources.base import Source

PAGE, PDF = "page", "pdf"
"""The names of what is no format of findings."""

_ENDINGS = {
    "coco": "coco-results.json",
    "coco-gt": "coco.json",
    "cvat": "cvat.xml",
    "mot": "mot",
    "label-studio": "label-studio.json",
    "masks": "masks",
    "parquet": "findings.parquet",
    "dicom": "dicom",
}


def review_kinds() -> Kinds:
    """What the window offers: two reports, then every format that is installed."""
    from polyplive.gui.export.dialog import Kind, Kinds

    reports = (
        Kind(PAGE, "Report: one page (HTML)", "review.html"),
        Kind(PDF, "Report: PDF", "review.pdf"),
    )
    found = [Kind(one.name, one.what, _ENDINGS[one.name], False) for one in FORMATS.values() if one.is_installed]
    return Kinds("What was found and decided, of the whole recording.", (*reports, *found))


@dataclass(frozen=True, slots=True)
class ReviewExport:
    """Writes ``files``, by the names of ``review_kinds``, of the analysis that ``events`` hold.

    ``said`` is what was decided and written until now. ``open_source`` opens the video.
    """

    video: Path
    events: Path
    said: Said
    quality: Sequence[QualitySpan]
    open_source: Callable[[], Source]
    files: Mapping[str, Path]

    @property
    def frames(self) -> int:
        """How many files are written: that is what its progress counts."""
        return len(self.files)

    def run(self, on_frame: Callable[[int], None]) -> str:
        """Write the files, and say what was written. Any thread. Raises ``PolypliveError``."""
        reports = {name: path for name, path in self.files.items() if name in (PAGE, PDF)}
        done = 0
        if reports:
            self._write_reports(reports)
            done += len(reports)
            on_frame(done)
        verdicts = {number: one.verdict for number, one in self.said.decisions.items()}
        for name, path in self.files.items():
            if name not in reports:
                options = ExportOptions(video=self.video if "video" in FORMATS[name].options else None)
                export_findings(self.events, FORMATS[name], path, verdicts=lambda _: verdicts, options=options)
                done += 1
                on_frame(done)
        return f"Written: {', '.join(path.name for path in self.files.values())}."

    def _write_reports(self, files: Mapping[str, Path]) -> None:
        source = self.open_source()
        try:
            events, marks = EventsFile(self.events), marks_beside(self.video)
            data = recording_report(events, source, lambda _: self.said, self.quality, marks)
        finally:
            source.close()
        if PAGE in files:
            write_text(files[PAGE], report_page(data))
        if PDF in files:
            from polyplive.gui.report.pdf import write_report_pdf

            write_report_pdf(data, files[PDF])


def not_analysed(share: float) -> ConfigError:
    """What is said where the analysis is not complete."""
    return ConfigError(f"The analysis is at {100 * share:.0f} %", "Export once all of the recording is analysed.")
