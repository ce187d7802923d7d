"""Recordings that begin and end while a session runs, and the marks that go into their events."""

from __future__ import annotations

import datetime
import json
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import av
import pytest
from live_rig import Rig
from stuck_sink import StuckSink

from polyplive.errors import ConfigError, InferenceError, SinkError, SourceLost
from polyplive.sessions.live import recordings as recordings_module
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.recording_files import RecordingFiles, RecordingSettings, new_files
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks import segments as segments_module
from polyplive.sinks.base import Content
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.sessions.engine_room.interrupt import Interrupt

ANY_DISK = RecordingSettings(SegmentSettings(free_mib=0))


class RigWithoutModel(Rig):
    def open_engine(self, interrupt: Interrupt) -> NoReturn:
        raise InferenceError("The runtime does not answer", "Wait.")


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A session that is ready, with a window's questions."""
    with Rig({"with_screen": True, "recording": ANY_DISK}) as rig:
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
        yield rig


def record(rig: Rig, files: RecordingFiles, frames: int = 20) -> None:
    """Record at least so many frames, and wait until all of it is written."""
    before = len(rig.session.view().recorded)
    rig.session.recording.start(files)
    began = rig.session.summary().tally.read
    rig.stream_until(lambda: rig.session.summary().tally.read >= began + frames, "frames to record")
    rig.session.recording.stop()
    rig.wait(lambda: len(rig.session.view().recorded) > before, "the end of the recording")


def decoded(path: Path) -> int:
    with av.open(str(path)) as video:
        return sum(1 for _ in video.decode(video=0))


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def marks_in(path: Path) -> list[tuple[int, str]]:
    return [(line["number"], line["text"]) for line in lines(path) if line["type"] == "mark"]


def test_each_start_makes_files_of_its_own_that_hold_its_frames(rig: Rig, tmp_path: Path) -> None:
    first = RecordingFiles.beside(raw=tmp_path / "first.mp4", overlay=tmp_path / "first-overlay.mkv")
    second = RecordingFiles.beside(overlay=tmp_path / "second.mp4")
    record(rig, first)
    rig.stream_until(lambda: True)
    record(rig, second)
    assert first.events == tmp_path / "first.events.jsonl"
    ends = rig.session.view().recorded
    assert [[file.path for file in end.files] for end in ends] == [
        [first.raw, first.overlay, first.events],
        [second.overlay, second.events],
    ]
    for end in ends:
        assert (end.reason, end.problems, end.left_out) == ("stopped", (), 0)
        assert [file.size for file in end.files] == [file.path.stat().st_size for file in end.files]
        head, *between, last = lines(end.files[-1].path)
        frames = [line for line in between if line["type"] == "frame"]
        assert (head["type"], last["type"], last["reason"]) == ("session", "end", "stopped")
        assert between[0]["type"] == "state", "what holds when it begins"
        assert [decoded(path) for path in end.videos] == [last["frames_read"]] * len(end.videos)
        assert len(frames) == last["frames_processed"] == last["frames_read"] - sum(last["dropped"].values())
    assert lines(first.events)[-2]["index"] < min(
        line["index"] for line in lines(second.events) if line["type"] == "frame"
    )
    assert rig.session.state[0] is SessionState.READY


def test_the_status_says_what_is_being_recorded(rig: Rig, tmp_path: Path) -> None:
    assert not rig.session.view().recording.is_recording
    files = RecordingFiles.beside(raw=tmp_path / "raw.mp4")
    rig.session.recording.start(files)
    status = rig.session.view().recording
    assert status.is_recording
    assert status.takes_marks
    assert status.contents == (Content.RAW, Content.EVENTS)
    with pytest.raises(SinkError, match="running already"):
        rig.session.recording.start(RecordingFiles.beside(raw=tmp_path / "other.mp4"))
    rig.stream_until(lambda: set(rig.session.view().recording.files) == {files.raw, files.events})
    rig.stream_until(lambda: rig.session.view().recording.bytes_written > 1000, "more than a fragment")
    status = rig.session.view().recording
    assert status.elapsed_s > 0
    assert status.free_bytes is not None
    assert (status.pieces, status.error, status.left_out) == (1, "", 0)
    rig.session.recording.stop()
    rig.session.recording.stop()
    assert not rig.session.view().recording.is_recording


def test_stopping_waits_for_nothing_and_all_that_was_accepted_is_written(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    raw = tmp_path / "raw.mp4"

    def behind_a_stuck_disk(files: RecordingFiles, settings: RecordingSettings, number: int) -> tuple:
        sinks = [StuckSink(let_go), SegmentWriter(files.raw, settings.segments, composed=False)]
        return (RecorderThread(Recorder(sinks), f"polyplive-recorder-{number}"),)

    monkeypatch.setattr(recordings_module, "recording_threads", behind_a_stuck_disk)
    rig.session.recording.start(RecordingFiles.beside(raw=raw))
    began = rig.session.summary().tally.read
    rig.stream_until(lambda: rig.session.summary().tally.read >= began + 10)
    rig.session.recording.stop()
    accepted = rig.session.summary().tally.read - began
    status = rig.session.view().recording
    assert not status.is_recording
    assert status.finishing > 0
    assert rig.session.view().recorded == ()
    rig.stream_until(lambda: rig.session.summary().tally.read >= began + accepted + 10, "video goes on")
    let_go.set()
    rig.wait(lambda: rig.session.view().recorded)
    assert decoded(raw) == accepted - rig.session.view().recorded[0].left_out


def test_what_was_given_at_the_start_is_a_recording_and_events_go_on_after_it(tmp_path: Path) -> None:
    raw, events = tmp_path / "raw.mp4", tmp_path / "events.jsonl"
    videos = RecorderThread(Recorder([SegmentWriter(raw, SegmentSettings(free_mib=0), composed=False)]))
    results = ResultsThread(Recorder([EventsSink(events)]))
    with Rig({"with_screen": True, "recorders": (videos, results), "recording": ANY_DISK}) as rig:
        rig.stream_until(lambda: rig.session.view().recording.is_recording)
        rig.stream_until(lambda: rig.session.summary().tally.processed > 20)
        rig.session.recording.stop()
        rig.wait(lambda: rig.session.view().recorded)
        assert rig.session.view().recorded[0].videos == (raw,)
        assert rig.session.view().recording.contents == (Content.EVENTS,)
        record(rig, RecordingFiles.beside(raw=tmp_path / "later.mp4"))
        rig.session.recording.mark("both files")
    summary = rig.session.summary()
    assert [end.files[0].path.name for end in summary.recorded] == ["raw.mp4", "later.mp4", "events.jsonl"]
    assert decoded(raw) < summary.tally.read
    end = lines(events)[-1]
    assert end["frames_read"] == summary.tally.read
    assert end["live"]["marks"] == 1
    with pytest.raises(SinkError, match="session is over"):
        rig.session.recording.start(RecordingFiles.beside(raw=tmp_path / "late.mp4"))


def test_marks_wait_for_an_events_file_and_their_text_may_come_later(rig: Rig, tmp_path: Path) -> None:
    commands = rig.session.recording
    early = commands.mark()
    status = rig.session.view().recording
    assert (status.marks, status.marks_in_no_file, status.takes_marks) == (1, 1, False)
    files = RecordingFiles.beside(raw=tmp_path / "raw.mp4")
    commands.start(files)
    second = commands.mark("caecum")
    assert second.index == rig.show().frame.index
    rig.wait(lambda: rig.session.view().recording.marks_in_no_file == 0, "both in the file")
    commands.describe(early.number, "ileum")
    rig.stream_until(lambda: rig.session.view().recording.files)
    commands.stop()
    rig.wait(lambda: rig.session.view().recorded)
    assert marks_in(files.events) == [(1, ""), (2, "caecum"), (1, "ileum")]
    written = next(line for line in lines(files.events) if line["type"] == "mark")
    assert (written["index"], written["at_s"]) == (early.index, pytest.approx(early.at_s, abs=1e-6))
    commands.describe(2, "caecum, seen twice")
    rig.ending.set()
    rig.session.close()
    summary = rig.session.summary()
    assert summary.marks == 2
    assert [mark.text for mark in summary.unsaved_marks] == ["caecum, seen twice"]


def test_a_mark_is_not_lost_with_the_file_that_could_not_take_it(rig: Rig, tmp_path: Path) -> None:
    gone, kept = tmp_path / "gone", tmp_path / "kept"
    gone.mkdir()
    kept.mkdir()
    files = RecordingFiles(gone / "raw.mp4", None, gone / "raw.events.jsonl")
    shutil.rmtree(gone)
    rig.session.recording.start(files)
    rig.session.recording.mark("here")
    rig.stream_until(lambda: rig.session.view().recorded, "it ends by itself")
    status = rig.session.view().recording
    assert not status.is_recording
    assert "there is no folder" in status.error
    assert status.marks_in_no_file == 1
    assert rig.session.view().recorded[0].reason == "failed"
    again = RecordingFiles.beside(raw=kept / "raw.mp4")
    record(rig, again)
    assert marks_in(again.events) == [(1, "here")]
    assert rig.session.view().recording.error == ""
    assert rig.session.view().recording.marks_in_no_file == 0
    assert "there is no folder" in rig.session.view().notices[0]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_ends_the_recording_with_a_file_that_plays_and_the_session_goes_on(
    rig: Rig, tmp_path: Path
) -> None:
    import resource

    files = RecordingFiles.beside(raw=tmp_path / "raw.mp4")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    try:
        rig.session.recording.start(files)
        rig.stream_until(lambda: rig.session.view().recorded, "the end of the room")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    end = rig.session.view().recorded[0]
    assert end.reason == "failed"
    assert "No room left to write" in end.problems[0]
    assert "No room left to write" in rig.session.view().recording.error
    assert decoded(files.raw) > 10
    assert lines(files.events)[-1]["reason"] == "failed"
    read = rig.session.summary().tally.read
    rig.stream_until(lambda: rig.session.summary().tally.read > read + 5)
    assert rig.session.state[0] is SessionState.READY


def test_a_folder_that_goes_ends_the_recording_and_the_session_goes_on(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_module, "_SPACE_EVERY_S", 0.0)
    folder = tmp_path / "gone"
    folder.mkdir()
    rig.session.recording.start(RecordingFiles.beside(raw=folder / "raw.mp4"))
    rig.stream_until(lambda: len(rig.session.view().recording.files) == 2)
    shutil.rmtree(folder)
    rig.stream_until(lambda: rig.session.view().recorded, "it ends by itself")
    end = rig.session.view().recorded[0]
    assert (end.reason, end.files) == ("failed", ())
    assert "there is no folder" in rig.session.view().recording.error
    assert rig.session.state[0] is SessionState.READY


def test_without_a_model_video_is_recorded_and_marks_are_in_its_events(tmp_path: Path) -> None:
    files = RecordingFiles.beside(raw=tmp_path / "raw.mp4")
    with RigWithoutModel({"with_screen": True, "recording": ANY_DISK}) as rig:
        rig.stream_until(lambda: rig.session.state[0] is SessionState.FAULT)
        rig.session.recording.start(files)
        rig.session.recording.mark("no model")
        began = rig.session.summary().tally.read
        rig.stream_until(lambda: rig.session.summary().tally.read > began + 10)
    assert decoded(files.raw) >= 10
    assert marks_in(files.events) == [(1, "no model")]
    assert lines(files.events)[0]["model"] == ""
    assert rig.session.summary().unsaved_marks == ()


def test_a_recording_goes_on_when_the_source_comes_back(rig: Rig, tmp_path: Path) -> None:
    files = RecordingFiles.beside(overlay=tmp_path / "overlay.mp4")
    rig.session.recording.start(files)
    rig.stream_until(lambda: rig.session.view().recording.files)
    rig.feed.put(SourceLost("'card' gives no more frames", "Check the cable."))
    rig.wait(lambda: rig.session.state[0] is SessionState.RECONNECTING)
    rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
    rig.session.recording.stop()
    rig.wait(lambda: rig.session.view().recorded)
    last = lines(files.events)[-1]
    assert decoded(files.overlay) == last["frames_read"] - last["dropped"].get("left behind", 0)
    assert "reconnecting" in [line.get("state") for line in lines(files.events)]


def test_names_say_when_and_what_and_overwrite_nothing(tmp_path: Path) -> None:
    folder, now = tmp_path / "a" / "b", datetime.datetime(2026, 1, 2, 3, 4, 5)
    both = (Content.RAW, Content.OVERLAY)
    files = new_files(folder, both, now)
    assert [path.name for path in (files.raw, files.overlay, files.events)] == [
        "polyplive-20260102-030405-raw.mp4",
        "polyplive-20260102-030405-overlay.mp4",
        "polyplive-20260102-030405.events.jsonl",
    ]
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "polyplive-20260102-030405-raw.frames.csv").touch()
    assert new_files(folder, both, now).events.name == "polyplive-20260102-030405-2.events.jsonl"
    assert new_files(folder, (Content.OVERLAY,), now).raw is None
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="Cannot write"):
        new_files(tmp_path / "file", both, now)
    with pytest.raises(ConfigError, match="Neither raw nor overlay"):
        new_files(folder, (), now)
    with pytest.raises(SinkError, match="does not end as a video"):
        RecordingFiles.beside(raw=tmp_path / "raw.avi")
    with pytest.raises(ConfigError, match="named twice"):
        RecordingFiles.beside(raw=tmp_path / "x.mp4", overlay=tmp_path / "x.mp4")
