"""A client of the restream in tests: a raw socket, or the standard library's HTTP, and real JPEG decoding."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import cv2
import numpy as np
from processes import PATIENCE_S

if TYPE_CHECKING:
    from polyplive.types import Image


def connected(url: str, receive_bytes: int | None = None) -> socket.socket:
    """A connection to the server of ``url``; ``receive_bytes`` makes its buffer small."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    client = socket.socket(socket.AF_INET6 if ":" in parts.hostname else socket.AF_INET)
    client.settimeout(PATIENCE_S)
    if receive_bytes is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.connect((parts.hostname, parts.port))
    return client


def answer(url: str, method: str = "GET", path: str | None = None) -> tuple[str, dict[str, str], bytes]:
    """What the server answers until it closes: the status line, the headers, the body."""
    with connected(url) as client:
        client.sendall(f"{method} {urlsplit(url).path if path is None else path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = b""
        while part := client.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


class Watcher:
    """Watches the pictures of ``url``."""

    def __init__(self, url: str) -> None:
        self.socket = connected(url)
        self.socket.sendall(f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self._stream = self.socket.makefile("rb")
        self.status = self._stream.readline().decode().strip()
        self.head = self._headers()
        self.boundary = self.head["Content-Type"].partition("boundary=")[2]
        assert self._stream.readline() == f"--{self.boundary}\r\n".encode()

    def jpeg(self) -> bytes | None:
        """The next picture as it was sent, up to the boundary that follows; None at the end."""
        head = self._headers()
        if not head:
            return None
        assert head["Content-Type"] == "image/jpeg"
        data = self._stream.read(int(head["Content-Length"]))
        assert self._stream.read(len(self.boundary) + 6) == f"\r\n--{self.boundary}\r\n".encode()
        return data

    def picture(self) -> Image:
        """The next picture: uint8 [H, W, 3] BGR."""
        data = self.jpeg()
        assert data is not None, "the server has ended it"
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return image  # type: ignore[return-value]

    def rest(self) -> list[bytes]:
        """All further pictures, until the server ends."""
        found = []
        while (data := self.jpeg()) is not None:
            found.append(data)
        return found

    def close(self) -> None:
        """Go away."""
        self._stream.close()
        self.socket.close()

    def _headers(self) -> dict[str, str]:
        lines = []
        while (line := self._stream.readline().decode().strip()) != "":
            lines.append(line)
        return dict(line.split(": ", 1) for line in lines)

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
