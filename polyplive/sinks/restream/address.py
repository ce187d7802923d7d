"""The address that a session sends its picture from, as the user names it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from polyplive.errors import ConfigError

_EXAMPLE = "Give one such as http://127.0.0.1:8080, or port 0 for a free one."


@dataclass(frozen=True, slots=True)
class RestreamAddress:
    """``host`` is an IP address of this computer, ``port`` 0 for any that is free."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this computer can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def warning(self) -> str:
        """One line for the user where other computers can reach it, empty otherwise."""
        if self.is_loopback:
            return ""
        return (
            f"{self.host} can be reached over the network: whoever has the whole address sees the picture, and it goes "
            f"there unencrypted. With 127.0.0.1 it stays on this computer."
        )

    def url(self, port: int, path: str) -> str:
        """The whole address of ``path`` (which begins with a slash), with the port that is really used."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}{path}"


def parse_restream(text: str) -> RestreamAddress:
    """``http://HOST:PORT``, where the host is an IP address, an IPv6 one in brackets, or ``localhost``.

    Raises ``ConfigError`` for anything else.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigError(f"'{text}' has a host or a port that cannot be", _EXAMPLE) from None
    _check_form(text, parts)
    if port is None:
        raise ConfigError(f"'{text}' names no port", _EXAMPLE)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ConfigError(f"'{host}' is no IP address of this computer", _EXAMPLE) from None
    return RestreamAddress(host, port)


def _check_form(text: str, parts: SplitResult) -> None:
    if parts.scheme == "https":
        raise ConfigError("The picture cannot be sent over https", f"{_EXAMPLE} A proxy in front of it can encrypt it.")
    if parts.scheme != "http" or not parts.netloc:
        raise ConfigError(f"'{text}' is no address to send the picture from", _EXAMPLE)
    if "@" in parts.netloc:
        raise ConfigError("A name and a password have no use in the address", "Its secret is made at the start.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(f"'{text}' has a path", f"{_EXAMPLE} The path is made at the start, and printed.")
