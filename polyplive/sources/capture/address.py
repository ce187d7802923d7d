"""Addresses of live sources: a capture device, a screen or a stream; and how to display them without secrets."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from polyplive.errors import ConfigError
from polyplive.sources.whitelists import SCHEMES

_LISTENING = {"udp", "rtp", "tcp"}
"""Schemes for which a port alone is an address: the port of this machine that the sender sends to."""
_SECRET_KEYS = re.compile(r"pass|pwd|secret|token|key|auth|sig|credential|user|login", re.IGNORECASE)
_HIDDEN = "***"
_IN_TEXT = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)


class Kind(Enum):
    """How FFmpeg reads a source: the name of its input, or a stream."""

    V4L2 = "v4l2"
    DSHOW = "dshow"
    AVFOUNDATION = "avfoundation"
    SCREEN = "x11grab"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Address:
    """``target`` is what FFmpeg opens, and may hold a password. ``shown`` is for the user, logs and files."""

    kind: Kind
    target: str
    shown: str


def parse_address(text: str) -> Address:
    """``/dev/video0``, ``0``, ``usb-...`` (an id of `polyplive devices`), ``screen:0.0``, or a stream's URL.

    Raises ``ConfigError`` for anything else.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() in SCHEMES:
        text = scheme.lower() + separator + rest  # FFmpeg accepts only lower case
        _check_host(text)
        return Address(Kind.STREAM, text, hide_secrets(text))
    if separator:
        raise ConfigError(
            f"'{hide_secrets(text)}' is no address that can be opened live", f"Known: {', '.join(sorted(SCHEMES))}."
        )
    if text.startswith("screen:"):
        display = ":" + text.removeprefix("screen:").lstrip(":")
        return Address(Kind.SCREEN, display, text)
    if not text:
        raise ConfigError("An empty name is no device", "'polyplive devices' lists what is connected.")
    return _device(text)


def hide_secrets(text: str) -> str:
    """``text`` with the user, the password and secret parameters of every URL in it replaced by ``***``."""
    return _IN_TEXT.sub(lambda found: _without_secrets(found.group()), text)


def _check_host(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(
            f"'{hide_secrets(url)}' has a host or a port that cannot be", "Ports go from 0 to 65535; [IPv6]."
        ) from None
    if not host and (not parts.netloc or parts.scheme not in _LISTENING):
        raise ConfigError(f"'{hide_secrets(url)}' names no host", "Give an address such as rtsp://host/stream.")


def _device(text: str) -> Address:
    if platform.system() == "Windows":
        return Address(Kind.DSHOW, text if text.startswith("video=") else f"video={text}", text)
    if platform.system() == "Darwin":
        return Address(Kind.AVFOUNDATION, text, text)
    if text.isdecimal():
        return Address(Kind.V4L2, f"/dev/video{int(text)}", f"/dev/video{int(text)}")
    path = text if text.startswith("/") else f"/dev/v4l/by-id/{text}"
    return Address(Kind.V4L2, path, text)


def _without_secrets(url: str) -> str:
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url.partition("://")[0] + "://" + _HIDDEN
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{_HIDDEN}@{host}" if "@" in parts.netloc else host
    hidden = [(key, _HIDDEN if _SECRET_KEYS.search(key) else value) for key, value in query]
    fragment = _HIDDEN if parts.fragment else ""
    safe = urlencode(hidden, quote_via=quote, safe="*/:,") if query else parts.query
    return urlunsplit((parts.scheme, netloc, parts.path, safe, fragment))
