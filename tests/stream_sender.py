"""Sends pictures over loopback as real streams: MPEG-TS over UDP, or multipart JPEG over HTTP."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from av.container import OutputContainer


TICKS = 90_000
"""Of MPEG-TS's clock, in a second."""
WRAP_S = 2**33 / TICKS
"""When that clock begins again."""
_RESTART_S = 10.0
"""A sender whose clock moves by more was started again; by less, this machine was busy."""


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class UdpSender(threading.Thread):
    """Encodes ``picture(n)`` as H.264 and sends it to ``port``.

    ``lose`` says of each datagram if it is lost; ``wrap`` makes the datagram of its packets; ``clock`` as in
    ``send_transport_stream``.
    """

    def __init__(
        self,
        port: int,
        picture: Callable[[int], np.ndarray],
        fps: int = 25,
        lose: Callable[[int], bool] | None = None,
        wrap: Callable[[bytes], bytes] | None = None,
        clock: Callable[[int], float] | None = None,
    ) -> None:
        super().__init__(name="udp-sender", daemon=True)
        self.port = port
        self.sent = 0
        self._picture = picture
        self._fps = fps
        self._lose = lose or (lambda _: False)
        self._wrap = wrap or (lambda part: part)
        self._clock = clock
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join(10)

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            count = itertools.count(1)

            def send(part: bytes) -> None:
                if not self._lose(next(count)):
                    out.sendto(self._wrap(part), ("127.0.0.1", self.port))

            for sent in send_transport_stream(self._picture, self._fps, send, self._stopped, self._clock):
                self.sent = sent


def send_transport_stream(
    picture: Callable[[int], np.ndarray],
    fps: int,
    send: Callable[[bytes], None],
    stopped: threading.Event,
    clock: Callable[[int], float] | None = None,
) -> Iterator[int]:
    """Encode ``picture(n)`` as H.264 in MPEG-TS at ``fps`` until ``stopped``; ``send`` gets up to seven packets.

    ``clock`` is the stamp of each picture in seconds. Where it jumps, the sender starts again.
    Gives the number of pictures sent, after each.
    """
    clock = clock or (lambda number: number / fps)
    muxed = _transport_stream(picture(0), fps, send)
    began = time.monotonic()
    sent, stamp_s = 0, clock(0)
    while not stopped.is_set():
        last_s, stamp_s = stamp_s, clock(sent)
        if sent and not 0 < stamp_s - last_s < _RESTART_S:
            muxed = _transport_stream(picture(sent), fps, send)
        frame = av.VideoFrame.from_ndarray(picture(sent), format="bgr24")
        frame.pts, frame.time_base = round(stamp_s * TICKS), Fraction(1, TICKS)
        muxed.mux(muxed.streams.video[0].encode(frame))
        sent += 1
        yield sent
        stopped.wait(max(0.0, began + sent / fps - time.monotonic()))


def _transport_stream(picture: np.ndarray, fps: int, send: Callable[[bytes], None]) -> OutputContainer:
    container = av.open(_Parts(send), "w", format="mpegts", container_options={"mpegts_copyts": "1"})
    stream = container.add_stream("libx264", rate=fps)
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, TICKS)
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(fps // 2)}
    return container


class _Parts:
    """A file for FFmpeg's muxer whose writes are passed on in parts of at most seven transport packets."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._rest = b""

    def write(self, data: bytes) -> int:
        self._rest += bytes(data)
        while len(self._rest) >= 188:
            size = min(7 * 188, len(self._rest) // 188 * 188)
            part, self._rest = self._rest[:size], self._rest[size:]
            self._send(part)
        return len(data)


class MjpegServer(threading.Thread):
    """Serves ``picture(n)`` as multipart JPEG to one client at a time; ``path`` may hold anything."""

    def __init__(self, picture: Callable[[int], np.ndarray], fps: int = 25, port: int = 0) -> None:
        super().__init__(name="mjpeg-server", daemon=True)
        self._picture = picture
        self._fps = fps
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.1)
        self.port = int(self._listener.getsockname()[1])
        self.sent = 0
        self.requests: list[str] = []
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join(10)

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                continue
            with client:
                self._serve(client)
        self._listener.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            self.requests.append(client.recv(4096).decode("latin-1"))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=part\r\n\r\n")
            while not self._stopped.wait(1 / self._fps):
                _, data = cv2.imencode(".jpg", self._picture(self.sent), [cv2.IMWRITE_JPEG_QUALITY, 95])
                head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {data.size}\r\n\r\n"
                client.sendall(head.encode() + data.tobytes() + b"\r\n")
                self.sent += 1
        except OSError:
            return
