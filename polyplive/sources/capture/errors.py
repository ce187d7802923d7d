"""Errors of live sources, each with its own hint."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import av.error

from polyplive.errors import SourceError, SourceNotFound, SourceRefused, SourceUnreadable, text_of
from polyplive.sources.capture.address import Kind, hide_secrets
from polyplive.sources.capture.device_errors import device_error, screen_error
from polyplive.sources.capture.rtsp_relay import unchecked_tls

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.rtsp_relay import RtspRelay

_ASK_TIMEOUT_S = 2.0


class _Case(NamedTuple):
    """The kind of an error, what happened, and what to do next."""

    error: type[SourceError]
    happened: str
    hint: str


def why_not_open(
    address: Address, error: Exception, relay: RtspRelay | None = None, *, unchecked: bool = False
) -> SourceError:
    """What FFmpeg's ``error`` means for ``address``, in one line. ``relay`` is the one of an RTSP session.

    ``unchecked``: the device was asked for something that it may not have (see ``CapturePlan``).

    ``SourceRefused`` where waiting cannot help. One that may come right, such as a sender that is not on yet, is
    ``SourceNotFound`` or ``SourceUnreadable``.
    """
    if address.kind is Kind.SCREEN:
        return screen_error(address, error)
    if address.kind is not Kind.STREAM:
        return device_error(address, error, unchecked=unchecked)
    case = _redirected(address, error, relay) or _by_status(error, relay) or _by_network(address, error)
    case = case or _by_content(address, error, relay)
    if case is None:
        case = _Case(SourceUnreadable, f"cannot be opened ({error_text(error)})", "Check that the sender is on.")
    return case.error(f"'{address.shown}' {case.happened}", case.hint)


def error_text(error: Exception) -> str:
    """What ``error`` says, without secrets."""
    return hide_secrets(text_of(error, None))


def _redirected(address: Address, error: Exception, relay: RtspRelay | None) -> _Case | None:
    if relay is not None:
        return _leads_to(relay.location) if relay.location else None
    if _number(error) == errno.EIO and address.target.startswith(("http:", "https:")):
        return _asked_again(urlsplit(address.target))
    return None


def _leads_to(location: str) -> _Case:
    shown = hide_secrets(location)
    return _Case(SourceRefused, f"leads to '{shown}', which is not followed", "If you trust that address, name it.")


def _asked_again(address: SplitResult) -> _Case | None:
    """Connect to the named host once more, as FFmpeg does not report redirects and TLS failures as such."""
    host, port = address.hostname or "", address.port
    connection = http.client.HTTPConnection(host, port, timeout=_ASK_TIMEOUT_S)
    if address.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=_ASK_TIMEOUT_S, context=unchecked_tls())
    try:
        connection.request("GET", (address.path or "/") + (f"?{address.query}" if address.query else ""))
        answer = connection.getresponse()
        location = answer.getheader("Location", "another address")
        return _leads_to(location) if 300 <= answer.status < 400 else None
    except ssl.SSLError:
        return _without_tls(address.scheme)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _without_tls(scheme: str) -> _Case:
    plain = scheme.removesuffix("s")
    return _Case(SourceRefused, "is answered by a server without TLS", f"Try {plain}://, and check the port.")


def _by_status(error: Exception, relay: RtspRelay | None) -> _Case | None:
    status = relay.status if relay is not None and relay.status != 200 else None
    if status == 401 or isinstance(error, av.error.HTTPUnauthorizedError):
        return _Case(
            SourceRefused,
            "asks for another user and password (401)",
            "Write them into the address, as in rtsp://USER:PASSWORD@host/stream.",
        )
    if status == 403 or isinstance(error, av.error.HTTPForbiddenError):
        return _Case(SourceRefused, "may not be seen by this user (403)", "Ask who runs the server for access.")
    if status == 404 or isinstance(error, av.error.HTTPNotFoundError):
        return _Case(
            SourceNotFound, "is not there (404)", "Check what follows the host, and that the sender has begun."
        )
    if status == 461:
        return _Case(SourceRefused, "sends over UDP only (461)", "Let the server send RTSP over TCP (interleaved).")
    if status == 400 or isinstance(error, av.error.HTTPBadRequestError):
        return _Case(SourceRefused, "is no request that the server knows (400)", "Check scheme and port, and the rest.")
    if (status or 0) >= 500 or isinstance(error, av.error.HTTPServerError):
        return _Case(SourceUnreadable, f"fails in the server ({status or '5XX'})", "Look at the server, or restart it.")
    if status is not None or isinstance(error, av.error.HTTPError):
        return _Case(
            SourceUnreadable, f"is declined by the server ({status or error_text(error)})", "Check the address."
        )
    return None


def _by_network(address: Address, error: Exception) -> _Case | None:
    host = urlsplit(address.target).hostname
    if isinstance(error, ConnectionRefusedError):
        return _Case(
            SourceNotFound, "cannot be reached (Connection refused)", "Check the port, and that the sender is on."
        )
    if isinstance(error, (TimeoutError, av.error.ExitError)) or _number(error) == errno.ETIMEDOUT:
        if address.target.startswith(("udp:", "rtp:")):
            hint = "Check that the sender sends to this machine and port, and the firewall."
            return _Case(SourceNotFound, "brings nothing that can be played", hint)
        return _Case(SourceNotFound, "does not answer", "Check the host, the port, the cable, and the firewall.")
    if _number(error) in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN):
        return _Case(SourceNotFound, f"cannot be reached ({error_text(error)})", "Check the cable, and the address.")
    if _number(error) in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
        hint = "End the program that listens at that port, or send to another one."
        return _Case(SourceUnreadable, f"cannot be listened to ({error_text(error)})", hint)
    if isinstance(error, socket.gaierror) or (host and _number(error) == errno.EIO and _is_unknown(host)):
        return _Case(
            SourceNotFound, f"names the host '{host}', which nobody knows", "Check its spelling, and the cable."
        )
    return None


def _by_content(address: Address, error: Exception, relay: RtspRelay | None) -> _Case | None:
    scheme = urlsplit(address.target).scheme
    if isinstance(error, av.error.ProtocolNotFoundError):
        hint = "Let the sender use RTSP, HTTP, UDP or RTMP."
        return _Case(SourceRefused, f"needs {scheme.upper()}, which FFmpeg here was built without", hint)
    if relay is not None and relay.answered and not relay.answered.startswith(b"RTSP/"):
        other = "http://" if relay.answered.startswith(b"HTTP/") else "another scheme"
        return _Case(SourceRefused, "is answered by a server that does not speak RTSP", f"Check the port; try {other}.")
    if isinstance(error, ssl.SSLError):
        return _without_tls(scheme)
    if relay is not None and not relay.answered:
        return _Case(SourceNotFound, "does not answer", "Check the host, the port, the cable, and the firewall.")
    if isinstance(error, av.error.ArgumentError):
        hint = "Name the address of the video itself: RTSP, MJPEG or MPEG-TS."
        return _Case(SourceRefused, "sends a list of addresses, a page or another format, not video", hint)
    if isinstance(error, (av.error.InvalidDataError, av.error.EOFError)):
        return _Case(
            SourceUnreadable, "sends no video", "Check the path and the scheme, and that the sender has begun."
        )
    return None


def _is_unknown(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return True
    return False


def _number(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None
