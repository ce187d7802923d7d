"""The formats, sizes and rates of a capture device, and which of them to request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_USUAL_PIXELS = 1920 * 1080
_SMOOTH = 24.0
"""Below this rate motion looks jerky; a smaller or compressed picture is better."""

_COMPRESSED = ("MJPG", "JPEG", "H264", "HEVC")


@dataclass(frozen=True, slots=True)
class CaptureMode:
    """A pixel format by its four letters (``MJPG``, ``YUYV``), a size in pixels, and its rates, fastest first."""

    format: str
    width: int
    height: int
    rates: tuple[float, ...]


def best_mode(
    modes: Sequence[CaptureMode],
    size: tuple[int, int] | None = None,
    rate: float | None = None,
    pixel_format: str | None = None,
) -> CaptureMode | None:
    """The mode to request: the largest smooth picture up to 1920x1080, then the fastest, then uncompressed.

    ``size`` (width, height), ``rate`` (frames a second) and ``pixel_format`` (four letters) must match if given. None
    when no mode matches.
    """
    fitting = [
        mode
        for mode in modes
        if (size is None or (mode.width, mode.height) == size)
        and (pixel_format is None or mode.format == pixel_format.upper())
        and (rate is None or not mode.rates or mode.rates[0] >= rate - 0.5)
    ]

    def value(mode: CaptureMode) -> tuple[bool, bool, int, float, bool]:
        pixels = mode.width * mode.height
        fastest = mode.rates[0] if mode.rates else 0.0
        usual = size is not None or pixels <= _USUAL_PIXELS
        return fastest >= (rate or _SMOOTH), usual, pixels if usual else -pixels, fastest, not_compressed(mode)

    return max(fitting, key=value, default=None)


def not_compressed(mode: CaptureMode) -> bool:
    """Whether the mode is uncompressed."""
    return mode.format not in _COMPRESSED
