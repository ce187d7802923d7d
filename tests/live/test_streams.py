"""Real streams over loopback: sent by PyAV, read by the real source, through a real session."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from clipmaker import number_in, numbered
from live_rig import faulty_pipeline
from stream_sender import MjpegServer, UdpSender, free_port

from polyplive.config import LiveSettings
from polyplive.errors import SourceError, SourceLost
from polyplive.live import LiveParts, LiveSession
from polyplive.sources.address import parse_address
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
    assert "s3cret" not in source.info.name
    assert source.info.live
    assert source.read() is None, "closed"


def test_the_end_of_a_stream_is_a_loss_that_says_so(server: MjpegServer) -> None:
    source = DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"))
    source.read()
    server.stop()
    with pytest.raises(SourceLost, match="no more frames"):
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


def session_on(address: str, seen: list[SessionState], **settings: float) -> LiveSession:
    patience = LiveSettings(**{"no_signal_s": 0.6, "reopen_s": 1.5, **settings})
    parts = LiveParts(lambda: DeviceSource(parse_address(address)), faulty_pipeline, patience, with_screen=True)

    def look() -> None:
        view = session.view()
        session.drawn(view)
        if not seen or seen[-1] is not view.state:
            seen.append(view.state)

    session = LiveSession(parts, look)
    return session


def wait_for(condition, what: str, timeout_s: float = 40.0) -> None:
    waited = threading.Event()
    for _ in range(int(timeout_s / 0.05)):
        if condition():
            return
        waited.wait(0.05)
    pytest.fail(what)


def test_a_sender_that_stops_and_starts_again_is_found_again() -> None:
    seen: list[SessionState] = []
    first = MjpegServer(big, fps=50)
    first.start()
    session = session_on(f"http://127.0.0.1:{first.port}/", seen)
    with session:
        wait_for(lambda: SessionState.READY in seen, "never ready")
        first.stop()
        wait_for(lambda: session.state[0] is SessionState.RECONNECTING, "the loss was not noticed")
        second = MjpegServer(big, fps=50, port=first.port)
        second.start()
        wait_for(lambda: session.state[0] is SessionState.READY, "not found again")
        second.stop()
    summary = session.summary()
    assert summary.source_opens >= 2
    assert summary.tally.read == summary.tally.processed + sum(summary.tally.dropped.values())


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
        wait_for(lambda: session.summary().tally.read > 150 and lost, "too few frames came")
        wait_for(lambda: session.state[0] is SessionState.READY, "not ready after the losses")
    sender.stop()
    summary = session.summary()
    assert summary.source_opens == 1
    assert summary.tally.read == summary.tally.processed + sum(summary.tally.dropped.values())
