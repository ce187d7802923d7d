"""A recording that plays like a card: on a clock that does not wait for its reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from clipmaker import number_in, write_clip

from polyplive.errors import SourceLost
from polyplive.sessions.opening import open_video
from polyplive.sources import paced
from polyplive.sources.paced import PacedSource


class Clock:
    """A clock that only moves when it is told to, or slept on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.slept = 100.0, []
        monkeypatch.setattr(paced.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(paced.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PacedSource:
    opened = PacedSource(open_video(write_clip(tmp_path / "clip.mp4", 6)), 25.0)
    opened.clock = Clock(monkeypatch)
    yield opened
    opened.close()


def test_frames_come_when_they_are_due_and_again_after_the_end(source: PacedSource) -> None:
    frames = [source.read() for _ in range(15)]
    assert [number_in(frame.image) for frame in frames] == [number % 6 for number in range(15)]
    assert [frame.index for frame in frames] == list(range(15))
    assert [frame.captured_s for frame in frames] == pytest.approx([100 + number / 25 for number in range(15)])
    assert [frame.pts_s for frame in frames] == pytest.approx([number / 25 for number in range(15)])
    assert source.dropped["late"] == 0
    assert (source.info.live, source.info.frames, source.info.fps) == (True, None, 25.0)


def test_a_late_reader_misses_what_was_due_and_that_is_counted(source: PacedSource) -> None:
    source.read()
    source.clock.now += 3.5 / 25  # frames 1 and 2 went by, 3 is due
    frame = source.read()
    assert (frame.index, source.dropped["late"]) == (3, 2)
    assert frame.captured_s == source.clock.now
    assert source.read().captured_s == pytest.approx(100 + 4 / 25), "the clock has not slipped"


def test_it_cannot_seek(source: PacedSource) -> None:
    with pytest.raises(SourceLost, match="cannot seek"):
        source.seek(1.0)
