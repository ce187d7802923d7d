"""Writes the head of a QuickTime file (ISO/IEC 14496-12) whose samples are pictures: each with its size and time."""

from __future__ import annotations

import struct
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sources.reading.dicom.timing import FrameTimes

_TICKS = 1_000_000
"""Of a second, where the times of frames vary."""
_UNITY = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_MEDIA_HEAD = 16
_FULL_RANGE_BT601 = struct.pack(">4sHHHB", b"nclx", 2, 2, 5, 0x80)


def movie_head(codec: bytes, sizes: Sequence[int], times: FrameTimes, *, full_range: bool = False) -> bytes:
    """The bytes to put before the frames, which follow one another without a gap.

    ``codec`` are QuickTime's four letters, ``sizes`` the frames' bytes. With ``full_range`` the frames are YCbCr of
    BT.601 over the whole range of values.
    """
    scale, durations = _durations(len(sizes), times)
    colours = _box(b"colr", _FULL_RANGE_BT601) if full_range else b""
    runs = [(len(list(run)), duration) for duration, run in groupby(durations)]
    total, media = sum(durations), sum(sizes)

    def head(first: int) -> bytes:
        """With the first frame at byte ``first``."""
        table = _sample_table(_sample_entry(codec, colours), runs, sizes, first)
        return _box(b"ftyp", b"qt  \0\0\2\0qt  ") + _movie(scale, total, table)

    start = len(head(0)) + _MEDIA_HEAD
    return head(start) + struct.pack(">I4sQ", 1, b"mdat", _MEDIA_HEAD + media)


def _durations(frames: int, times: FrameTimes) -> tuple[int, list[int]]:
    """Ticks of a second, and how many of them each frame is shown."""
    if times.step_s is None:
        return 25, [1] * frames
    if not times.times_s:
        return times.step_s.denominator, [times.step_s.numerator] * frames
    step = round(times.step_s * _TICKS)
    ticks = [round(time * _TICKS) for time in times.times_s]
    durations = [after - before for before, after in pairwise(ticks)]
    return _TICKS, [*durations[:frames], *[step] * (frames - len(durations))]


def _box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _sample_entry(codec: bytes, colours: bytes) -> bytes:
    # The size is left out: FFmpeg takes it from the first frame, and a wrong one for a sign of interlaced fields.
    resolution = 72 << 16
    entry = struct.pack(">16x2H2II H32xHh", 0, 0, resolution, resolution, 0, 1, 24, -1)
    return _box(codec, struct.pack(">6xH", 1), entry, colours)


def _sample_table(entry: bytes, runs: Sequence[tuple[int, int]], sizes: Sequence[int], first: int) -> bytes:
    frames = len(sizes)
    offsets = first + np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    return _box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1), entry),
        _full_box(b"stts", struct.pack(">I", len(runs)), np.array(runs, ">u4").tobytes()),
        _full_box(b"stsc", struct.pack(">4I", 1, 1, 1, 1)),
        _full_box(b"stsz", struct.pack(">II", 0, frames), np.array(sizes, ">u4").tobytes()),
        _full_box(b"co64", struct.pack(">I", frames), offsets.astype(">u8").tobytes()),
    )


def _movie(scale: int, total: int, table: bytes) -> bytes:
    times = struct.pack(">QQIQ", 0, 0, scale, total)
    header = _full_box(b"mvhd", times, struct.pack(">IH10x", 1 << 16, 0), _UNITY, struct.pack(">24xI", 2), version=1)
    track = _full_box(b"tkhd", struct.pack(">QQIIQ16x", 0, 0, 1, 0, total), _UNITY, bytes(8), version=1, flags=3)
    media = _box(
        b"mdia",
        _full_box(b"mdhd", times, bytes(4), version=1),
        _full_box(b"hdlr", struct.pack(">4x4s13x", b"vide")),
        _box(
            b"minf",
            _full_box(b"vmhd", bytes(8), flags=1),
            _box(b"dinf", _full_box(b"dref", struct.pack(">I", 1), _full_box(b"url ", flags=1))),
            table,
        ),
    )
    return _box(b"moov", header, _box(b"trak", track, media))
