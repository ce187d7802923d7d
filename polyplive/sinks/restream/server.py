"""The server: accepts clients at the address that the user named, and ends them in time."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import socket
import socketserver
import threading
import time
from typing import TYPE_CHECKING, Any

from polyplive.errors import SinkError, text_of
from polyplive.sinks.restream.pictures import Pictures
from polyplive.sinks.restream.request import SEND_S, PictureRequest

if TYPE_CHECKING:
    from polyplive.sinks.restream.address import RestreamAddress

_log = logging.getLogger(__name__)

MOST_CLIENTS = 8
_MOST_CONNECTIONS = 2 * MOST_CLIENTS
"""With those that have not said yet what they want."""
_LOOK_EVERY_S = 0.25
_TOKEN_BYTES = 16


class PictureServer:
    """Listens from its making on, at once or never: raises ``SinkError`` where the address cannot be used.

    ``url`` is the whole address with its secret path. ``pictures`` takes what is sent to all clients. Each client has a
    thread of its own, which ends with it. Nothing of this looks up a name or connects to anybody.
    """

    def __init__(self, address: RestreamAddress) -> None:
        self.pictures = Pictures(MOST_CLIENTS)
        path = "/" + secrets.token_urlsafe(_TOKEN_BYTES)
        try:
            self._listener = _Listener(address.host, address.port, path, self.pictures)
        except OSError as error:
            raise _refusal(address, error) from None
        self.url = address.url(self._listener.server_address[1], path)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(_LOOK_EVERY_S,), name="polyplive-restream", daemon=True
        )

    def start(self) -> None:
        """Accept clients."""
        self._thread.start()

    def close(self, deadline_s: float) -> tuple[threading.Thread, ...]:
        """Send the newest picture to the clients, and end them all by ``deadline_s`` (``time.monotonic()``).

        Returns the threads that it had; usually none of them still runs.
        """
        self.pictures.end()
        if self._thread.is_alive():
            self._listener.shutdown()
        self._listener.server_close()
        threads = (self._thread, *self._listener.end_clients(deadline_s))
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline_s - time.monotonic()))
        return threads


class _Listener(socketserver.TCPServer):
    """A thread for each connection. ``HTTPServer`` would look up this computer's name at its start."""

    allow_reuse_address = os.name == "posix"  # elsewhere it would let two programs share a port
    request_queue_size = _MOST_CONNECTIONS

    def __init__(self, host: str, port: int, path: str, pictures: Pictures) -> None:
        self.path, self.pictures = path, pictures
        self._lock = threading.Lock()
        self._threads: dict[socket.socket, threading.Thread] = {}
        self._silent_since_s: dict[socket.socket, float] = {}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), PictureRequest)

    def answering(self, connection: socket.socket) -> None:
        """See ``Host``."""
        with self._lock:
            self._silent_since_s.pop(connection, None)

    def end_clients(self, deadline_s: float) -> list[threading.Thread]:
        """Give each client half of the time to take its last picture, then end its connection. Returns the threads."""
        with self._lock:
            clients = dict(self._threads)
            waiting = list(self._silent_since_s)
        for connection in waiting:
            _end(connection)
        half_s = (time.monotonic() + deadline_s) / 2
        for connection, thread in clients.items():
            thread.join(max(0.0, half_s - time.monotonic()))
            if thread.is_alive():
                _end(connection)
        return list(clients.values())

    # What socketserver calls, in the server's thread

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a thread for a new connection; one too many is closed."""
        thread = threading.Thread(
            target=self._answer, args=(request, client_address), name="polyplive-restream-client", daemon=True
        )
        with self._lock:
            is_room = len(self._threads) < _MOST_CONNECTIONS
            if is_room:
                self._threads[request] = thread
                self._silent_since_s[request] = time.monotonic()
        if is_room:
            thread.start()
        else:
            self.shutdown_request(request)

    def service_actions(self) -> None:
        """End connections that have not said for long what they want."""
        with self._lock:
            past_s = time.monotonic() - SEND_S
            late = [connection for connection, since_s in self._silent_since_s.items() if since_s < past_s]
        for connection in late:
            _end(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away or hangs is no error."""
        _log.debug("a client of the restream ended", exc_info=True)

    # In the client's thread

    def _answer(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            with self._lock:
                self._threads.pop(request, None)
                self._silent_since_s.pop(request, None)
            self.shutdown_request(request)


def _end(connection: socket.socket) -> None:
    """Wake the thread that waits for ``connection``; that thread closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _refusal(address: RestreamAddress, error: OSError) -> SinkError:
    where = f"The picture cannot be sent from {address.host} port {address.port}"
    if error.errno == errno.EADDRINUSE:
        return SinkError(f"{where}: another program uses it", "Name another port, or port 0 for a free one.")
    if error.errno == errno.EADDRNOTAVAIL:
        return SinkError(f"{where}: this computer has no such address", "With 127.0.0.1 it stays on this computer.")
    if error.errno == errno.EACCES:
        return SinkError(f"{where}: permission denied", "Name a port from 1024 on, or port 0 for a free one.")
    return SinkError(f"{where}: {text_of(error)}", "Name another address, such as http://127.0.0.1:0.")
