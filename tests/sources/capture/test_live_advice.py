"""Each way in which a live source can fail, really provoked: its own line, its own advice, and whether to try again."""

from __future__ import annotations

import socket
import sys

import pytest
from clipmaker import numbered
from stream_sender import free_port
from stream_servers import Answers, RtspServer, http

from polyplive.errors import SourceError
from polyplive.sources.capture.address import Address, Kind, parse_address
from polyplive.sources.capture.options import CaptureRequest, plan_capture
from polyplive.sources.device import DeviceSource

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of Linux")

UNAUTHORIZED = http(b"", status="401 Unauthorized", WWW_Authenticate='Basic realm="tower"')
PAGE = http(b"<html><body>Welcome</body></html>" * 100, kind="text/html")


def failure(address: str, request: CaptureRequest | None = None) -> SourceError:
    """The error that opening ``address`` ends with: one line, and no secret in it."""
    with pytest.raises(SourceError) as failed:
        DeviceSource(parse_address(address), request)
    assert "\n" not in str(failed.value)
    assert failed.value.hint
    assert "s3cret" not in str(failed.value)
    return failed.value


def check(error: SourceError, happened: str, hint: str, *, permanent: bool) -> None:
    assert happened in error.message
    assert hint in error.hint
    assert error.permanent == permanent


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtsps", "rtmp", "tcp"])
def test_nobody_listens(scheme: str) -> None:
    error = failure(f"{scheme}://nurse:s3cret@127.0.0.1:{free_port()}/live/1")
    check(error, "refused", "the sender is on", permanent=False)
    assert "devices" not in error.hint


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_an_unknown_host(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that the standard keeps for names that do not exist (RFC 6761): no name server is asked."""
    monkeypatch.undo()
    check(failure(f"{scheme}://tower.invalid/live"), "tower.invalid", "spelling", permanent=False)


@linux_only
@pytest.mark.parametrize("scheme", ["http", "rtmp", "tcp"])
def test_a_network_that_leads_nowhere(scheme: str) -> None:
    """255.255.255.255 is every host at once: Linux refuses a connection there by itself, and sends nothing."""
    error = failure(f"{scheme}://255.255.255.255:9/live/1")
    check(error, "unreachable", "cable", permanent=False)


@pytest.mark.parametrize(
    ("answer", "happened", "hint", "permanent"),
    [
        (UNAUTHORIZED, "password (401)", "USER:PASSWORD", True),
        (http(b"", status="403 Forbidden"), "(403)", "access", True),
        (http(b"", status="404 Not Found"), "not there (404)", "what follows the host", False),
        (http(b"", status="503 Busy"), "in the server", "server", False),
        (b"RTSP/1.0 400 Bad Request\r\nCSeq: 0\r\n\r\n", "(400)", "scheme", True),
        (http(b"", status="302 Found", Location="http://192.0.2.9/"), "192.0.2.9", "name it", True),
        (PAGE, "video", "scheme", False),
        (b"", "video", "sender", False),
    ],
    ids=["401", "403", "404", "503", "rtsp", "302", "page", "nothing"],
)
def test_a_web_server(answer: bytes, happened: str, hint: str, permanent: bool, serve) -> None:
    server = serve(Answers(answer))
    check(failure(f"http://127.0.0.1:{server.port}/video"), happened, hint, permanent=permanent)


@pytest.mark.parametrize(
    ("method", "answer", "happened", "hint", "permanent"),
    [
        ("DESCRIBE", 'RTSP/1.0 401 no\r\nWWW-Authenticate: Basic realm="x"', "password (401)", "USER:PASSWORD", True),
        ("DESCRIBE", "RTSP/1.0 403 Forbidden", "(403)", "access", True),
        ("DESCRIBE", "RTSP/1.0 404 Not Found", "not there (404)", "sender has begun", False),
        ("OPTIONS", "RTSP/1.0 503 Unavailable", "in the server (503)", "server", False),
        ("SETUP", "RTSP/1.0 461 Unsupported Transport", "UDP only", "TCP", True),
        ("SETUP", "RTSP/1.0 453 Not Enough Bandwidth", "(453)", "address", False),
    ],
    ids=["401", "403", "404", "503", "461", "453"],
)
def test_an_rtsp_server(method, answer, happened, hint, permanent, serve) -> None:
    server = serve(RtspServer(lambda number: numbered(number, 192, 128), {method: answer}))
    check(failure(f"rtsp://127.0.0.1:{server.port}/live"), happened, hint, permanent=permanent)


@pytest.mark.parametrize(("answer", "hint"), [(PAGE, "http://"), (b"SSH-2.0-tower\r\n", "another scheme")])
def test_another_server_at_an_rtsp_address(answer: bytes, hint: str, serve) -> None:
    server = serve(Answers(answer))
    check(failure(f"rtsp://127.0.0.1:{server.port}/live"), "does not speak RTSP", hint, permanent=True)


def test_a_right_password_is_taken(serve) -> None:
    class Asks(RtspServer):
        """Wants the password of RFC 7617's own way, and plays only then."""

        def _usual(self, method: str) -> str:
            if method == "DESCRIBE" and "Authorization: Basic bnVyc2U6czNjcmV0" not in self.requests[-1]:
                return 'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"'
            return super()._usual(method)

    server = serve(Asks(lambda number: numbered(number % 4096, 192, 128)))
    source = DeviceSource(parse_address(f"rtsp://nurse:s3cret@127.0.0.1:{server.port}/live"))
    assert source.read() is not None
    source.close()
    assert "nurse" not in source.info.name
    check(failure(f"rtsp://nurse:wrong@127.0.0.1:{server.port}/live"), "(401)", "USER:PASSWORD", permanent=True)


@pytest.mark.parametrize("scheme", ["https", "rtsps"])
def test_a_server_without_tls(scheme: str, serve) -> None:
    server = serve(Answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    error = failure(f"{scheme}://127.0.0.1:{server.port}/live")
    check(error, "TLS", f"{scheme[:-1]}://", permanent=True)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_server_that_never_answers(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from polyplive.sources.capture import inputs as live_input

    monkeypatch.setattr(live_input, "OPEN_TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")
    check(error, "does not answer", "firewall", permanent=False)


def test_nothing_is_sent_to_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    from polyplive.sources.capture import inputs as live_input

    monkeypatch.setattr(live_input, "OPEN_TIMEOUT_S", 0.5)
    error = failure(f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}")
    check(error, "nothing", "sends to this machine", permanent=False)


@linux_only
def test_a_port_that_another_program_listens_at() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        error = failure(f"rtp://127.0.0.1:{taken.getsockname()[1]}")
    check(error, "listened", "port", permanent=False)


# Screens


@linux_only
def test_a_screen_that_is_not_there() -> None:
    check(failure("screen:7654"), "no screen 'screen:7654'", "here", permanent=True)


# What was asked for


def test_only_what_the_driver_is_asked_for_can_be_why_it_refuses() -> None:
    card = Address(Kind.DSHOW, "video=Tower", "Tower")
    assert plan_capture(card, CaptureRequest(rate=50.0)).unchecked
    assert not plan_capture(card, CaptureRequest(stereo="left")).unchecked, "an eye is chosen here, not by the driver"
