"""Recordings that change the size of their picture on the way: parts of several sizes in one file."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
from clipmaker import write_clip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

FPS = 25


def join(path: Path, parts: Sequence[Sequence[np.ndarray]], codec: str = "libx264", pix_fmt: str = "yuv420p") -> Path:
    """Write ``parts``, lists of BGR images, one after the other to ``path``, at 25 frames a second, and return it.

    A transport stream is joined as ``cat`` does: its clock starts again. In other containers the packets of all parts
    follow each other on one clock, as a recorder writes them whose input changes.
    """
    files = [_part(path, number, images, codec, pix_fmt) for number, images in enumerate(parts)]
    if path.suffix == ".ts":
        path.write_bytes(b"".join(file.read_bytes() for file in files))
    else:
        _remux(path, files, [len(images) for images in parts])
    for file in files:
        file.unlink()
    return path


def _part(path: Path, number: int, images: Sequence[np.ndarray], codec: str, pix_fmt: str) -> Path:
    """One part: parameters lie in the stream itself, as transport streams have them."""
    suffix = ".ts" if codec in ("libx264", "libx265", "mpeg2video") else ".mkv"
    options = {"bf": "2"} if codec == "libx264" else {"x265-params": "log-level=none"} if codec == "libx265" else {}
    name = path.with_name(f"{path.stem}.part{number}{suffix}")
    return write_clip(name, images, fps=FPS, codec=codec, pix_fmt=pix_fmt, options={**options, "g": "5"})


def _remux(path: Path, files: Sequence[Path], counts: Sequence[int]) -> None:
    tick = Fraction(1, 1000)
    with av.open(str(path), "w") as output:
        stream = None
        begin = Fraction(0)
        for file, count in zip(files, counts, strict=True):
            with av.open(str(file)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = output.add_stream_from_template(video)
                    stream.time_base = tick
                packets = [packet for packet in source.demux(video) if packet.size]
                first = min(packet.pts for packet in packets)
                for packet in packets:
                    base = packet.time_base
                    packet.pts = round((begin + (packet.pts - first) * base) / tick)
                    packet.dts = round((begin + (packet.dts - first) * base) / tick)
                    packet.time_base, packet.stream = tick, stream
                    output.mux(packet)
            begin += Fraction(count, FPS)
