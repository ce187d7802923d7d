"""Which codec's headers are read by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sources.reading.display_order.h264 import H264Order
from polyplive.sources.reading.display_order.hevc import HevcOrder
from polyplive.sources.reading.display_order.mpeg import PlaneTypes, TemporalReferences

if TYPE_CHECKING:
    from polyplive.sources.reading.display_order.base import DisplayOrder


def display_order(codec: str, extradata: bytes) -> DisplayOrder | None:
    """What reads the pictures of ``codec`` (FFmpeg's name); None where its headers are not read here.

    ``extradata`` are the stream's parameters outside of its packets.
    """
    if codec == "h264":
        return H264Order(extradata)
    if codec == "hevc":
        return HevcOrder(extradata)
    if codec in ("mpeg1video", "mpeg2video"):
        return TemporalReferences()
    return PlaneTypes(extradata) if codec == "mpeg4" else None
