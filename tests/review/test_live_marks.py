"""Marks of a session at their places in its recording: written by the recorders themselves."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polyplive.review.live_marks import events_beside, marks_beside
from polyplive.sessions.opening import open_video
from polyplive.sessions.recorder.recording_files import RecordingFiles
from polyplive.sinks.base import FrameRecord, Mark, SessionInfo
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import Frame, Prediction, Roi, SourceInfo, StageTimes, Tally

if TYPE_CHECKING:
    from pathlib import Path

STARTED_S = 5000.0
FIRST = 200
"""The recording begins with the session's frame of this index."""
FRAME_S = 0.04


@pytest.fixture
def recorded(tmp_path: Path) -> list[Path]:
    """A recording in two files of 30 frames; the marks are of a session that ran for eight seconds before."""
    files = RecordingFiles.beside(raw=tmp_path / "ward-raw.mp4")
    video = SegmentWriter(files.raw, SegmentSettings(segment_s=1.2, free_mib=0), composed=False)
    events = EventsSink(files.events)
    info = SourceInfo("card", 64, 48, 25.0, None, None, live=True)
    session = SessionInfo(info, "model", "0" * 64, "openvino", "1", "2026-01-01T12:00:00+00:00")
    for sink in (video, events):
        sink.open(session)
    for mark in marks():
        events.note(mark)
    for place in range(60):
        index = FIRST + place
        frame = Frame(
            np.full((48, 64, 3), place, np.uint8), index, index * FRAME_S, STARTED_S + index * FRAME_S, 1.0, Fraction(1)
        )
        prediction = Prediction(index, Roi(0, 0, 64, 48), np.zeros((8, 8), np.float32), None, 1.0, 0.5, (), 0.0)
        for sink in (video, events):
            sink.write(FrameRecord(frame, prediction, None, StageTimes()))
    for sink in (video, events):
        sink.end(Tally(60, 60, {}), "stopped")
        sink.close()
    return list(video.files)


def test_a_mark_just_behind_the_last_frame_is_still_the_last_files(recorded) -> None:
    events = events_beside(recorded[0])
    end_s = STARTED_S + (FIRST + 59) * FRAME_S
    line = f'{{"type": "mark", "number": 5, "at_s": {end_s + 0.5}, "index": null, "pts_s": null, "text": "out"}}\n'
    events.write_text(events.read_text() + line)
    assert [mark.number for mark in marks_beside(recorded[1])] == [4, 5]
    assert 5 not in [mark.number for mark in marks_beside(recorded[0])]


def marks() -> tuple[Mark, ...]:
    def made(number: int, index: int, text: str = "") -> Mark:
        return Mark(number, STARTED_S + index * FRAME_S + 0.01, index, index * FRAME_S, text)

    before, shown = made(1, 40, "insertion"), made(2, FIRST + 10, "")
    lately = Mark(3, STARTED_S + (FIRST + 20) * FRAME_S + 0.03, None, None, "without a screen")
    return before, shown, lately, made(4, FIRST + 45, "caecum"), made(4, FIRST + 45, "caecum, clean")


def test_marks_are_at_the_files_own_times(recorded) -> None:
    first, second = recorded
    placed = [(mark.number, mark.index, round(mark.pts_s, 3), mark.text) for mark in marks_beside(first)]
    assert placed == [(1, 0, 0.0, "insertion"), (2, 10, 0.4, ""), (3, 20, 0.8, "without a screen")]
    (mark,) = marks_beside(second)
    assert (mark.number, mark.text) == (4, "caecum, clean")
    assert mark.pts_s == pytest.approx(mark.index * FRAME_S)
    with open_video(second) as video:
        video.seek(mark.pts_s)
        frame = video.read()
    assert frame.index == mark.index
    assert frame.image.mean() == pytest.approx(45, abs=2), "that was marked"


def test_where_events_or_list_are_missing_or_damaged_there_are_no_marks(recorded, tmp_path: Path) -> None:
    first = recorded[0]
    events = events_beside(first)
    assert events == tmp_path / "ward-raw.events.jsonl"
    frames = first.with_suffix(".frames.csv")
    kept = frames.read_text()
    frames.write_text(kept[: len(kept) // 2])
    assert marks_beside(first)[0].text == "insertion", "cut short"
    frames.write_text("no,list\n1,2\n")
    assert marks_beside(first) == ()
    frames.unlink()
    assert marks_beside(first) == ()
    events.unlink()
    assert events_beside(first) is None
    assert marks_beside(first) == ()
