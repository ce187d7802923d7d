"""The server of the restream, on real sockets of this machine."""

from __future__ import annotations

import contextlib
import hmac
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from mjpeg_client import Watcher, answer, connected
from processes import PATIENCE_S, wait_until

from polyplive.errors import SinkError
from polyplive.sinks.restream import request, server
from polyplive.sinks.restream.address import RestreamAddress, parse_restream
from polyplive.sinks.restream.server import MOST_CLIENTS, PictureServer

if TYPE_CHECKING:
    from collections.abc import Iterator

FREE = RestreamAddress("127.0.0.1", 0)
LARGE = bytes(8 << 20)
"""More than any buffer on the way to a client holds."""


def close(served: PictureServer) -> None:
    threads = served.close(time.monotonic() + PATIENCE_S)
    assert not [thread for thread in threads if thread.is_alive()]


@pytest.fixture
def served() -> Iterator[PictureServer]:
    before = set(threading.enumerate())
    made = PictureServer(FREE)
    made.start()
    yield made
    close(made)
    assert set(threading.enumerate()) <= before


def test_two_clients_get_every_picture_while_they_keep_up(served: PictureServer) -> None:
    with Watcher(served.url) as first, Watcher(served.url) as second:
        wait_until(lambda: served.pictures.watching == 2, "two clients")
        for picture in (b"one", b"two", b"three"):
            served.pictures.publish(picture)
            assert first.jpeg() == second.jpeg() == picture
    served.pictures.publish(b"a client that went away is noticed when something is sent")
    served.pictures.publish(b"and then counts no more")
    wait_until(lambda: _left(served), "they are counted out")


def _left(served: PictureServer) -> bool:
    served.pictures.publish(b"next")
    return served.pictures.watching == 0


def test_the_head_says_that_nothing_may_be_kept_or_passed_on(served: PictureServer) -> None:
    with urlopen(served.url, timeout=PATIENCE_S) as response:
        served.pictures.publish(b"picture")
        assert response.status == 200
        assert response.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=polyplive-picture"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Server"] == "polyplive"
        assert not [name for name in response.headers if name.startswith("Access-Control")]
        served.pictures.end()
        assert response.read().endswith(b"\r\n\r\npicture\r\n--polyplive-picture\r\n")


@pytest.mark.parametrize(
    ("method", "path", "status", "line"),
    [
        ("GET", "/", "404 Not Found", b"There is nothing here.\n"),
        ("GET", "/favicon.ico", "404 Not Found", b"There is nothing here.\n"),
        ("GET", "{path}/", "404 Not Found", b"There is nothing here.\n"),
        ("GET", "{path}?x=1", "404 Not Found", b"There is nothing here.\n"),
        ("GET", "{start}", "404 Not Found", b"There is nothing here.\n"),
        ("GET", "/\xe9", "404 Not Found", b"There is nothing here.\n"),
        ("POST", "/", "404 Not Found", b"There is nothing here.\n"),
        ("POST", "{path}", "405 Method Not Allowed", b"The picture can only be read: GET.\n"),
        ("DELETE", "{path}", "405 Method Not Allowed", b"The picture can only be read: GET.\n"),
        ("OPTIONS", "{path}", "405 Method Not Allowed", b"The picture can only be read: GET.\n"),
        ("HEAD", "{path}", "405 Method Not Allowed", b""),
        ("GET", "/" + 70_000 * "a", "400 Bad Request", b"This is no request of HTTP.\n"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_everything_else_is_answered_in_one_line(
    served: PictureServer, method: str, path: str, status: str, line: bytes
) -> None:
    known = urlsplit(served.url).path
    got, headers, body = answer(served.url, method, path.format(path=known, start=known[:-1]))
    assert got.partition(" ")[2] == status
    assert body == line
    assert headers["Cache-Control"] == "no-store"
    assert headers.get("Allow", "GET") == "GET"
    assert ("Allow" in headers) is status.startswith("405")
    assert known not in str(headers)


def test_the_secret_is_compared_whole(served: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def digest(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return compare(left, right)

    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", digest)
    answer(served.url, path="/guess")
    assert compared == [(b"/guess", urlsplit(served.url).path.encode())]


def test_every_session_has_a_secret_of_its_own(served: PictureServer) -> None:
    other = PictureServer(FREE)
    secrets = {urlsplit(one.url).path for one in (served, other)}
    assert len(secrets) == 2
    assert min(map(len, secrets)) >= 20
    close(other)


def test_a_client_that_stalls_misses_pictures_and_delays_nobody(
    served: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request.PictureRequest, "timeout", 0.5)
    with connected(served.url, receive_bytes=4096) as stalled:
        stalled.sendall(f"GET {urlsplit(served.url).path} HTTP/1.1\r\n\r\n".encode())
        wait_until(lambda: served.pictures.watching == 1, "it watches")
        monkeypatch.setattr(request.PictureRequest, "timeout", PATIENCE_S)  # however slow this test is
        served.pictures.publish(LARGE)  # its thread is stuck in this one
        with Watcher(served.url) as other:
            other.jpeg()
            for number in range(20):
                served.pictures.publish(str(number).encode())
                assert other.jpeg() == str(number).encode()
            wait_until(lambda: served.pictures.watching == 1, "it is dropped")


def test_no_more_clients_than_there_is_room_for(served: PictureServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CLIENTS):
            stack.enter_context(Watcher(served.url))
        status, _, body = answer(served.url)
        assert status.endswith("503 Service Unavailable")
        assert body == b"As many programs as may watch are watching.\n"
        served.pictures.end()


def test_a_connection_that_asks_for_nothing_is_ended(served: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SEND_S", 0.1)
    with connected(served.url) as silent, connected(served.url) as slow:
        slow.sendall(b"GET")
        assert silent.recv(100) == b""
        assert slow.recv(100) == b""


def test_connections_that_ask_for_nothing_are_limited(served: PictureServer) -> None:
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connected(served.url)) for _ in range(2 * MOST_CLIENTS)]
        with connected(served.url) as one_more:
            assert one_more.recv(100) == b""
        silent[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"404" in silent[0].recv(100)


def test_the_end_comes_in_time_with_clients_of_every_kind() -> None:
    served = PictureServer(FREE)
    served.start()
    with Watcher(served.url) as good, connected(served.url), connected(served.url, receive_bytes=4096) as stalled:
        stalled.sendall(f"GET {urlsplit(served.url).path} HTTP/1.1\r\n\r\n".encode())
        wait_until(lambda: served.pictures.watching == 2, "both watch")
        served.pictures.publish(LARGE)
        assert good.jpeg() == LARGE
        served.pictures.end(b"the last one")
        began_s = time.monotonic()
        threads = served.close(began_s + 2.0)
        wait_until(lambda: not [thread for thread in threads if thread.is_alive()], "they were all cut off")
        assert good.rest() == [b"the last one"]


def test_a_port_in_use_is_said_in_one_line(served: PictureServer) -> None:
    port = urlsplit(served.url).port
    with pytest.raises(SinkError, match=rf"127\.0\.0\.1 port {port}: another program uses it\. Name another port"):
        PictureServer(RestreamAddress("127.0.0.1", port or 0))


def test_an_address_of_another_computer_is_said_in_one_line() -> None:
    with pytest.raises(SinkError, match=r"no such address\. With 127"):
        PictureServer(RestreamAddress("192.0.2.7", 0))


def test_it_works_over_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as own:
        try:
            own.bind(("::1", 0))
        except OSError:
            pytest.skip("a machine without IPv6")
    served = PictureServer(parse_restream("http://[::1]:0"))
    served.start()
    assert served.url.startswith("http://[::1]:")
    with Watcher(served.url) as watcher:
        served.pictures.publish(b"picture")
        assert watcher.jpeg() == b"picture"
    served.pictures.end()
    close(served)


def test_a_server_that_was_never_started_closes() -> None:
    close(PictureServer(FREE))
