"""FFmpeg's options for a live source, and which requested settings it refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import SourceRefused
from polyplive.sources.capture.address import Kind
from polyplive.sources.capture.devices import describe_device
from polyplive.sources.capture.modes import best_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.modes import CaptureMode
    from polyplive.types import SourceInfo, StereoOption

_FORMATS = {
    "MJPG": "mjpeg",
    "YUYV": "yuyv422",
    "UYVY": "uyvy422",
    "NV12": "nv12",
    "YU12": "yuv420p",
    "BGR3": "bgr24",
    "RGB3": "rgb24",
    "H264": "h264",
}
"""V4L2's four-letter codes and FFmpeg's names."""

_STREAM_OPTIONS = {
    "fflags": "nobuffer",
    "overrun_nonfatal": "1",
    "probesize": "500000",
    "analyzeduration": "500000",
}


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """The requested ``size`` (width, height), ``rate`` (frames a second), V4L2's four letters; None: the best.

    ``stream`` is the number of a stream's video stream, from 1. ``stereo`` is the half that is shown of 3D pictures.
    """

    size: tuple[int, int] | None = None
    rate: float | None = None
    pixel_format: str | None = None
    stream: int | None = None
    stereo: StereoOption | None = None


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """FFmpeg's ``options``, and a line of ``warnings`` for what the device does not offer.

    ``unchecked``: wishes are among them that nobody could compare with what the device offers.
    """

    options: dict[str, str]
    warnings: tuple[str, ...] = ()
    unchecked: bool = False


def plan_capture(address: Address, request: CaptureRequest) -> CapturePlan:
    """What to ask for: ``request``, filled up from what the device offers.

    Raises ``SourceRefused`` for a pixel format that the device does not have.
    """
    if address.kind is Kind.STREAM:
        return CapturePlan(dict(_STREAM_OPTIONS))
    size, rate, letters = request.size, request.rate, request.pixel_format
    warnings: tuple[str, ...] = ()
    unchecked = any(wish is not None for wish in (size, rate, letters))
    if address.kind is Kind.V4L2:
        device = describe_device(address.target)
        modes = device.modes if device is not None else ()
        _check_format(address, letters, modes)
        unchecked = letters is not None and not modes
        mode = best_mode(modes, size, rate, letters)
        if mode is None and modes:
            warnings = (f"'{address.shown}' does not offer what was asked for; 'polyplive devices' lists its modes",)
        if mode is not None:
            size, letters = size or (mode.width, mode.height), letters or mode.format
            rate = rate or (min(mode.rates[0], 60.0) if mode.rates else None)
    options = {}
    if size is not None:
        options["video_size"] = f"{size[0]}x{size[1]}"
    if rate is not None:
        options["framerate"] = f"{rate:g}"
    if letters is not None and address.kind is Kind.V4L2:
        options["input_format"] = _FORMATS.get(letters.upper(), letters.lower())
    return CapturePlan(options, warnings, unchecked)


def not_granted(options: dict[str, str], size: tuple[int, int], info: SourceInfo) -> tuple[str, ...]:
    """One line for each of size, rate and format that was requested and refused; ``size`` is that of whole pictures."""
    found = []
    asked_size, granted_size = options.get("video_size"), f"{size[0]}x{size[1]}"
    if asked_size is not None and asked_size != granted_size:
        found.append(f"asked for {asked_size}, the device grants {granted_size}")
    asked_rate = options.get("framerate")
    if asked_rate is not None and info.fps is not None and info.fps < 0.95 * float(asked_rate):
        found.append(f"asked for {asked_rate} frames a second, the device grants {info.fps:g}; try another --format")
    asked_format = options.get("input_format")
    if asked_format is not None and asked_format != info.codec:
        found.append(f"asked for {asked_format}, the device grants {info.codec}")
    return tuple(found)


def _check_format(address: Address, letters: str | None, modes: Sequence[CaptureMode]) -> None:
    offered = list(dict.fromkeys(mode.format for mode in modes))
    if letters is not None and offered and letters.upper() not in offered:
        raise SourceRefused(
            f"'{address.shown}' has no pixel format '{letters}'", f"Give --format one of: {', '.join(offered)}."
        )
