"""What the player gives to sinks, with real files and sinks that fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from gated_engine import broken, open_gated
from replay_rig import FAST, FRAMES, PATIENCE_S, Audience

from polyplive.errors import SinkError
from polyplive.sessions.replay import Mode, Player, PlayerSettings
from polyplive.sinks.base import Content, Sink
from polyplive.sinks.events import EventsSink
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.sources.file import FileSource
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sinks.base import FrameRecord, SessionInfo, SessionNote
    from polyplive.types import Tally


class Memory(Sink):
    """A sink that keeps what it is given, and may fail at a frame."""

    @property
    def wants_composite(self) -> bool:
        return True

    def __init__(self, fails_at: int | None = None) -> None:
        self.records: list[FrameRecord] = []
        self.notes: list[SessionNote] = []
        self.session: SessionInfo | None = None
        self.ended: tuple[Tally, str] | None = None
        self.closed = False
        self._fails_at = fails_at

    def open(self, session: SessionInfo) -> None:
        self.session = session

    def write(self, record: FrameRecord) -> None:
        if record.frame.index == self._fails_at:
            raise SinkError("Cannot write 'out.mp4': no space left on device", "Free some space.")
        self.records.append(record)

    def note(self, note: SessionNote) -> None:
        self.notes.append(note)

    def end(self, tally: Tally, reason: str) -> None:
        self.ended = tally, reason

    def close(self) -> None:
        self.closed = True


def test_sinks_get_every_frame_in_order_and_the_closing_figures(start) -> None:
    sink = Memory()
    player, audience = start(FAST, sinks=(sink,))
    audience.wait(lambda view: view.state is SessionState.ENDED)
    player.close(PATIENCE_S)
    assert [record.frame.index for record in sink.records] == list(range(FRAMES))
    assert all(np.any(record.composite != record.frame.image) for record in sink.records)
    assert sink.session is not None
    assert sink.ended is not None
    assert sink.ended[0].processed == sink.ended[0].read == FRAMES
    assert sink.ended[1] == "end of file"
    assert sink.closed


def test_a_video_played_from_start_to_end_is_recorded_when_it_ends(tmp_path: Path, start) -> None:
    """Not only when the window is closed: its files are whole, and it is said what they are."""
    video, events = tmp_path / "overlay.mp4", tmp_path / "events.jsonl"
    sinks = (SegmentWriter(video, SegmentSettings(free_mib=0)), EventsSink(events))
    player, audience = start(FAST, sinks=sinks)
    during = audience.wait(lambda view: view.recording.files)
    assert during.recording.is_recording
    assert during.recording.contents == (Content.OVERLAY, Content.EVENTS)
    view = audience.wait(lambda view: view.state is SessionState.ENDED)
    assert not view.recording.is_recording
    end = view.recorded[0]
    assert [(file.path, file.content, file.size) for file in end.files] == [
        (video, Content.OVERLAY, video.stat().st_size),
        (events, Content.EVENTS, events.stat().st_size),
    ]
    assert (end.reason, end.problems, end.videos) == ("end of file", (), (video,))
    assert end.duration_s == pytest.approx(view.duration_s, abs=0.05)
    assert len(events.read_text(encoding="utf-8").splitlines()) == FRAMES + 3  # session, pipeline, end
    player.seek(0.0)
    audience.wait(lambda view: view.state is not SessionState.ENDED)
    player.close(PATIENCE_S)
    with av.open(str(video)) as recorded:
        assert sum(1 for _ in recorded.decode(video=0)) == FRAMES


def test_a_sink_that_fails_is_stopped_with_a_line_and_playback_goes_on(start) -> None:
    failing, fine = Memory(fails_at=5), Memory()
    _, audience = start(FAST, sinks=(failing, fine))
    view = audience.wait(lambda view: view.state is SessionState.ENDED)
    assert view.notices == ("Cannot write 'out.mp4': no space left on device. Free some space.",)
    assert failing.closed
    assert len(failing.records) == 5
    assert len(fine.records) == FRAMES


def test_frames_after_the_engine_died_are_recorded_as_what_they_are(tmp_path: Path, clip: Path) -> None:
    """In the video with the fault on them; in the events not at all, but counted."""
    calls = [0]

    def dies() -> None:
        calls[0] += 1
        if calls[0] > 5:
            broken()

    events = tmp_path / "events.jsonl"
    screen = Audience()
    player = Player(lambda: FileSource(clip), open_gated(dies), screen, sinks=[EventsSink(events)])
    with player:
        screen.wait(lambda view: view.frame is not None and view.frame.index >= 15)
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    frames = [line for line in lines if line["type"] == "frame"]
    assert len(frames) == 5
    end = lines[-1]
    assert end["frames_processed"] == 5
    assert end["dropped"]["no engine"] >= 10
    assert end["frames_read"] == 5 + sum(end["dropped"].values())


def test_frames_at_the_sources_pace_are_counted_as_not_recorded(tmp_path: Path, clip: Path) -> None:
    events = tmp_path / "events.jsonl"
    screen = Audience()
    settings = PlayerSettings(playing=False)
    player = Player(lambda: FileSource(clip), open_gated(), screen, settings, sinks=[EventsSink(events)])
    with player:
        for index in range(4):
            screen.wait_index(index)
            player.step(1)
        screen.wait_index(4)
        player.set_mode(Mode.KEEP_PACE)
        player.play()
        screen.wait(lambda view: view.state is SessionState.ENDED)
    end = json.loads(events.read_text(encoding="utf-8").splitlines()[-1])
    assert end["dropped"]["not recorded"] > 0
    assert end["dropped"]["not recorded"] + end["dropped"].get("late", 0) >= FRAMES - 6
    assert end["frames_read"] == end["frames_processed"] + sum(end["dropped"].values())
