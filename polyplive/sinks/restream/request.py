"""What a client is answered: the pictures for the one path that there is, one line for everything else."""

from __future__ import annotations

import contextlib
import hmac
import socket
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    from polyplive.sinks.restream.pictures import Pictures

    class Host(Protocol):
        """The server, as a request sees it."""

        path: str
        pictures: Pictures

        def answering(self, connection: socket.socket) -> None:
            """The request was read: the connection may stay open for long."""


BOUNDARY = "polyplive-picture"
SEND_S = 5.0
"""A client that has not taken a picture after so many seconds is gone."""
_LATENT_BYTES = 1 << 18
"""What may lie between this program and a client: a slow one then sees few pictures, but none that is long past."""
_LINES = {
    400: "This is no request of HTTP.",
    404: "There is nothing here.",
    405: "The picture can only be read: GET.",
    503: "As many programs as may watch are watching.",
}


class PictureRequest(BaseHTTPRequestHandler):
    """Answers one connection, in a thread of its own."""

    server: Host  # type: ignore[assignment]
    timeout = SEND_S

    def do_GET(self) -> None:
        """Send pictures until the client or the session ends."""
        if not self._is_known():
            self._refuse(404)
            return
        pictures = self.server.pictures
        if not pictures.join():
            self._refuse(503)
            return
        try:
            self._send_pictures(pictures)
        finally:
            pictures.leave()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class answers to another method than GET (501), or to what is no HTTP."""
        if code == 501:
            code = 405 if self._is_known() else 404
        self._refuse(code if code in _LINES else 400)

    def version_string(self) -> str:
        """No version: nobody needs to know."""
        return "polyplive"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a request holds the secret path."""

    def _is_known(self) -> bool:
        """Whether the path is the one that there is, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(self.path.encode("latin-1", "replace"), self.server.path.encode())

    def _send_pictures(self, pictures: Pictures) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LATENT_BYTES)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.answering(self.connection)
        self._head(200, f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.wfile.write(f"--{BOUNDARY}\r\n".encode())
        number = 0
        while (picture := pictures.take(number)) is not None:
            number = picture.number
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n\r\n"
            # The boundary follows at once: a browser shows a picture when it is over, not when the next one comes.
            self.wfile.write(b"".join((head.encode(), picture.jpeg, f"\r\n--{BOUNDARY}\r\n".encode())))

    def _refuse(self, code: int) -> None:
        line = (_LINES[code] + "\n").encode()
        with contextlib.suppress(OSError):
            self._head(code, "text/plain; charset=utf-8", len(line))
            if self.command != "HEAD":
                self.wfile.write(line)

    def _head(self, code: int, kind: str, length: int | None = None) -> None:
        self.close_connection = True
        self.send_response(code)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if code == 405:
            self.send_header("Allow", "GET")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        self.end_headers()
