"""The HTML report."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from polyplive.errors import SinkError
from polyplive.sinks.base import FrameRecord, SessionInfo
from polyplive.sinks.report import ReportSink
from polyplive.sinks.report_page import clock
from polyplive.types import Detection, Frame, Prediction, Roi, SourceInfo, StageTimes, Tally

VOID = {"meta", "img", "br", "rect", "line"}


class Checked(HTMLParser):
    """Fails on tags that do not close; collects texts and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.texts.append(data.strip())


def session(name: str = "colon.mp4") -> SessionInfo:
    return SessionInfo(SourceInfo(name, 96, 64, 25.0, 100, 4.0), "unet", "ab" * 32, "openvino", "0.1.0", "today")


def record(index: int, *polyps: tuple[int, float]) -> FrameRecord:
    image = np.full((64, 96, 3), index, np.uint8)
    contour = np.array([[1, 2], [30, 2], [30, 40]], np.int32)
    found = tuple(Detection(track, score, (1, 2, 30, 39), 600, contour) for track, score in polyps)
    zero = np.zeros((4, 4), np.float32)
    prediction = Prediction(index, Roi(0, 0, 96, 64), zero, None, 1.0, 0.5, found, 101.0)
    frame = Frame(image, index, index / 25, 0.0)
    return FrameRecord(frame, prediction, image, StageTimes(1, 2, 3, 4, 5), None, 20.0)


def test_a_session_on_one_page(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    sink = ReportSink(path)
    assert sink.wants_composite
    sink.open(session())
    assert not path.exists()
    for index in range(100):
        found = [(1, 0.6 + index / 1000)] if 25 <= index < 75 else []
        sink.write(record(index, *found, *([(2, 0.55)] if index == 60 else [])))
    sink.end(Tally(101, 100, {"damaged": 1}), "end of file")
    sink.close()
    text = path.read_text(encoding="utf-8")
    page = Checked(text)
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]
    assert "Research use only. Not a medical device." in page.texts
    for expected in ("colon.mp4", "50 (50 %)", "00:02.0", "Polyp 1", "00:01.0", "67 %", "1 damaged", "end of file"):
        assert expected in page.texts, expected
    pictures = [value for tag, name, value in page.attributes if tag == "img" and name == "src"]
    assert len(pictures) == 2
    jpeg = np.frombuffer(base64.b64decode(pictures[0].split(",", 1)[1]), np.uint8)
    assert cv2.imdecode(jpeg, cv2.IMREAD_COLOR).mean() == pytest.approx(74, abs=2), "the frame of the highest score"


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html")
    sink.open(session())
    sink.write(record(0, (1, 0.9)))
    sink.end(Tally(1, 1, {}), "end of file")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|<script|<link", text)
    links = [value for _, name, value in Checked(text).attributes if name in {"src", "href"}]
    assert all(value.startswith("data:image/jpeg;base64,") for value in links)


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html")
    name = "<script>alert(1)</script>&\"'.mp4"
    sink.open(session(name))
    sink.write(record(0))
    sink.end(Tally(1, 1, {"<b>": 1}), "error: <i>x</i>")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>\n" not in text
    assert "<i>" not in text
    assert name in Checked(text).texts


def test_a_name_that_is_not_utf8_does_not_cost_the_report(tmp_path: Path) -> None:
    path = tmp_path / ("r" * 240 + ".html")
    sink = ReportSink(path)
    sink.open(session("cl\udcffip.mp4"))
    sink.write(record(0))
    sink.end(Tally(1, 1, {}), "end of file")
    assert "cl?ip.mp4" in path.read_text(encoding="utf-8")


def test_many_polyps_leave_twelve_pictures(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html")
    sink.open(session())
    for track in range(1, 31):
        for index in range(1 + track % 3):
            sink.write(record(track * 3 + index, (track, 0.7)))
    sink.end(Tally(90, 90, {}), "stopped")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("<figure>") == 12
    assert "18 more are listed above" in text


@pytest.mark.parametrize("frames", [0, 1])
def test_short_sessions_have_a_page_too(tmp_path: Path, frames: int) -> None:
    sink = ReportSink(tmp_path / "r.html")
    sink.open(session())
    for index in range(frames):
        sink.write(record(index))
    sink.end(Tally(frames, frames, {}), "end of file")
    sink.close()
    assert "No polyp was marked." in Checked((tmp_path / "r.html").read_text(encoding="utf-8")).texts


def test_closed_early_it_keeps_what_it_has(tmp_path: Path) -> None:
    sink = ReportSink(tmp_path / "r.html")
    sink.open(session())
    sink.write(record(0, (1, 0.8)))
    sink.close()
    assert "closed before its end" in Checked((tmp_path / "r.html").read_text(encoding="utf-8")).texts


def test_opened_and_closed_it_leaves_nothing_and_an_older_report_stays(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("older")
    sink = ReportSink(path)
    sink.open(session())
    sink.close()
    assert [item.name for item in tmp_path.iterdir()] == ["r.html"]
    assert path.read_text() == "older"


@pytest.mark.parametrize("place", ["no/such/r.html", "."])
def test_an_unwritable_path_is_refused_at_once(tmp_path: Path, place: str) -> None:
    with pytest.raises(SinkError, match="Cannot write"):
        ReportSink(tmp_path / place).open(session())


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00.0"), (59.96, "01:00.0"), (61.25, "01:01.2"), (3723.4, "1:02:03.4")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
