"""Real streams over loopback: sent by PyAV, read by the real source, through a real session."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from clipmaker import number_in, numbered
from live_rig import PATIENT, WHOLE_FRAME, open_sound
from processes import PATIENCE_S, wait_until
from stream_sender import MjpegServer, UdpSender, free_port
from stream_servers import Answers, http

from polyplive.errors import SourceError, SourceLost, SourceRefused
from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.sources.capture.address import parse_address
from polyplive.sources.device import DeviceSource
from polyplive.types import SessionState

SIDE = (192, 128)


def big(number: int) -> np.ndarray:
    return numbered(number % 4096, *SIDE)


@pytest.fixture
def server():
    made = MjpegServer(big, fps=50)
    made.start()
    yield made
    made.stop()


def test_pictures_over_http_come_whole_and_in_order(server: MjpegServer) -> None:
    source = DeviceSource(parse_address(f"http://nurse:s3cret@127.0.0.1:{server.port}/live?token=s3cret"))
    try:
        frames = [source.read() for _ in range(20)]
    finally:
        source.close()
    numbers = [number_in(frame.image) for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    assert [frame.index for frame in frames] == list(range(20))
    assert all(one.captured_s < other.captured_s for one, other in itertools.pairwise(frames))
    waited_s = [frame.captured_s - frames[0].captured_s for frame in frames]
    assert [frame.pts_s for frame in frames] == pytest.approx(waited_s), "there is no stamp in this stream"
    assert "s3cret" not in source.info.name
    assert source.info.live
    assert source.read() is None, "closed"


def test_the_end_of_a_stream_is_a_loss_that_says_so(server: MjpegServer) -> None:
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"))
    source.read()
    server.stop()
    with pytest.raises(SourceLost, match=r"no more frames.*Check the sender"):
        _read_to_the_end(source)
    source.close()


def test_an_address_where_nobody_sends_is_one_clear_line_without_the_password() -> None:
    with pytest.raises(SourceError) as refused:
        DeviceSource(parse_address(f"http://nurse:s3cret@127.0.0.1:{free_port()}/"))
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def _read_to_the_end(source: DeviceSource) -> None:
    while source.read() is not None:
        pass


def session_on(address: str, seen: list[SessionState]) -> LiveSession:
    source = parse_address(address)
    parts = LiveParts(lambda: DeviceSource(source), open_sound, PATIENT, with_screen=True, pipeline=WHOLE_FRAME)

    def look() -> None:
        view = session.view()
        session.drawn(view)
        if not seen or seen[-1] is not view.state:
            seen.append(view.state)

    session = LiveSession(parts, look)
    return session


def test_a_sender_that_stops_and_starts_again_is_found_again() -> None:
    seen: list[SessionState] = []
    first = MjpegServer(big, fps=50)
    first.start()
    session = session_on(f"http://127.0.0.1:{first.port}/", seen)
    with session:
        wait_until(lambda: SessionState.READY in seen, "never ready")
        first.stop()
        wait_until(lambda: session.state[0] is SessionState.RECONNECTING, "the loss was not noticed")
        second = MjpegServer(big, fps=50, port=first.port)
        second.start()
        wait_until(lambda: session.state[0] is SessionState.READY, "not found again")
        second.stop()
    summary = session.summary()
    assert summary.source_opens >= 2
    assert summary.tally.read == summary.tally.processed + sum(summary.tally.dropped.values())


def test_what_ends_a_session_at_its_start_is_waited_for_once_the_source_was_open() -> None:
    """A server that sends its viewers elsewhere for a while must not end a procedure's recording."""
    seen: list[SessionState] = []
    first = MjpegServer(big, fps=50)
    first.start()
    session = session_on(f"http://127.0.0.1:{first.port}/", seen)
    with session:
        wait_until(lambda: SessionState.READY in seen, "never ready")
        first.stop()
        elsewhere = Answers(http(b"", status="302 Found", Location="http://192.0.2.9/"), port=first.port)
        wait_until(lambda: "192.0.2.9" in session.state[1], "the redirect was not said")
        assert session.state[0] is SessionState.RECONNECTING
        assert not session.wait(0)
        elsewhere.stop()
        second = MjpegServer(big, fps=50, port=first.port)
        second.start()
        wait_until(lambda: session.state[0] is SessionState.READY, "not found again")
        second.stop()
    assert session.summary().error is None


def test_a_redirect_at_the_start_ends_the_session() -> None:
    server = Answers(http(b"", status="302 Found", Location="http://192.0.2.9/"))
    session = session_on(f"http://127.0.0.1:{server.port}/", [])
    with session:
        assert session.wait(PATIENCE_S)
    server.stop()
    assert isinstance(session.summary().error, SourceRefused)


def test_lost_datagrams_cost_frames_not_the_session() -> None:
    port = free_port(2)
    generator = np.random.default_rng(5)
    lost = []

    def lose(number: int) -> bool:
        if number > 60 and generator.random() < 0.03:
            lost.append(number)
            return True
        return False

    sender = UdpSender(port, big, fps=50, lose=lose)
    sender.start()
    seen: list[SessionState] = []
    session = session_on(f"udp://127.0.0.1:{port}", seen)
    with session:
        wait_until(lambda: session.summary().tally.read > 150 and lost, "too few frames came")
        wait_until(lambda: session.state[0] is SessionState.READY, "not ready after the losses")
    sender.stop()
    summary = session.summary()
    assert summary.source_opens == 1
    assert summary.tally.read == summary.tally.processed + sum(summary.tally.dropped.values())
