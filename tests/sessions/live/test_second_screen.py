"""The picture of a live session as other programs get it: real sockets, real JPEG."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from live_rig import HEIGHT, PATIENT_S, WIDTH, Rig, picture
from mjpeg_client import Watcher, connected

from polyplive.overlay.compositor import compose
from polyplive.sessions.live import second_screen
from polyplive.sessions.live.second_picture import MOST_PIXELS, Shown, encoded
from polyplive.sessions.live.second_screen import SecondScreen
from polyplive.sessions.recorder.messages import CapturedFrame
from polyplive.sinks.restream.address import RestreamAddress
from polyplive.sinks.restream.server import PictureServer
from polyplive.types import Frame, Hud, OverlaySettings, SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator

NEAR = 12.0
"""The mean difference of two pictures, in levels, up to which JPEG may be to blame on noise."""


class ScreenRig(Rig):
    """A session with a second screen, and without a window unless ``parts`` say so."""

    def __init__(self, **parts: object) -> None:
        self.screen = SecondScreen(PictureServer(RestreamAddress("127.0.0.1", 0)))
        super().__init__({"second_screen": self.screen, **parts})


@pytest.fixture
def rig() -> Iterator[ScreenRig]:
    before = set(threading.enumerate())
    with ScreenRig() as made:
        yield made
    assert set(threading.enumerate()) <= before


def newest(rig: ScreenRig) -> CapturedFrame:
    captured = rig.session.shown().captured
    assert captured is not None
    return captured


def marked(rig: ScreenRig) -> bool:
    captured = rig.session.shown().captured
    return captured is not None and captured.prediction is not None


def decoded(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[return-value]


def difference(left: np.ndarray, right: np.ndarray) -> float:
    assert left.shape == right.shape
    return float(np.abs(left.astype(int) - right).mean())


def stream_until_seen(rig: ScreenRig, watcher: Watcher, condition) -> np.ndarray:
    """Keep frames coming until a picture of the watcher's is as ``condition`` says; that picture."""
    for _ in range(2000):
        rig.send()
        seen = watcher.picture()
        if condition(seen):
            return seen
    raise AssertionError("streamed in vain")


def until_seen(watcher: Watcher, condition) -> np.ndarray:
    """Send nothing, and wait for a picture that is as ``condition`` says."""
    for _ in range(200):
        seen = watcher.picture()
        if condition(seen):
            return seen
    raise AssertionError("waited in vain")


def test_it_shows_the_newest_frame_with_its_marks(rig: ScreenRig) -> None:
    rig.stream_until(lambda: marked(rig))
    with Watcher(rig.screen.url) as watcher:
        captured = newest(rig)
        drawn = compose(captured.frame, captured.prediction, captured.overlay, captured.hud)
        seen = until_seen(watcher, lambda seen: difference(seen, drawn) < NEAR)
        assert difference(seen, drawn) < difference(seen, captured.frame.image)


@pytest.mark.parametrize("state", [SessionState.OVERLAY_OFF, SessionState.STALE, SessionState.FAULT])
def test_what_keeps_the_marks_off_stands_on_the_picture(state: SessionState) -> None:
    frame, off = Frame(picture(1, 960, 720)), OverlaySettings(visible=state is not SessionState.OVERLAY_OFF)
    plain = decoded(encoded(Shown(CapturedFrame(frame, None, off), SessionState.READY)))
    seen = decoded(encoded(Shown(CapturedFrame(frame, None, off, Hud(state)), state)))
    rows = np.flatnonzero((np.abs(seen.astype(int) - plain).max(axis=2) > 100).any(axis=1))
    assert len(rows) >= 0.022 * 720, "letters that are read from two metres"
    assert rows.max() < 80, "in the corner"
    assert np.abs(seen.astype(int) - plain)[80:].max() == 0


def test_switching_the_overlay_off_reaches_it(rig: ScreenRig) -> None:
    off = OverlaySettings(visible=False)
    rig.stream_until(lambda: marked(rig))
    rig.session.set_overlay(off)
    with Watcher(rig.screen.url) as watcher:
        stream_until_seen(rig, watcher, lambda _: rig.session.state[0] is SessionState.OVERLAY_OFF)
        bare = decoded(encoded(rig.session.shown()))
        until_seen(watcher, lambda seen: difference(seen, bare) == 0)


def test_without_a_signal_the_last_picture_is_dimmed_with_large_words_and_it_comes_back(rig: ScreenRig) -> None:
    with Watcher(rig.screen.url) as watcher:
        bright = stream_until_seen(rig, watcher, lambda seen: seen.shape == (HEIGHT, WIDTH, 3) and seen.mean() > 80)
        rig.set_limits(no_signal_s=0.3)
        lost = until_seen(watcher, lambda seen: seen.mean() < 0.6 * bright.mean())
        assert rig.session.state[0] is SessionState.NO_SIGNAL
        assert lost[: HEIGHT // 8].max() < 100, "the edge is dark"
        assert lost.max() > 180, "the words are not"
        rig.set_limits(no_signal_s=PATIENT_S)
        stream_until_seen(rig, watcher, lambda seen: seen.mean() > 0.9 * bright.mean())


def test_before_the_first_frame_it_says_that_there_is_none(rig: ScreenRig) -> None:
    with Watcher(rig.screen.url) as watcher:
        seen = watcher.picture()
    assert seen.shape == (720, 1280, 3)
    assert seen.max() > 200
    assert np.median(seen) == 0


def test_the_last_picture_says_that_the_session_has_ended(rig: ScreenRig) -> None:
    with Watcher(rig.screen.url) as watcher:
        bright = stream_until_seen(rig, watcher, lambda seen: seen.mean() > 80)
        rig.ending.set()
        assert rig.session.close() == ()
        last = watcher.rest()[-1]
    assert decoded(last).mean() < 0.6 * bright.mean()
    assert not [thread.name for thread in threading.enumerate() if "restream" in thread.name]


def test_nothing_is_drawn_while_nobody_watches(rig: ScreenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def counted(shown: Shown, **options: bool) -> bytes:
        drawn.append(shown)
        return encoded(shown, **options)

    monkeypatch.setattr(second_screen, "encoded", counted)
    rig.stream_until(lambda: rig.session.summary().tally.processed > 20)
    assert drawn == []
    with Watcher(rig.screen.url) as first, Watcher(rig.screen.url) as second:
        stream_until_seen(rig, first, lambda _: len(drawn) >= 5)
        taken = {first.jpeg()} | {second.jpeg() for _ in range(5)}
    assert len(taken) <= len(drawn) + 1, "both were sent the same bytes"


def test_a_client_that_stalls_costs_the_session_nothing() -> None:
    large = picture(1, 1280, 960)  # more than the buffers on the way to a client hold
    with ScreenRig(with_screen=True) as rig, connected(rig.screen.url, receive_bytes=4096) as stalled:
        stalled.sendall(f"GET /{rig.screen.url.rpartition('/')[2]} HTTP/1.1\r\n\r\n".encode())
        for number in range(1, 31):
            large[0, 0] = number
            rig.feed.put(large.copy())
            rig.wait(lambda number=number: rig.show().frame and rig.session.summary().shown == number)
        assert rig.session.summary().unshown == {}
        assert rig.session.summary().tally.read == 30


def test_a_thread_that_fails_ends_the_stream_and_says_so(rig: ScreenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Shown) -> bytes:
        raise MemoryError("no room")

    monkeypatch.setattr(second_screen, "encoded", failing)
    rig.stream_until(lambda: rig.session.summary().tally.processed)
    with Watcher(rig.screen.url) as watcher:
        assert watcher.rest() == []
    rig.wait(lambda: rig.session.summary().notices)
    (notice,) = rig.session.summary().notices
    assert "not sent to other programs any more" in notice
    assert "no room" in notice


def test_the_window_is_told_the_address(rig: ScreenRig) -> None:
    assert rig.session.view().restream == rig.screen.url


@pytest.mark.parametrize(
    ("size", "aspect", "seen"),
    [
        ((720, 576), Fraction(64, 45), (1024, 576)),
        ((720, 480), Fraction(8, 9), (720, 540)),
        ((3840, 2160), Fraction(1), MOST_PIXELS),
        ((2160, 3840), Fraction(1), (608, 1080)),
        ((1440, 1080), Fraction(4, 3), MOST_PIXELS),
    ],
)
def test_it_has_square_pixels_and_no_more_than_a_screen(
    size: tuple[int, int], aspect: Fraction, seen: tuple[int, int]
) -> None:
    image = cv2.resize(picture(1), size)
    captured = CapturedFrame(Frame(image, sample_aspect=aspect), None, OverlaySettings())
    for state in (SessionState.READY, SessionState.NO_SIGNAL):
        assert decoded(encoded(Shown(captured, state))).shape == (seen[1], seen[0], 3)
