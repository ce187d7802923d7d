"""Limits an RTSP session to the host that the user named, as FFmpeg always follows redirects."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from urllib.parse import urlunsplit

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Awaitable, Iterable
    from urllib.parse import SplitResult

_PORTS = {"rtsp": 554, "rtsps": 322}
_CHUNK = 1 << 16
_REMEMBERED = 4096
"""How many bytes of an answer are searched together: more than FFmpeg reads of one line."""

# Carriage returns are taken out before, since FFmpeg skips them anywhere. Its ``atoi`` takes blanks, a sign and zeros.
_STATUS = re.compile(rb"RTSP/[^ \t\n]*[ \t\n]+[\s+0]*([1-9]\d\d)")
_LOCATION = re.compile(rb"^location[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_GOODBYE_S = 0.5
"""How long FFmpeg's last request, TEARDOWN, may take to the server."""


class RtspRelay:
    """Relays one RTSP session between FFmpeg, on this machine, and one server.

    It makes one connection, to the host in the address, and accepts one. A redirect ends both before FFmpeg has read
    it. After PLAY answers are not checked, as FFmpeg then ignores redirects. Pictures come in the same connection, so
    ``rtsp_transport`` must be ``tcp``. For ``rtsps`` the relay does the TLS.

    A thread of its own moves the bytes. ``status`` is that of the last answer, None before one. ``location`` is the
    target of a redirect, else empty. ``answered`` holds the first bytes received. Any thread may read them.
    """

    def __init__(self, address: SplitResult, timeout_s: float) -> None:
        """Connect to the server. Raises ``OSError``; of it, ``socket.gaierror`` for an unknown host."""
        self.status: int | None = None
        self.location = ""
        self.answered = b""
        self._address = address
        self._timeout_s = timeout_s
        self._playing = False
        server = socket.create_connection((address.hostname, address.port or _PORTS[address.scheme]), timeout_s)
        ready: Future[int] = Future()
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(server, ready), name="polyplive-rtsp", daemon=True)
        self._thread.start()
        self._port = ready.result()

    @property
    def url(self) -> str:
        """What FFmpeg opens instead: the same address with this relay as its host."""
        user, separator, _ = self._address.netloc.rpartition("@")
        here = f"{user}{separator}127.0.0.1:{self._port}"
        return urlunsplit(("rtsp", here, self._address.path, self._address.query, ""))

    def close(self) -> None:
        """End both connections and the thread; calling it again does nothing. FFmpeg has to be closed before."""
        if self._playing:
            self._thread.join(_GOODBYE_S)
        with contextlib.suppress(RuntimeError):  # its loop has ended already
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    # In the relay's thread

    def _run(self, server: socket.socket, ready: Future[int]) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(server, ready))

    async def _serve(self, server: socket.socket, ready: Future[int]) -> None:
        try:
            read, write = await asyncio.wait_for(self._speak(server), self._timeout_s)
            listener = socket.create_server(("127.0.0.1", 0))
        except BaseException as error:
            server.close()
            ready.set_exception(error)
            return
        ready.set_result(listener.getsockname()[1])
        stopped: asyncio.Future[Any] = asyncio.ensure_future(self._stopped.wait())
        await _first((self._relay(listener, read, write), stopped))
        await _close(write, stopped)

    async def _relay(self, listener: socket.socket, read: StreamReader, write: StreamWriter) -> None:
        """Take FFmpeg's connection and move bytes both ways until one end is over."""
        with listener:
            listener.setblocking(False)
            ffmpeg, _ = await self._loop.sock_accept(listener)
        with ffmpeg:
            ffmpeg.setblocking(False)
            # What FFmpeg said last is read even where it takes no more answers: its goodbye, before it closed.
            asked = asyncio.ensure_future(self._ask(ffmpeg, write))
            await _first((asked, self._answer(read, ffmpeg, asked)))

    async def _speak(self, server: socket.socket) -> tuple[StreamReader, StreamWriter]:
        if self._address.scheme == "rtsp":
            return await asyncio.open_connection(sock=server)
        return await asyncio.open_connection(sock=server, ssl=unchecked_tls(), server_hostname=self._address.hostname)

    async def _ask(self, ffmpeg: socket.socket, server: StreamWriter) -> None:
        """From FFmpeg to the server."""
        with contextlib.suppress(OSError):
            while data := await self._loop.sock_recv(ffmpeg, _CHUNK):
                self._playing = self._playing or data.startswith(b"PLAY ")
                server.write(data)
                await server.drain()

    async def _answer(self, server: StreamReader, ffmpeg: socket.socket, asked: asyncio.Future[None]) -> None:
        """From the server to FFmpeg, up to a redirect; where FFmpeg takes no more, until all it ``asked`` is sent."""
        seen = b""
        with contextlib.suppress(OSError):
            while data := await server.read(_CHUNK):
                if not self._playing:
                    seen = (seen + data.replace(b"\r", b""))[-_REMEMBERED - len(data) :]
                    if self._redirects(seen):
                        return
                try:
                    await self._loop.sock_sendall(ffmpeg, data)
                except OSError:
                    await asyncio.wait((asked,))

    def _redirects(self, seen: bytes) -> bool:
        self.answered = self.answered or seen[:16]
        statuses = _STATUS.findall(seen)
        if not statuses:
            return False
        self.status = int(statuses[-1])
        if not any(300 <= int(status) < 400 for status in statuses):
            return False
        found = _LOCATION.search(seen)
        self.location = found[1].decode("utf-8", "replace") if found else "another address"
        return True


def unchecked_tls() -> ssl.SSLContext:
    """A TLS context that does not check certificates, as FFmpeg: appliances have none that can be checked."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _first(ways: Iterable[Awaitable[Any]]) -> None:
    """Wait until one of ``ways`` is over, and end the others."""
    begun = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(begun, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in begun:
            way.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def _close(end: StreamWriter, stopped: asyncio.Future[Any]) -> None:
    """Close ``end`` when it has sent what was given to it, at the latest when ``stopped`` is done."""
    end.close()
    sent: asyncio.Future[Any] = asyncio.ensure_future(end.wait_closed())
    await asyncio.wait((sent, stopped), return_when=asyncio.FIRST_COMPLETED)
    end.transport.abort()
    await asyncio.gather(sent, return_exceptions=True)
