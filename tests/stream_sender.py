"""Sends pictures over loopback as real streams: MPEG-TS over UDP, or multipart JPEG over HTTP."""

from __future__ import annotations

import socket
import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class UdpSender(threading.Thread):
    """Encodes ``picture(n)`` as H.264 and sends it to ``port``; ``lose`` says of each datagram if it is lost."""

    def __init__(
        self, port: int, picture: Callable[[int], np.ndarray], fps: int = 25, lose: Callable[[int], bool] | None = None
    ) -> None:
        super().__init__(name="udp-sender", daemon=True)
        self.port = port
        self.sent = 0
        self._picture = picture
        self._fps = fps
        self._lose = lose or (lambda _: False)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self.join(10)

    def run(self) -> None:
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        container = av.open(_Datagrams(out, self.port, self._lose), "w", format="mpegts")
        first = self._picture(0)
        stream = container.add_stream("libx264", rate=self._fps)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(self._fps // 2)}
        began = time.monotonic()
        while not self._stopped.is_set():
            frame = av.VideoFrame.from_ndarray(self._picture(self.sent), format="bgr24")
            frame.pts, frame.time_base = self.sent, Fraction(1, self._fps)
            container.mux(stream.encode(frame))
            self.sent += 1
            self._stopped.wait(max(0.0, began + self.sent / self._fps - time.monotonic()))
        out.close()


class _Datagrams:
    """A file for FFmpeg's muxer whose writes become datagrams of seven transport packets."""

    def __init__(self, out: socket.socket, port: int, lose: Callable[[int], bool]) -> None:
        self._out, self._port, self._lose = out, port, lose
        self._count = 0
        self._rest = b""

    def write(self, data: bytes) -> int:
        self._rest += bytes(data)
        while len(self._rest) >= 188:
            size = min(7 * 188, len(self._rest) // 188 * 188)
            part, self._rest = self._rest[:size], self._rest[size:]
            self._count += 1
            if not self._lose(self._count):
                self._out.sendto(part, ("127.0.0.1", self._port))
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
