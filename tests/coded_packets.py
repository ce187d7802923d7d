"""Puts coded pictures into files packet by packet, also in ways that no encoder here writes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from clipmaker import HEIGHT, WIDTH, numbered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

RATE = 25


def encoded(codec: str, count: int, pix_fmt: str = "yuv420p", **options: str) -> list[av.Packet]:
    """The packets of so many numbered pictures, in coding order."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, pix_fmt
    context.time_base, context.framerate = Fraction(1, RATE), Fraction(RATE)
    context.options = options
    packets = []
    for number in range(count):
        picture = av.VideoFrame.from_ndarray(numbered(number), format="bgr24").reformat(format=pix_fmt)
        picture.pts = number
        packets += context.encode(picture)
    return packets + context.encode(None)


def write_packets(
    path: Path,
    packets: Iterable[bytes],
    codec: str,
    keys: Collection[int],
    times: Sequence[tuple[int, int]] | None = None,
    ticks: int = RATE,
    pix_fmt: str = "yuv420p",
) -> Path:
    """Write ``packets`` as a stream of ``codec`` (an encoder's name); ``keys`` are the places of key frames.

    ``times`` are presentation and decoding time of each packet in 1 / ``ticks`` seconds; None: the packet's number.
    """
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        for place, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, ticks)
            packet.pts, packet.dts = (place, place) if times is None else times[place]
            packet.is_keyframe = place in keys
            output.mux(packet)
    return path


def planes(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Y, U and V of a numbered picture, uint8 [H, W] and [H / 2, W / 2]."""
    picture = av.VideoFrame.from_ndarray(numbered(number), format="bgr24").reformat(format="yuv420p").to_ndarray()
    y, chroma = picture[:HEIGHT], picture[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    return y, chroma[0], chroma[1]
