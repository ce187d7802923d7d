"""The report as a PDF, read back by Qt's own reader."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtPdf import QPdfDocument
from review_rig import found_in

from polyplive import RESEARCH_NOTICE
from polyplive.errors import SinkError
from polyplive.gui.report.pdf import write_report_pdf
from polyplive.review.decisions import Verdict
from polyplive.review.events_file import EventsFile
from polyplive.review.recording_report import recording_report
from polyplive.review.review import Review
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from polyplive.review.report_data import ReportData


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    tracks = {index: {1: 0.9, 2: 0.6} for index in range(10, 40)}
    video, events = found_in(tmp_path_factory.mktemp("pdf"), tracks, frames=50)
    review = Review()
    review.decide(1, Verdict.ACCEPTED)
    review.add_note(1.0, "<b>7 mm & flat</b>", 1)
    source = FileSource(video)
    try:
        return recording_report(EventsFile(events), source, review.said_of)
    finally:
        source.close()


def test_every_part_is_on_paper_with_the_notice_on_each_page(data: ReportData, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "report.pdf"
    write_report_pdf(data, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = QPdfDocument(None)
    assert document.load(str(path)) == QPdfDocument.Error.None_
    pages = [document.getAllText(page).text() for page in range(document.pageCount())]
    assert all(RESEARCH_NOTICE in page and f"{number} of {len(pages)}" in page for number, page in enumerate(pages, 1))
    text = "\n".join(pages)
    for expected in ("clip.mp4", "Accepted findings", "Findings that nobody judged", "<b>7 mm & flat</b>", "ab" * 32):
        assert expected in text, expected
    size = document.pagePointSize(0)
    assert (round(size.width()), round(size.height())) == (595, 842)
    picture = document.render(0, QSize(200, 283))
    colours = {picture.pixelColor(x, y).name() for x in range(0, 200, 2) for y in range(0, 283, 2)}
    assert len(colours) > 20, "charts and pictures are painted"
    document.close()


def test_a_folder_that_is_not_there_is_one_line(data: ReportData, tmp_path: Path, qtbot: QtBot) -> None:
    with pytest.raises(SinkError, match="there is no folder"):
        write_report_pdf(data, tmp_path / "none" / "report.pdf")
