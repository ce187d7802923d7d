"""The HTML report."""

from __future__ import annotations

import base64
import dataclasses
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from checked_page import CheckedPage, loads_nothing

from polyplive.errors import SinkError
from polyplive.pages.report import report_page
from polyplive.pixels.picture import BgrPicture
from polyplive.review.report_sink import ReportSink
from polyplive.sinks.base import FrameRecord, Mark, SessionInfo
from polyplive.types import Detection, Frame, Prediction, Roi, SourceInfo, StageTimes, Tally


def session(name: str = "colon.mp4") -> SessionInfo:
    return SessionInfo(SourceInfo(name, 96, 64, 25.0, 100, 4.0), "unet", "ab" * 32, "openvino", "0.1.0", "today")


def record(index: int, *polyps: tuple[int, float]) -> FrameRecord:
    image = np.full((64, 96, 3), index % 256, np.uint8)
    contour = np.array([[1, 2], [30, 2], [30, 40]], np.int32)
    found = tuple(Detection(track, score, (1, 2, 30, 39), 600, contour) for track, score in polyps)
    zero = np.zeros((4, 4), np.float32)
    prediction = Prediction(index, Roi(0, 0, 96, 64), zero, None, 1.0, 0.5, found, 101.0)
    frame = Frame(image, index, index / 25, 0.0)
    return FrameRecord(frame, prediction, image, StageTimes(1, 2, 3, 4, 5), None, 20.0)


def write_a_moment(sink: ReportSink, made: FrameRecord, frames: int = 3) -> None:
    """The same findings for so many frames, from that record's on: evidence enough."""
    for index in range(made.frame.index, made.frame.index + frames):
        frame = dataclasses.replace(made.frame, index=index, pts_s=index / 25)
        sink.write(dataclasses.replace(made, frame=frame))


def test_a_session_on_one_page(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    sink = ReportSink(path, report_page)
    assert sink.wants_composite
    sink.open(session())
    assert not path.exists()
    for index in range(100):
        found = [(1, 0.6 + index / 1000)] if 25 <= index < 75 else []
        sink.write(record(index, *found, *([(2, 0.55)] if index == 60 else [])))
    sink.end(Tally(101, 100, {"damaged": 1}), "end of file")
    sink.close()
    text = path.read_text(encoding="utf-8")
    page = CheckedPage(text)
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]
    assert "Research use only. Not a medical device." in page.texts
    for expected in (
        "colon.mp4",
        "50 of 100 (50 %)",
        "00:02.0",
        "Polyp 1",
        "00:01.0",
        "67 %",
        "1 damaged",
        "end of file",
    ):
        assert expected in page.texts, expected
    pictures = [value for tag, name, value in page.attributes if tag == "img" and name == "src"]
    assert len(pictures) == 1, "what is seen in one frame is no finding"
    jpeg = np.frombuffer(base64.b64decode(pictures[0].split(",", 1)[1]), np.uint8)
    assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR).mean() == pytest.approx(74, abs=2), "the frame of the highest score"


def test_coverage_comes_first_and_the_time_line_goes_to_the_recording_s_end(tmp_path: Path) -> None:
    """Of four seconds the first and the third were played."""
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    for index in [*range(25), *range(50, 75)]:
        sink.write(record(index, (1, 0.9)))
    sink.end(Tally(50, 50, {}), "stopped")
    page = CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8"))
    texts = [text for text in page.texts if text]
    assert texts[texts.index("of 00:04.0 analysed") - 1] == "50 %"
    assert "Nothing is known of 00:01.0 to 00:02.0, 00:03.0 to 00:04.0: that was not analysed." in texts
    assert "not analysed: 00:03.0 to 00:04.0" in texts


def test_what_is_burned_in_around_the_field_of_view_is_not_in_the_pictures(tmp_path: Path) -> None:
    seen = record(0, (1, 0.9))
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, :20] = 255  # where a name stands
    prediction = dataclasses.replace(seen.prediction, roi=Roi(24, 0, 72, 64))
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    frame = Frame(image, 0, 0.0, 0.0)
    write_a_moment(sink, dataclasses.replace(seen, frame=frame, composite=image, prediction=prediction))
    sink.end(Tally(3, 3, {}), "end of file")
    (address,) = CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8")).values("src")
    jpeg = np.frombuffer(base64.b64decode(address.split(",", 1)[1]), np.uint8)
    shown = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert shown.shape == (64, 72, 3)
    assert shown.max() < 40


def test_marks_are_in_the_timeline_and_in_a_table(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    for index in range(50):
        sink.write(record(index))
    sink.note(Mark(1, 1.0, None, None, "too early"))
    sink.note(Mark(2, 2.0, 25, 1.0))
    sink.note(Mark(2, 3.0, 25, 1.0, "caecum"))
    sink.end(Tally(50, 50, {}), "stopped")
    texts = CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8")).texts
    for expected in ("Mark 1", "before the first frame", "too early", "Mark 2", "00:01.0", "caecum"):
        assert texts.count(expected) == 1, expected
    assert "Dashed lines are marks." in " ".join(texts)


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    write_a_moment(sink, record(0, (1, 0.9)))
    sink.end(Tally(3, 3, {}), "end of file")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert loads_nothing(text)
    assert len(CheckedPage(text).values("src")) == 1


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    name = "<script>alert(1)<script>&\"'.mp4"
    sink.open(session(name))
    sink.write(record(0))
    sink.end(Tally(1, 1, {"<b>": 1}), "error: <i>x</i>")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>\n" not in text
    assert "<i>" not in text
    assert name in CheckedPage(text).texts


def test_a_name_that_is_not_utf8_does_not_cost_the_report(tmp_path: Path) -> None:
    path = tmp_path / ("r" * 240 + ".html")
    sink = ReportSink(path, report_page)
    sink.open(session("cl\udcffip.mp4"))
    sink.write(record(0))
    sink.end(Tally(1, 1, {}), "end of file")
    assert "cl?ip.mp4" in path.read_text(encoding="utf-8")


def test_many_findings_leave_forty_pictures(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    for track in range(1, 51):
        write_a_moment(sink, record(track * 600, (track, 0.9)), 3 + track % 3)
    sink.end(Tally(100, 100, {}), "stopped")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 40
    assert "10 more are listed above" in text


@pytest.mark.parametrize("frames", [0, 1])
def test_short_sessions_have_a_page_too(tmp_path: Path, frames: int) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    for index in range(frames):
        sink.write(record(index))
    sink.end(Tally(frames, frames, {}), "end of file")
    sink.close()
    assert "No polyp was marked." in CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8")).texts


def test_marks_that_are_no_finding_are_not_passed_over(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    sink.write(record(0, (1, 0.9)))
    sink.end(Tally(1, 1, {}), "end of file")
    texts = CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8")).texts
    assert "What was marked was seen too shortly or too faintly to be a finding." in texts
    assert "No polyp was marked." not in texts


def test_closed_early_it_keeps_what_it_has(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    sink.write(record(0, (1, 0.8)))
    sink.close()
    assert "closed before its end" in CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8")).texts


def test_opened_and_closed_it_leaves_nothing_and_an_older_report_stays(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("older")
    sink = ReportSink(path, report_page)
    sink.open(session())
    sink.close()
    assert [item.name for item in tmp_path.iterdir()] == ["r.html"]
    assert path.read_text() == "older"


@pytest.mark.parametrize("place", ["no/such/r.html", "."])
def test_an_unwritable_path_is_refused_at_once(tmp_path: Path, place: str) -> None:
    with pytest.raises(SinkError, match="Cannot write"):
        ReportSink(tmp_path / place, report_page).open(session())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_with_no_room_left_nothing_is_said_to_be_kept(tmp_path: Path) -> None:
    import resource

    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    sink.write(record(0, (1, 0.8)))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(SinkError, match=r"No room left.*too little"):
            sink.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("size", "aspect"), [((180, 144), Fraction(64, 45)), ((720, 576), Fraction(64, 45))])
def test_pictures_are_in_their_true_shape(size: tuple[int, int], aspect: Fraction, tmp_path: Path) -> None:
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    across, down = round(0.3 * height / aspect), round(0.3 * height)
    cv2.ellipse(image, (width // 2, height // 2), (across, down), 0, 0, 360, (30, 30, 230), -1)
    source = SourceInfo("colon.mp4", width, height, 25.0, 100, 4.0, sample_aspect=aspect)
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(dataclasses.replace(session(), source=source))
    seen = record(0, (1, 0.9))
    prediction = dataclasses.replace(seen.prediction, roi=Roi(0, 0, width, height))
    frame = Frame(image, 0, 0.0, 0.0, sample_aspect=aspect)
    write_a_moment(sink, dataclasses.replace(seen, frame=frame, composite=image, prediction=prediction))
    sink.end(Tally(3, 3, {}), "end of file")
    sink.close()
    page = CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8"))
    (address,) = [value for tag, name, value in page.attributes if tag == "img" and name == "src"]
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(address.split(",", 1)[1]), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[1] / shown.shape[0] == pytest.approx(16 / 9, rel=0.01)
    _, _, wide, high = cv2.boundingRect((shown[..., 2] > 160).astype(np.uint8))
    assert wide == pytest.approx(high, abs=3)
    assert any(f"{width} x {height}, shown as {round(width * aspect)} x {height}" in text for text in page.texts)


def test_the_picture_s_sizes_are_listed_with_their_times(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html", report_page)
    sink.open(session())
    for index in range(75):
        made = record(index, (1, 0.9))
        image = np.zeros((72, 128, 3), np.uint8) if 25 <= index < 50 else made.frame.image
        sink.write(dataclasses.replace(made, frame=dataclasses.replace(made.frame, picture=BgrPicture(image))))
    sink.end(Tally(75, 75, {}), "end of file")
    assert sink.files == (tmp_path / "r.html",)
    texts = CheckedPage((tmp_path / "r.html").read_text(encoding="utf-8")).texts
    assert "96 x 64, from 00:01.0 on 128 x 72, from 00:02.0 on 96 x 64, 25 frames a second" in texts
