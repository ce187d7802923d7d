"""Small servers for streams that behave as a test wants: they redirect, name other hosts, ask for passwords."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING, BinaryIO

from processes import PATIENCE_S
from stream_sender import send_transport_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

SECOND_HOST = "127.0.0.2"
"""Another host than 127.0.0.1, on the same machine: Linux has all of 127.0.0.0/8."""


LISTS = {
    "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nADDRESS/a.ts\n#EXT-X-ENDLIST\n",
    "master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\nADDRESS/b.m3u8\n",
    "list.mpd": b"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S" minBufferTime="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1000" codecs="avc1.4d401e" width="64" height="64"><BaseURL>ADDRESS/a.mp4</BaseURL>
<SegmentBase/></Representation></AdaptationSet></Period></MPD>""",
    "list.ffconcat": b"ffconcat version 1.0\nfile ADDRESS/a.ts\n",
    "list.sdp": b"v=0\r\no=- 0 0 IN IP4 HOST\r\ns=x\r\nc=IN IP4 HOST\r\nt=0 0\r\nm=video 5004 RTP/AVP 33\r\n",
}
"""Files that name other addresses: ADDRESS and HOST in them are to be replaced."""


class Elsewhere:
    """A host that must never be reached: counts connections and datagrams at one port."""

    def __init__(self) -> None:
        self._stream = socket.create_server((SECOND_HOST, 0))
        self.port = int(self._stream.getsockname()[1])
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind((SECOND_HOST, self.port))
        for one in (self._stream, self._datagrams):
            one.setblocking(False)

    @property
    def reached(self) -> bool:
        """Whether anything came: the system has taken it, so that no thread of ours has to be in time."""
        try:
            self._stream.accept()[0].close()
        except BlockingIOError:
            pass
        else:
            return True
        try:
            self._datagrams.recv(1)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._stream.close()
        self._datagrams.close()


class Server:
    """Takes connections at ``port`` of 127.0.0.1, one thread each: ``serve`` (for subclasses) speaks with one."""

    def __init__(self, port: int = 0) -> None:
        self.stopped = threading.Event()
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self.stopped.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self.stopped.is_set():
                client.close()
                return
            client.settimeout(PATIENCE_S)
            self._threads.append(threading.Thread(target=self._serve, args=(client,), daemon=True))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                self.serve(client)
            except OSError:
                return


class Answers(Server):
    """Answers every request with ``answer``, whatever it asks; with ``unasked``, as soon as a connection is there."""

    def __init__(self, answer: bytes, *, unasked: bool = False, port: int = 0) -> None:
        self._answer = answer
        self._unasked = unasked
        super().__init__(port)

    def serve(self, client: socket.socket) -> None:
        if not self._unasked:
            self.requests.append(client.recv(4096).decode("latin-1"))
        client.sendall(self._answer)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


def http(body: bytes, kind: str = "video/mp2t", status: str = "200 OK", **headers: str) -> bytes:
    """An answer over HTTP."""
    lines = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n".encode() + body


class RtspServer(Server):
    """An RTSP server that sends ``picture(n)`` as MPEG-TS in RTP, in the connection itself.

    ``answers`` replaces the answer to a method (status line and headers, joined by CRLF, without CSeq). Its SDP and
    its Transport header name ``other_host`` where a server could name one.
    """

    def __init__(
        self,
        picture: Callable[[int], np.ndarray],
        answers: Mapping[str, str] | None = None,
        other_host: tuple[str, int] | None = None,
    ) -> None:
        self._picture = picture
        self._answers = answers or {}
        self._other = other_host
        super().__init__()

    def serve(self, client: socket.socket) -> None:
        reader = client.makefile("rb")
        while request := self._request(reader):
            method, _, rest = request.partition(" ")
            self.requests.append(request)
            sequence = next((line for line in rest.splitlines() if line.lower().startswith("cseq")), "CSeq: 0")
            head, _, body = self._answers.get(method, self._usual(method)).partition("\r\n\r\n")
            length = f"\r\nContent-Length: {len(body)}" if body else ""
            client.sendall(f"{head}\r\n{sequence}{length}\r\n\r\n{body}".encode())
            if method == "PLAY" and "200" in head:
                threading.Thread(target=self._play, args=(client,), daemon=True).start()

    def _request(self, reader: BinaryIO) -> str:
        """The next request's lines; empty at the end. Reports of the receiver, in the same connection, are skipped."""
        while (first := reader.read(1)) == b"$":
            _, length = struct.unpack(">BH", reader.read(3))
            reader.read(length)
        request = first
        while first and not request.endswith(b"\r\n\r\n"):
            line = reader.readline()
            if not line:
                return ""
            request += line
        return request.decode("latin-1")

    def _usual(self, method: str) -> str:
        host, port = self._other or ("127.0.0.1", self.port)
        if method == "DESCRIBE":
            sdp = [
                "v=0", f"o=- 0 0 IN IP4 {host}", "s=test", f"c=IN IP4 {host}", "t=0 0", "a=control:*",
                f"m=video {port} RTP/AVP 33", f"c=IN IP4 {host}", f"a=control:rtsp://{host}:{port}/live/track1",
            ]  # fmt: skip
            base = f"Content-Base: rtsp://{host}:{port}/live/"
            return f"RTSP/1.0 200 OK\r\n{base}\r\nContent-Type: application/sdp\r\n\r\n" + "\r\n".join([*sdp, ""])
        if method == "SETUP":
            transport = f"RTP/AVP/TCP;unicast;interleaved=0-1;source={host};server_port={port}-{port + 1}"
            return f"RTSP/1.0 200 OK\r\nTransport: {transport}\r\nSession: 1"
        return "RTSP/1.0 200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\nSession: 1"

    def _play(self, client: socket.socket) -> None:
        count = 0

        def send(part: bytes) -> None:
            nonlocal count
            rtp = struct.pack(">BBHII", 0x80, 33, count & 0xFFFF, count * 300 & 0xFFFFFFFF, 1) + part
            client.sendall(b"$\x00" + struct.pack(">H", len(rtp)) + rtp)
            count += 1

        try:
            for _ in send_transport_stream(self._picture, 25, send, self.stopped):
                pass
        except OSError:
            return
