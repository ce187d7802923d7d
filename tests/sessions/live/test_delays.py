"""Both delays of every frame, and each result that was on screen counted once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from live_rig import Rig

from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sessions.view import View


class Screen(Rig):
    """A session with a window whose moments of looking and of painting the test chooses."""

    def __init__(self, path: Path) -> None:
        super().__init__({"with_screen": True, "recorders": (ResultsThread(Recorder([EventsSink(path)])),)})

    def warm_up(self) -> None:
        self.stream_until(lambda: self.session.state[0] is SessionState.READY)
        self.one_more()
        self.show()

    def one_more(self) -> None:
        """One frame, until its result is there."""
        done = self.session.summary().tally.processed
        self.send()
        self.wait(lambda: self.session.summary().tally.processed == done + 1)

    def look(self) -> View:
        return self.session.view()


def ended(path: Path) -> tuple[list[dict], dict]:
    """The lines of frames, and the last line."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["type"] == "frame"], lines[-1]


def test_a_result_that_is_replaced_while_it_is_painted_counts(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Screen(path) as rig:
        rig.warm_up()
        before = len(rig.session.display_times().annotation_ms)
        rig.one_more()
        view = rig.look()
        rig.one_more()  # its result comes while the window paints the one before
        rig.session.drawn(view)
        assert len(rig.session.display_times().annotation_ms) == before + 1
        rig.session.drawn(view)
        assert len(rig.session.display_times().annotation_ms) == before + 1, "once"
        rig.show()
        assert len(rig.session.display_times().annotation_ms) == before + 2
    frames, end = ended(path)
    newest = [line["delays_ms"]["annotation"] for line in frames[-2:]]
    assert None not in newest
    assert end["live"]["results_unshown"] == sum(line["delays_ms"]["annotation"] is None for line in frames)


def test_a_result_that_never_was_on_screen_is_counted_as_that(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Screen(path) as rig:
        rig.warm_up()
        unshown = rig.session.summary().results_unshown
        shown = len(rig.session.display_times().annotation_ms)
        for _ in range(3):
            rig.one_more()  # nobody looks in between
        rig.show()
        assert rig.session.summary().results_unshown == unshown + 2
        assert len(rig.session.display_times().annotation_ms) == shown + 1
    frames, end = ended(path)
    assert [line["delays_ms"]["annotation"] is None for line in frames[-3:]] == [True, True, False]
    assert end["frames_processed"] == len(frames)
    summary = rig.session.summary()
    assert end["live"]["results_unshown"] == summary.results_unshown
    assert len(rig.session.display_times().annotation_ms) + summary.results_unshown == summary.tally.processed


def test_each_event_has_both_delays_as_they_were_on_screen_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Screen(path) as rig:
        rig.warm_up()
        for _ in range(40):
            rig.one_more()
            rig.show()
        display_times = rig.session.display_times()
    frames, _ = ended(path)
    assert [line["index"] for line in frames] == sorted(line["index"] for line in frames)
    given = [line["delays_ms"] for line in frames[-40:]]
    assert [delays["video"] for delays in given] == pytest.approx(display_times.video_ms[-40:], abs=0.01)
    assert [delays["annotation"] for delays in given] == pytest.approx(display_times.annotation_ms[-40:], abs=0.01)


def test_a_frame_that_was_not_shown_has_no_video_delay_and_its_result_may_have_one(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Screen(path) as rig:
        rig.warm_up()
        rig.one_more()
        hidden = rig.sent - 1
        read = rig.session.summary().tally.read
        rig.send()
        rig.wait(lambda: rig.session.summary().tally.read == read + 1)
        view = rig.look()
        rig.session.drawn(view)
    frames, _ = ended(path)
    (line,) = [line for line in frames if line["index"] == hidden]
    assert line["delays_ms"]["video"] is None


def test_without_a_screen_there_is_no_video_delay(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Rig({"recorders": (ResultsThread(Recorder([EventsSink(path)])),)}) as rig:
        rig.send(5)
        rig.wait(lambda: rig.session.summary().tally.processed >= 1)
    frames, end = ended(path)
    assert all(line["delays_ms"]["video"] is None and line["delays_ms"]["annotation"] > 0 for line in frames)
    assert end["live"]["results_unshown"] == 0
