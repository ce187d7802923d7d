"""How to ask a live source for fewer frames, where it can be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyplive.sources.capture.address import Kind

if TYPE_CHECKING:
    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.options import CaptureRequest

LEAST_RATE = 12.0
"""Frames a second, below which motion can hardly be followed."""


def slower_request(address: Address, request: CaptureRequest, rate: float) -> CaptureRequest | None:
    """The ``request`` for half of ``rate``, at which the source sends; None for a stream, and where that is too few."""
    if address.kind is Kind.STREAM or rate / 2 < LEAST_RATE:
        return None
    return replace(request, rate=rate / 2)
