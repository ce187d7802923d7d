"""A live stream makes no connection but to the host that was named, whatever comes from there: real sockets."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import av
import pytest
from clipmaker import number_in, numbered, write_clip
from processes import PATIENCE_S, wait_until
from stream_sender import MjpegServer, UdpSender, free_port, send_transport_stream
from stream_servers import LISTS, SECOND_HOST, Answers, Elsewhere, RtspServer, Server, http

from polyplive.errors import SourceError, SourceRefused
from polyplive.sources.capture import rtsp_relay
from polyplive.sources.capture.address import parse_address
from polyplive.sources.device import DeviceSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from network_guard.guard import NetworkGuard

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a second host on this machine")

SIDE = (192, 128)


def big(number: int) -> np.ndarray:
    return numbered(number % 4096, *SIDE)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()
    yield made
    made.close()


def left_alone(address: str, elsewhere: Elsewhere) -> None:
    """What FFmpeg does without our limits: it reaches ``elsewhere``, which closes the connection at once."""

    def open_it() -> None:
        with contextlib.suppress(av.FFmpegError):
            av.open(address, timeout=(PATIENCE_S, PATIENCE_S)).close()

    opening = threading.Thread(target=open_it)
    opening.start()
    reached: list[bool] = []
    wait_until(lambda: reached.append(elsewhere.reached) or not opening.is_alive(), "FFmpeg gives up")
    assert any(reached)


def naming(elsewhere: Elsewhere, kind: str) -> bytes:
    address = f"http://{SECOND_HOST}:{elsewhere.port}"
    return LISTS[kind].replace(b"ADDRESS", address.encode()).replace(b"HOST", SECOND_HOST.encode())


# HTTP


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_refused_and_named(status: str, serve, elsewhere: Elsewhere) -> None:
    there = f"http://nurse:s3cret@{SECOND_HOST}:{elsewhere.port}/video"
    server = serve(Answers(http(b"", status=status, Location=there)))
    with pytest.raises(SourceRefused, match=f"{SECOND_HOST}.*not followed") as refused:
        DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/"))
    assert "s3cret" not in str(refused.value)
    assert not elsewhere.reached


def test_ffmpeg_left_alone_would_follow_the_redirect(serve, elsewhere: Elsewhere) -> None:
    server = serve(Answers(http(b"", status="302 Found", Location=f"http://{SECOND_HOST}:{elsewhere.port}/")))
    left_alone(f"http://127.0.0.1:{server.port}/", elsewhere)


@pytest.mark.parametrize("scheme", ["http", "tcp"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_addresses_is_refused(kind: str, scheme: str, serve, elsewhere: Elsewhere) -> None:
    body = naming(elsewhere, kind)
    over_http = http(body, kind="application/octet-stream")
    server = serve(Answers(over_http) if scheme == "http" else Answers(body, unasked=True))
    with pytest.raises(SourceError):
        DeviceSource(parse_address(f"{scheme}://127.0.0.1:{server.port}/{kind}"))
    assert not elsewhere.reached


def test_ffmpeg_left_alone_would_follow_a_list(serve, elsewhere: Elsewhere) -> None:
    server = serve(Answers(http(naming(elsewhere, "list.m3u8"), kind="application/vnd.apple.mpegurl")))
    left_alone(f"http://127.0.0.1:{server.port}/list.m3u8", elsewhere)


def test_a_list_that_comes_in_datagrams_is_refused(elsewhere: Elsewhere) -> None:
    port = free_port(socket.SOCK_DGRAM)
    ended = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            while not ended.wait(0.001):  # as much as FFmpeg looks at before it decides
                out.sendto(naming(elsewhere, "list.m3u8").ljust(1300, b"#"), ("127.0.0.1", port))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with pytest.raises(SourceError):
            DeviceSource(parse_address(f"udp://127.0.0.1:{port}"))
    finally:
        ended.set()
        sender.join()
    assert not elsewhere.reached


def test_a_list_cannot_name_a_file_of_this_machine(serve, tmp_path: Path) -> None:
    write_clip(tmp_path / "private.mp4", frames=5)
    body = LISTS["list.m3u8"].replace(b"ADDRESS/a.ts", f"file://{tmp_path}/private.mp4".encode())
    server = serve(Answers(http(body, kind="application/vnd.apple.mpegurl")))
    with pytest.raises(SourceRefused):
        DeviceSource(parse_address(f"http://127.0.0.1:{server.port}/list.m3u8"))


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_another_host(variable, serve, elsewhere: Elsewhere, monkeypatch) -> None:
    monkeypatch.setenv(variable, f"http://{SECOND_HOST}:{elsewhere.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    server = MjpegServer(big, fps=50)
    server.start()
    try:
        assert frames_of(f"http://127.0.0.1:{server.port}/", 3)
    finally:
        server.stop()
    for scheme in ("https", "rtsps", "rtmps", "rtmp", "rtsp"):
        refusing = serve(Answers(b""))
        with pytest.raises(SourceError):
            DeviceSource(parse_address(f"{scheme}://127.0.0.1:{refusing.port}/live/1"))
    assert not elsewhere.reached


def test_ffmpeg_left_alone_would_use_the_proxy(elsewhere: Elsewhere, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{SECOND_HOST}:{elsewhere.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    left_alone(f"http://127.0.0.1:{free_port()}/", elsewhere)


# RTSP


def test_rtsp_plays_and_no_host_that_its_answers_name_is_reached(serve, elsewhere: Elsewhere, monkeypatch) -> None:
    monkeypatch.setattr(rtsp_relay, "_GOODBYE_S", PATIENCE_S)
    server = serve(RtspServer(big, other_host=(SECOND_HOST, elsewhere.port)))
    address = f"rtsp://127.0.0.1:{server.port}/live"
    in_order(frames_of(address, 20))
    wait_until(lambda: server.requests[-1].startswith("TEARDOWN"), "the server has read the goodbye")
    assert [request.split()[0] for request in server.requests] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert not elsewhere.reached


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
@pytest.mark.parametrize("line", ["RTSP/1.0 302 Found", "RT\rSP/1.0 \t\r 0301", "RTSP/2.0\t+307"])
def test_a_redirect_over_rtsp_is_refused_at_every_step(line: str, method: str, serve, elsewhere: Elsewhere) -> None:
    there = f"rtsp://{SECOND_HOST}:{elsewhere.port}/live"
    server = serve(RtspServer(big, {method: f"{line}\r\nLocation: {there}"}))
    with pytest.raises(SourceError) as refused:
        DeviceSource(parse_address(f"rtsp://127.0.0.1:{server.port}/live"))
    assert not elsewhere.reached
    if method != "PLAY":
        assert isinstance(refused.value, SourceRefused)
        assert there in str(refused.value)


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE"])
def test_ffmpeg_left_alone_would_follow_it(method: str, serve, elsewhere: Elsewhere) -> None:
    there = f"rtsp://{SECOND_HOST}:{elsewhere.port}/live"
    server = serve(RtspServer(big, {method: f"RT\rSP/1.0 \t\r 0302\r\nLocation: {there}"}))
    left_alone(f"rtsp://127.0.0.1:{server.port}/live?tcp", elsewhere)


def test_an_rtsp_session_leaves_no_thread_behind(serve) -> None:
    server = serve(RtspServer(big))
    frames_of(f"rtsp://127.0.0.1:{server.port}/live", 1)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("polyplive")]


def test_the_command_reaches_the_named_host_only(serve, elsewhere: Elsewhere, network_guard: NetworkGuard) -> None:
    server = serve(RtspServer(big, other_host=(SECOND_HOST, elsewhere.port)))
    arguments = ["live", f"rtsp://127.0.0.1:{server.port}/live", "--headless", "--frames", "5"]
    done = subprocess.run(
        [sys.executable, "-m", "polyplive", *arguments],
        env=network_guard.environment(refuse=False), capture_output=True, text=True, check=False,
        timeout=5 * PATIENCE_S,
    )  # fmt: skip
    assert "(frame limit)" in done.stdout, done.stderr
    assert {attempt.host for attempt in network_guard.attempts} == {"127.0.0.1"}
    assert not elsewhere.reached


# What was sent before is still played


def frames_of(address: str, count: int) -> list[int | None]:
    """The numbers drawn into the first ``count`` frames."""
    source = DeviceSource(parse_address(address))
    try:
        return [number_in(source.read().image) for _ in range(count)]
    finally:
        source.close()


def in_order(numbers: list[int | None]) -> None:
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


class TransportServer(Server):
    """MPEG-TS in a connection, after ``head``; with a certificate, over TLS."""

    def __init__(self, head: bytes = b"", certificate: Path | None = None) -> None:
        self._head = head
        self._context = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        if self._context is not None:
            client = self._context.wrap_socket(client, server_side=True)
        with client:
            if self._head:
                client.recv(4096)
                client.sendall(self._head)
            for _ in send_transport_stream(big, 25, client.sendall, self.stopped):
                pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    made = tmp_path_factory.mktemp("tls") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=card", "-days", "2"]
    subprocess.run([*command, "-keyout", str(made), "-out", str(made.with_name("c"))], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + made.with_name("c").read_bytes())
    return made


@pytest.mark.parametrize("scheme", ["http", "HTTP", "tcp", "https"])
def test_a_transport_stream_in_a_connection_plays(scheme: str, serve, request: pytest.FixtureRequest) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n" if scheme != "tcp" else b""
    certificate = request.getfixturevalue("certificate") if scheme == "https" else None
    server = serve(TransportServer(head, certificate))
    in_order(frames_of(f"{scheme}://127.0.0.1:{server.port}", 20))


class TlsRtspServer(RtspServer):
    """The same over TLS."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        super().__init__(big)

    def serve(self, client: socket.socket) -> None:
        with self._context.wrap_socket(client, server_side=True) as secured:
            super().serve(secured)


def test_rtsp_over_tls_plays(certificate: Path, serve) -> None:
    in_order(frames_of(f"rtsps://127.0.0.1:{serve(TlsRtspServer(certificate)).port}/live", 10))


@pytest.mark.parametrize("scheme", ["udp", "rtp"])
def test_datagrams_play(scheme: str) -> None:
    port = free_port(socket.SOCK_DGRAM)
    count = 0

    def as_rtp(part: bytes) -> bytes:
        nonlocal count
        count += 1
        return struct.pack(">BBHII", 0x80, 33, count & 0xFFFF, count * 300 & 0xFFFFFFFF, 1) + part

    sender = UdpSender(port, big, wrap=as_rtp if scheme == "rtp" else None)
    sender.start()
    try:
        in_order(frames_of(f"{scheme}://127.0.0.1:{port}", 20))
    finally:
        sender.stop()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the program ffmpeg as an RTMP server")
def test_rtmp_plays() -> None:
    port = free_port()
    address = f"rtmp://127.0.0.1:{port}/live/1"
    made = ["-re", "-f", "lavfi", "-i", "testsrc=size=192x128:rate=25", "-c:v", "libx264", "-preset", "ultrafast"]
    server = subprocess.Popen(
        ["ffmpeg", "-v", "error", *made, "-g", "10", "-f", "flv", "-listen", "1", address], stderr=subprocess.DEVNULL
    )
    try:
        source = when_it_listens(address)
        assert [source.read().index for _ in range(10)] == list(range(10))
        source.close()
    finally:
        server.kill()
        server.wait(PATIENCE_S)


def when_it_listens(address: str) -> DeviceSource:
    """Open ``address`` as soon as its server, which takes one connection only, is there."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return DeviceSource(parse_address(address))
        except SourceError:
            assert time.monotonic() < deadline_s, "nobody listens"
            time.sleep(0.05)


def test_a_protocol_that_ffmpeg_lacks_is_said_in_one_line() -> None:
    """PyAV's own FFmpeg has no SRT; another one may."""
    with pytest.raises(SourceError) as refused:
        DeviceSource(parse_address(f"srt://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"))
    assert "\n" not in str(refused.value)
    if isinstance(refused.value, SourceRefused):
        assert "SRT" in str(refused.value)
