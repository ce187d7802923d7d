"""A live session on a program's own frames: what the loop gets, and how it ends."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from live_rig import PATIENT_MS, WHOLE_FRAME, open_sound, picture
from mjpeg_client import Watcher
from processes import PATIENCE_S

import polyplive
from polyplive.config import LiveSettings
from polyplive.errors import ConfigError, ImageError, ModelNotFound, SinkError
from polyplive.sessions.live.feed import FedSession
from polyplive.sessions.live.opening import live
from polyplive.sessions.live.parts import LiveParts
from polyplive.sources.fed import FedSource
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PATIENT = LiveSettings(1e3 * PATIENCE_S, no_signal_s=PATIENCE_S, governor=False)


def session_on(frames: Iterable[Any], settings: LiveSettings = PATIENT, **parts: Any) -> FedSession:
    """What ``live`` makes, with an engine in this process."""
    source = FedSource(frames)
    made = LiveParts(
        lambda: source, open_sound, opens_once=True, settings=settings, with_screen=True, pipeline=WHOLE_FRAME, **parts
    )
    return FedSession(source, made, print)


class Feed:
    """An iterator that gives what a test sends; None ends it."""

    def __init__(self) -> None:
        self._items: queue.Queue[Any] = queue.Queue()
        self.send: Callable[[Any], None] = self._items.put

    def __iter__(self) -> Iterator[Any]:
        while (item := self._items.get(timeout=PATIENCE_S)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def test_the_loop_gets_each_frame_and_its_result() -> None:
    feed = Feed()
    feed.send(picture(0))
    seen = []
    with session_on(feed) as session:
        for view in session:
            if view.prediction is None or view.prediction.index != view.frame.index:
                continue
            seen.append(view)
            feed.send(picture(len(seen)) if len(seen) < 5 else None)
    assert [view.frame.index for view in seen] == [0, 1, 2, 3, 4]
    assert all(np.array_equal(view.frame.image, picture(number)) for number, view in enumerate(seen))
    assert all(view.prediction.detections for view in seen if view.prediction is not None)
    found = [view.prediction for view in seen if view.prediction is not None]
    assert all(one.steady_heat.shape == one.cam.shape for one in found), "what is shown, beside the raw map"
    assert {view.state for view in seen} == {SessionState.READY}
    assert seen[-1].figures.annotation_delay_ms is not None
    summary = session.summary()
    assert (summary.tally.read, summary.tally.processed, summary.shown) == (5, 5, 5)
    assert summary.reason == "end of frames"


def test_a_loop_that_is_busy_misses_frames_and_gets_the_newest() -> None:
    feed = Feed()
    feed.send(picture(0))
    with session_on(feed) as session:
        views = iter(session)
        next(views)
        for number in range(1, 21):
            feed.send(picture(number))
        while session.summary().tally.read < 21:
            pass
        feed.send(None)
        rest = list(views)
    assert {view.frame.index for view in rest} == {20}
    assert session.summary().shown == 2
    assert sum(session.summary().unshown.values()) == 19


def test_video_does_not_wait_for_a_model_that_hangs() -> None:
    gate = threading.Event()
    feed = Feed()

    def open_hanging(interrupt: Any) -> Any:
        engine = open_sound(interrupt)
        engine._faults = lambda _: gate.wait(PATIENCE_S)
        return engine

    source = FedSource(feed)
    parts = LiveParts(
        lambda: source, open_hanging, opens_once=True, settings=PATIENT, with_screen=True, pipeline=WHOLE_FRAME
    )
    with FedSession(source, parts, print) as session:
        views = iter(session)
        for number in range(10):
            feed.send(picture(number))
            view = next(view for view in views if view.frame.index == number)
            assert view.prediction is None
        gate.set()
        feed.send(None)
    assert session.summary().shown == 10


def test_an_iterator_that_waits_is_not_started_twice() -> None:
    feed = Feed()
    impatient = LiveSettings(PATIENT_MS, no_signal_s=0.1, reopen_s=0.1, governor=False)
    with session_on(feed, impatient) as session:
        views = iter(session)
        feed.send(picture(0))
        assert next(view for view in views if view.state is SessionState.NO_SIGNAL).prediction is None
        for _ in range(5):
            session._session._watchdog._check(0.0 + 1e9)  # far longer than it is waited for
        feed.send(picture(1))
        feed.send(None)
        assert list(views)[-1].frame.index == 1
    assert session.summary().source_opens == 1


@pytest.mark.parametrize("raised", [ValueError("the camera fell"), KeyboardInterrupt()])
def test_what_the_iterator_raises_is_raised_in_the_loop_after_its_frames(raised: BaseException) -> None:
    feed = Feed()
    feed.send(picture(0))
    with session_on(feed) as session:
        views = iter(session)
        assert next(views).frame.index == 0
        feed.send(raised)
        with pytest.raises(type(raised)) as caught:
            list(views)
    assert caught.value is raised
    assert session.summary().reason.startswith("error: The iterator of frames raised " + type(raised).__name__)


def test_what_is_no_picture_is_raised_in_the_loop() -> None:
    with session_on([picture(0), np.zeros((4, 4), np.uint8)]) as session, pytest.raises(ImageError, match="grey"):
        list(session)


def test_no_frame_at_all_is_the_end() -> None:
    with session_on([]) as session:
        assert list(session) == []


def test_leaving_the_loop_ends_the_generator_in_its_thread() -> None:
    threads = []

    def camera() -> Iterator[np.ndarray]:
        try:
            for number in range(10_000_000):
                threads.append(threading.current_thread().name)
                yield picture(number)
        finally:
            threads.append("end in " + threading.current_thread().name)

    with session_on(camera()) as session:
        for _ in session:
            break
    assert threads[-1] == "end in polyplive-capture"
    assert session.close() == ()


def test_an_iterator_that_hangs_is_left_behind_and_named() -> None:
    gate = threading.Event()

    def camera() -> Iterator[np.ndarray]:
        yield picture(0)
        gate.wait(PATIENCE_S)

    with session_on(camera()) as session:
        next(iter(session))
        assert session.close(0.2) == ("polyplive-capture",)
        gate.set()
    assert session.close() == ()


def test_it_is_used_in_a_with_statement() -> None:
    with pytest.raises(ConfigError, match="with polyplive"):
        next(iter(session_on([picture(0)])))


def test_recordings_and_a_second_screen_with_the_real_model(tmp_path: Path) -> None:
    files = {name: tmp_path / "new" / f"{name}.mkv" for name in ("record", "record_raw")}
    events = tmp_path / "new" / "events.jsonl"
    feed = Feed()
    said: list[str] = []
    session = live(
        feed, "polyplive-fast", settings=PATIENT, **files, events=events, restream="http://127.0.0.1:0",
        notify=said.append, overlay=polyplive.OverlaySettings(heatmap=False),
    )  # fmt: skip
    with session, Watcher(session.restream) as watcher:
        feed.send(polyplive.Frame(picture(0), pts_s=3.0))
        for number, view in enumerate(session):
            if view.prediction is not None and view.prediction.index == view.frame.index == 1:
                feed.send(None)
            elif number == 0:
                assert watcher.picture() is not None
                feed.send(polyplive.Frame(picture(1), pts_s=3.5))
        session.close()
        assert watcher.rest()
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert lines[0]["source"] == "frames"
    assert [line["pts_s"] for line in lines if "pts_s" in line][-1] == 0.5
    for path in files.values():
        with av.open(str(path)) as recorded:
            assert sum(1 for _ in recorded.decode(video=0)) == 2
    assert session.summary().notices == ()


def test_what_cannot_be_is_said_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="int"):
        live(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"polyplive\.LiveSettings"):
        live([], settings=3)  # type: ignore[arg-type]
    with pytest.raises(SinkError, match="video that can be recorded"):
        live([], record=tmp_path / "overlay.avi")
    with pytest.raises(SinkError, match="Cannot write"):
        live([], events=tmp_path / "file" / "events.jsonl")
    with pytest.raises(ConfigError, match="https"):
        live([], restream="https://127.0.0.1:1")


def test_a_model_that_is_not_there_is_raised_in_the_loop() -> None:
    feed = Feed()
    feed.send(picture(0))
    with live(feed, "nosuch") as session:
        with pytest.raises(ModelNotFound):
            list(session)
        feed.send(None)
