"""An open input of FFmpeg for a device, a screen or a stream, limited to the host that the user named."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import av

from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.capture.address import Kind
from polyplive.sources.capture.errors import why_not_open
from polyplive.sources.capture.rtsp_relay import RtspRelay
from polyplive.sources.whitelists import stream_options

if TYPE_CHECKING:
    from av.container import InputContainer

    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.options import CapturePlan

OPEN_TIMEOUT_S, READ_TIMEOUT_S = 8.0, 4.0
"""Seconds that a stream may take to answer. A device's driver cannot be interrupted; the session watches it."""


class LiveInput:
    """An open ``container`` with its relay, if any. One thread opens, reads and closes it."""

    def __init__(self, address: Address, plan: CapturePlan) -> None:
        """Open ``address`` as ``plan`` says. Raises ``SourceError``, with advice that fits the case."""
        self._relay: RtspRelay | None = None
        try:
            self.container = self._open(address, plan.options)
        except AV_ERRORS as error:
            refused = why_not_open(address, error, self._relay, unchecked=plan.unchecked)
            self._end_relay()
            raise refused from None
        except BaseException:
            self._end_relay()
            raise

    def close(self) -> None:
        """Close the device or the connection; a second call does nothing."""
        self.container.close()
        self._end_relay()

    def _open(self, address: Address, options: dict[str, str]) -> InputContainer:
        if address.kind is not Kind.STREAM:
            # Not ``options``: the decoder gets those too, and would assume a size that the device refused.
            opened = av.open(address.target, "r", format=address.kind.value, container_options=options)
            return cast("InputContainer", opened)
        url, scheme = address.target, urlsplit(address.target).scheme
        if scheme in ("rtsp", "rtsps"):
            self._relay = RtspRelay(urlsplit(address.target), OPEN_TIMEOUT_S)
            url, scheme = self._relay.url, "rtsp"
        opened = av.open(
            url,
            "r",
            container_options={**options, **stream_options(scheme)},
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )
        return cast("InputContainer", opened)

    def _end_relay(self) -> None:
        if self._relay is not None:
            self._relay.close()
