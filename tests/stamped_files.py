"""Puts any time stamps into the bytes of video files, also those that no muxer writes. All are in milliseconds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WRAP = 1 << 33
"""Where the clocks of 90 kHz of transport and program streams begin anew."""


def _thirds(ms: int) -> tuple[int, int, int]:
    time = ms * 90 % WRAP
    return time >> 30, time >> 15 & 0x7FFF, time & 0x7FFF


def _mpeg_time(lead: int, ms: int) -> bytes:
    """A time of 33 bits in 5 bytes with its marker bits (ISO 13818-1, 2.4.3.6)."""
    high, middle, low = _thirds(ms)
    return struct.pack(">BHH", lead << 4 | high << 1 | 1, middle << 1 | 1, low << 1 | 1)


def _pes_times(pts: int | None, dts: int) -> bytes:
    """The flags, length and times of a PES header: always 12 bytes."""
    if pts is None:
        return b"\x00\x0a" + b"\xff" * 10
    return b"\xc0\x0a" + _mpeg_time(3, pts) + _mpeg_time(1, dts)


def program_stream(packets: Sequence[tuple[bytes, bool, int | None, int]]) -> bytes:
    """An MPEG-2 program stream with one PES packet, and so one stamp, for each frame."""
    parts = []
    for data, _, pts, dts in packets:
        # The pack's clock has its marker bits elsewhere than a PES packet's (2.5.3.3).
        high, middle, low = _thirds(dts - 500)
        clock = 1 << 46 | high << 43 | 1 << 42 | middle << 27 | 1 << 26 | low << 11 | 1 << 10 | 1
        parts.append(b"\x00\x00\x01\xba" + clock.to_bytes(6, "big") + b"\x01\x89\xc3\xf8")
        parts.append(b"\x00\x00\x01\xe0" + struct.pack(">H", len(data) + 13) + b"\x80" + _pes_times(pts, dts) + data)
    return b"".join(parts)


def stamp_ts(file: bytearray, stamps: list[tuple[int | None, int]]) -> None:
    """Put ``stamps`` into the PES headers of a transport stream with one video."""
    heads = [file.find(b"\x00\x00\x01\xe0", at, at + 188) for at in range(0, len(file), 188) if file[at + 1] & 0x40]
    heads = [at for at in heads if at >= 0]
    if len(heads) != len(stamps) or any(file[at + 7 : at + 9] != b"\xc0\x0a" for at in heads):
        raise ValueError(f"{len(heads)} PES headers for {len(stamps)} packets")
    for at, (pts, dts) in zip(heads, stamps, strict=True):
        file[at + 7 : at + 19] = _pes_times(pts, dts)


def stamp_flv(file: bytearray, stamps: list[tuple[int | None, int]]) -> None:
    """Put ``stamps`` into the tags of an FLV file with one video."""
    at, left = 13, list(stamps)
    while at < len(file):
        kind, size = file[at], int.from_bytes(file[at + 1 : at + 4], "big")
        h264 = file[at + 11] & 15 == 7
        if kind == 9 and not (h264 and file[at + 12] != 1):
            pts, dts = left.pop(0)
            assert pts is not None
            if h264:
                file[at + 13 : at + 16] = (pts - dts & 0xFFFFFF).to_bytes(3, "big")
            time = (dts if h264 else pts) & 0xFFFFFFFF
            file[at + 4 : at + 8] = (time & 0xFFFFFF).to_bytes(3, "big") + (time >> 24).to_bytes(1, "big")
        at += 15 + size
    if left:
        raise ValueError(f"{len(left)} stamps left over")


def set_edits(file: bytearray, edits: Sequence[tuple[int, int]]) -> None:
    """Give the one track of an MP4 file an edit list: the beginning in the track and the length of each part."""
    movie, track, media, header = (file.rindex(name) - 4 for name in (b"moov", b"trak", b"mdia", b"mdhd"))
    ticks = int.from_bytes(file[header + 20 : header + 24], "big")
    parts = b"".join(struct.pack(">IiHH", length, begin * ticks // 1000, 1, 0) for begin, length in edits)
    table = struct.pack(">I4sII", 16 + len(parts), b"elst", 0, len(edits)) + parts
    file[media:media] = struct.pack(">I4s", 8 + len(table), b"edts") + table
    for box in (movie, track):
        size = int.from_bytes(file[box : box + 4], "big") + 8 + len(table)
        file[box : box + 4] = size.to_bytes(4, "big")
