"""The report of a recording, from events, video and review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from checked_page import CheckedPage, loads_nothing
from clipmaker import number_in
from review_rig import found_in

from polyplive.pages.report import report_page
from polyplive.review.decisions import Verdict
from polyplive.review.events_file import EventsFile
from polyplive.review.recording_report import recording_report
from polyplive.review.review import Review
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.report_data import ReportData

FOUND = {
    index: {
        **({1: 0.7 + index / 1000} if 10 <= index < 30 else {}),
        **({2: 0.9 - index / 1000} if 20 <= index < 45 else {}),
        **({3: 0.8} if 50 <= index < 70 else {}),
    }
    for index in range(75)
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    video, events = found_in(tmp_path_factory.mktemp("report"), FOUND)
    review = Review("A. Reader")
    review.decide(1, Verdict.REJECTED)
    review.decide(2, Verdict.ACCEPTED)
    review.add_note(1.0, "flat, 6 mm", 2)
    review.add_note(2.5, "look again")
    source = FileSource(video)
    try:
        return recording_report(EventsFile(events), source, review.said_of)
    finally:
        source.close()


def test_tracks_frames_marks_and_delays_are_those_of_the_events(data: ReportData) -> None:
    assert [(round(track.first_s, 2), round(track.last_s, 2)) for track in data.timeline.tracks] == [
        (0.4, 1.2),
        (0.8, 1.8),
        (2.0, 2.8),
    ]
    assert (data.frames, data.marked) == (75, sum(map(bool, FOUND.values())))
    assert data.timeline.analysed == ((0.0, pytest.approx(3.0)),)
    assert [mark.text for mark in data.timeline.marks] == ["caecum"]
    assert data.annotation is not None
    assert data.annotation.p50 == 20.0
    assert data.stages["infer"].p50 == 3.0
    assert (data.reason, data.tally.processed) == ("end of file", 75)
    assert len(data.events_sha256) == 64
    assert data.events_sha256 in report_page(data)


def test_each_finding_s_picture_is_of_the_frame_that_shows_it_best(data: ReportData) -> None:
    assert sorted(data.pictures) == [1, 2, 3]
    shown = [cv2.imdecode(np.frombuffer(data.pictures[number], np.uint8), cv2.IMREAD_COLOR) for number in (1, 2, 3)]
    assert [number_in(picture) for picture in shown] == [29, 20, 50]


def test_accepted_findings_come_first_and_rejected_ones_last_with_notes(data: ReportData) -> None:
    text = report_page(data)
    page = CheckedPage(text)
    texts = [one for one in page.texts if one]
    assert loads_nothing(text)
    places = [texts.index(name) for name in ("Accepted findings", "Findings that nobody judged", "Rejected findings")]
    assert places == sorted(places)
    rows = [one for one in texts[places[0] :] if one in ("Polyp 1", "Polyp 2", "Polyp 3")]
    assert list(dict.fromkeys(rows)) == ["Polyp 2", "Polyp 3", "Polyp 1"]
    for expected in ("flat, 6 mm", "look again", "A. Reader", "caecum", "polyplive review"):
        assert expected in texts, expected
    assert len(text) < 5_000_000


def test_events_cut_short_make_a_report_that_says_so(tmp_path: Path) -> None:
    video, events = found_in(tmp_path, FOUND, frames=60)
    whole = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join(whole[:30]) + whole[30][:20])
    source = FileSource(video)
    found = recording_report(EventsFile(events), source)
    source.close()
    assert found.reason == "events cut short"
    assert found.timeline.gaps[-1][1] == pytest.approx(2.4)
    assert "that was not analysed" in report_page(found)
