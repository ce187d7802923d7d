"""Queries a Video4Linux device: name, bus, formats, sizes and rates.

It uses the kernel's own calls (linux/videodev2.h), since FFmpeg only prints the answers. The one maintained Python
package for them has an incompatible licence.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

from polyplive.sources.capture.modes import CaptureMode

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAPABILITY = struct.Struct("=16s32s32sIII3I")
_FORMAT = struct.Struct("=III32s4sI3I")
_SIZE = struct.Struct("=I4sI6I2I")
_INTERVAL = struct.Struct("=I4sIII6I2I")

_CAPTURE = 1
_HAS_CAPTURE, _HAS_DEVICE_CAPS = 0x00000001, 0x80000000
_DISCRETE = 1
_MOST = 256
"""A limit on formats, sizes and rates, for a broken driver whose list never ends."""


def _request(direction: int, number: int, size: int) -> int:
    return (direction << 30) | (size << 16) | (ord("V") << 8) | number


_QUERYCAP = _request(2, 0, _CAPABILITY.size)
_ENUM_FMT = _request(3, 2, _FORMAT.size)
_ENUM_FRAMESIZES = _request(3, 74, _SIZE.size)
_ENUM_FRAMEINTERVALS = _request(3, 75, _INTERVAL.size)


def query(path: str) -> tuple[str, str, tuple[CaptureMode, ...]] | None:
    """Name, bus and modes of the device ``path``; None when it captures no video. Raises ``OSError``."""
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        _, card, bus, _, all_caps, own_caps, *_ = _ask(fd, _QUERYCAP, _CAPABILITY, b"", b"", b"", 0, 0, 0, 0, 0, 0)
        caps = own_caps if all_caps & _HAS_DEVICE_CAPS else all_caps
        if not caps & _HAS_CAPTURE:
            return None
        return _text(card), _text(bus), tuple(_modes(fd))
    finally:
        os.close(fd)


def _modes(fd: int) -> Iterator[CaptureMode]:
    for _, _, _, _, fourcc, *_ in _each(fd, _ENUM_FMT, _FORMAT, _CAPTURE, 0, b"", b"", 0, 0, 0, 0):
        for width, height in _sizes(fd, fourcc):
            rates = sorted(set(_rates(fd, fourcc, width, height)), reverse=True)
            yield CaptureMode(_text(fourcc), width, height, tuple(rates))


def _sizes(fd: int, fourcc: bytes) -> Iterator[tuple[int, int]]:
    for _, _, kind, *numbers in _each(fd, _ENUM_FRAMESIZES, _SIZE, fourcc, *[0] * 9):
        if kind == _DISCRETE:
            yield numbers[0], numbers[1]
        else:  # a range: minimum, maximum, step of the width, then of the height
            yield numbers[1], numbers[4]
            return


def _rates(fd: int, fourcc: bytes, width: int, height: int) -> Iterator[float]:
    for _, _, _, _, kind, *numbers in _each(fd, _ENUM_FRAMEINTERVALS, _INTERVAL, fourcc, width, height, *[0] * 9):
        if numbers[0]:
            yield round(numbers[1] / numbers[0], 3)  # of a range: the shortest interval
        if kind != _DISCRETE:
            return


def _each(fd: int, request: int, layout: struct.Struct, *values: object) -> Iterator[tuple[Any, ...]]:
    for index in range(_MOST):
        try:
            yield _ask(fd, request, layout, index, *values)
        except OSError:  # EINVAL ends a list; ENOTTY: the driver has none
            return


def _ask(fd: int, request: int, layout: struct.Struct, *values: object) -> tuple[Any, ...]:
    import fcntl

    buffer = bytearray(layout.pack(*values))
    fcntl.ioctl(fd, request, buffer)
    return layout.unpack(buffer)


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
