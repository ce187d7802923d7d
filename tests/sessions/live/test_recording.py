"""What a live session leaves: files that play, a time stamp for each frame, and never a wait."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import threading
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from live_rig import HEIGHT, WIDTH, Rig, picture
from stuck_sink import StuckSink

from polyplive.errors import SourceLost
from polyplive.overlay.compositor import compose, footprint
from polyplive.pixels.picture import BgrPicture
from polyplive.sessions.opening import describe_source
from polyplive.sessions.recorder.messages import CapturedFrame
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks import segments as segments_module
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import Frame, Hud, OverlaySettings, SessionState, SourceInfo, Tally

if TYPE_CHECKING:
    from pathlib import Path


INFO = SourceInfo("test", WIDTH, HEIGHT, 30.0, None, None, live=True)
NO_LIMIT = SegmentSettings(free_mib=0)


def captured(number: int, width: int = WIDTH, height: int = HEIGHT) -> CapturedFrame:
    frame = Frame(picture(number, width, height), number, number / 30, 1000 + number / 30)
    return CapturedFrame(frame, None, OverlaySettings(), Hud(), describe_source(INFO))


def close(recorder: Recorder) -> None:
    recorder.close(Tally(0, 0, {}), "stopped")


def decoded(path: Path) -> int:
    with av.open(str(path)) as video:
        return sum(1 for _ in video.decode(video=0))


def rows(path: Path) -> list[dict[str, str]]:
    with path.with_suffix(".frames.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_raw_and_overlay_have_every_frame_and_its_time(tmp_path: Path) -> None:
    overlay, raw = tmp_path / "overlay.mp4", tmp_path / "raw.mkv"
    recorder = Recorder([SegmentWriter(overlay, NO_LIMIT), SegmentWriter(raw, NO_LIMIT, composed=False)])
    for number in range(40):
        recorder.write(captured(number))
    close(recorder)
    assert recorder.notices == ()
    for path in (overlay, raw):
        assert decoded(path) == 40
        listed = rows(path)
        assert [int(row["index"]) for row in listed] == list(range(40))
        assert float(listed[39]["captured_s"]) == pytest.approx(1000 + 39 / 30, abs=1e-5)


@pytest.mark.parametrize(("width", "height"), [(12, 12), (1, 1), (97, 63)])
def test_odd_and_tiny_pictures_are_recorded(tmp_path: Path, width: int, height: int) -> None:
    overlay, raw = tmp_path / "overlay.mp4", tmp_path / "raw.mkv"
    recorder = Recorder([SegmentWriter(overlay, NO_LIMIT), SegmentWriter(raw, NO_LIMIT, composed=False)])
    for number in range(12):
        item = captured(number)
        frame = dataclasses.replace(item.frame, picture=BgrPicture(np.full((height, width, 3), number, np.uint8)))
        recorder.write(dataclasses.replace(item, frame=frame))
    close(recorder)
    assert recorder.notices == ()
    assert [decoded(overlay), decoded(raw)] == [12, 12]


def test_a_new_file_begins_after_a_while_and_where_the_size_changes(tmp_path: Path) -> None:
    recorder = Recorder([SegmentWriter(tmp_path / "raw.mp4", SegmentSettings(1.0, free_mib=0), composed=False)])
    for number in range(45):
        recorder.write(captured(number))
    for number in range(45, 55):
        recorder.write(captured(number, 2 * WIDTH, HEIGHT))
    close(recorder)
    segments = sorted(tmp_path.glob("raw-*.mp4"))
    assert [decoded(segment) for segment in segments] == [30, 15, 10]
    assert [int(row["index"]) for segment in segments for row in rows(segment)] == list(range(55))


def test_recording_ends_while_the_disk_still_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [10_000 << 20]
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(segments_module.shutil, "disk_usage", lambda _: usage._replace(free=free[0]))
    monkeypatch.setattr(segments_module, "_SPACE_EVERY_S", 0.0)
    path = tmp_path / "raw.mp4"
    recorder = Recorder([SegmentWriter(path, SegmentSettings(free_mib=500), composed=False)])
    for number in range(30):
        recorder.write(captured(number))
    free[0] = 100 << 20
    recorder.write(captured(30))
    recorder.write(captured(31))
    close(recorder)
    assert "only 100 MiB are free" in recorder.notices[0]
    assert decoded(path) == 30


def test_a_recording_that_cannot_be_written_leaves_video_and_a_line(tmp_path: Path) -> None:
    recorder = RecorderThread(Recorder([SegmentWriter(tmp_path / "no" / "folder.mp4", NO_LIMIT)]))
    with Rig({"with_screen": True, "recorders": (recorder,)}) as rig:
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
        rig.stream_until(lambda: rig.session.view().notices)
        assert "folder.mp4" in rig.session.view().notices[0]
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
    assert rig.session.summary().shown > 0


def test_an_encoder_that_does_not_keep_up_delays_nothing_and_is_counted() -> None:
    let_go = threading.Event()
    sink = StuckSink(let_go)
    recorder = RecorderThread(Recorder([sink]), capacity=5)
    with Rig({"with_screen": True, "recorders": (recorder,)}) as rig:
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
        read = rig.session.summary().tally.read
        for _ in range(100):
            rig.send()
            rig.wait(lambda: rig.session.summary().tally.read == rig.sent)
            assert np.array_equal(rig.show().frame.image, picture(rig.sent - 1))
        assert recorder.left_out >= 90
        assert "left out" in rig.session.view().notices[-1]
        let_go.set()
    assert rig.session.summary().tally.read >= read + 100
    assert sink.written + recorder.left_out == rig.session.summary().tally.read


def test_events_of_a_live_session(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    recorder = ResultsThread(Recorder([EventsSink(path)]))
    with Rig({"with_screen": True, "recorders": (recorder,)}) as rig:
        rig.stream_until(lambda: rig.session.summary().tally.processed > 20)
        rig.is_unplugged = True
        rig.feed.put(SourceLost("'card' gives no more frames", "Check the cable."))
        rig.wait_state(SessionState.RECONNECTING)
        rig.is_unplugged = False
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["type"] == "session"
    assert lines[0]["frames"] is None
    frames = [line for line in lines if line["type"] == "frame"]
    delays = [line["delays_ms"]["annotation"] for line in frames]
    assert all(delay is None or delay > 0 for delay in delays)
    indices = [line["index"] for line in frames]
    assert indices == sorted(set(indices)), "numbers go on after the source was opened again"
    assert "reconnecting" in [line["state"] for line in lines if line["type"] == "state"]
    end = lines[-1]
    assert end["type"] == "end"
    assert end["frames_read"] == end["frames_processed"] + sum(end["dropped"].values())
    assert len(frames) == end["frames_processed"]
    assert end["live"]["results_unshown"] == delays.count(None)
    assert end["live"]["source_opens"] == 2
    assert end["live"]["shown"] + sum(end["live"]["unshown"].values()) == end["frames_read"]


def test_a_thousand_frames_reach_the_screen_with_every_pixel_outside_the_overlay_their_own() -> None:
    """From the source, through the session's threads, to what the compositor gives the window."""
    overlay = OverlaySettings(figures=False)
    with Rig({"with_screen": True, "overlay": overlay}) as rig:
        with_overlay = 0
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
        for _ in range(1000):
            rig.send()
            rig.wait(lambda: rig.session.summary().tally.read == rig.sent)
            view = rig.show()
            truth = picture(rig.sent - 1)
            drawn = compose(view.frame, view.prediction, overlay)
            free = ~footprint(truth.shape, view.prediction, overlay)
            assert np.array_equal(drawn[free], truth[free])
            with_overlay += view.prediction is not None and bool(view.prediction.detections)
        assert with_overlay > 900


def test_the_end_waits_for_what_was_accepted_and_says_how_much_that_is(tmp_path: Path) -> None:
    """However short the time that threads are given: that is for those which hang, not for those which write."""
    let_go, path = threading.Event(), tmp_path / "raw.mp4"
    slow, video = StuckSink(let_go), SegmentWriter(path, NO_LIMIT, composed=False)
    recorder = RecorderThread(Recorder([slow, video]))
    told: list[int] = []

    def on_waiting(frames: int) -> None:
        told.append(frames)
        if len(told) == 3:
            let_go.set()

    rig = Rig({"recorders": (recorder,)})
    rig.session.start()
    rig.send(20)
    rig.wait(lambda: recorder.waiting >= 15)
    survivors = rig.session.close(0.1, on_waiting)
    rig.ending.set()
    assert "polyplive-recorder" not in survivors
    assert told[0] >= 15
    assert told[-1] == 0
    read = rig.session.summary().tally.read
    assert decoded(path) == len(rows(path)) == slow.written == read - recorder.left_out
