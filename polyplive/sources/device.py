"""A live source: a capture card, a camera, a screen or a stream, through FFmpeg's own inputs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import av
from av.codec.context import Flags, ThreadType

from polyplive.errors import SourceLost, SourceNotFound, SourceUnreadable, said_by
from polyplive.sources.address import Kind, hide_secrets
from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.conversion import BgrConverter
from polyplive.sources.devices import describe_device
from polyplive.sources.gaps import GapCounter
from polyplive.sources.modes import best_mode
from polyplive.types import Frame, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from polyplive.sources.address import Address
    from polyplive.types import Image

OPEN_TIMEOUT_S, READ_TIMEOUT_S = 8.0, 4.0
"""How long a stream may take to answer. A capture device's driver cannot be interrupted: the session watches it."""

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
"""V4L2's four letters and FFmpeg's names."""

_STREAM_OPTIONS = {
    "fflags": "nobuffer",
    "rtsp_flags": "prefer_tcp",
    "overrun_nonfatal": "1",
    "probesize": "500000",
    "analyzeduration": "500000",
}
_ERRORS_IN_A_ROW = 100


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """What to ask for: ``size`` (width, height), ``rate`` (frames a second), V4L2's four letters; None: the best."""

    size: tuple[int, int] | None = None
    rate: float | None = None
    pixel_format: str | None = None


class DeviceSource:
    """Frames as they come, with the smallest buffering that FFmpeg's inputs allow. One thread.

    Frames are uint8 [H, W, 3] BGR. ``captured_s`` is taken when the read of the packet returned, before decoding;
    ``pts_s`` is the driver's or the stream's own clock, from the first frame. A picture of another size than before
    is given in its new size. ``dropped`` counts ``missed`` (the device's clock left out a frame: nobody fetched it
    in time), ``late`` (waited in the driver's queue so long that a newer one was there) and ``damaged``.

    ``read`` never gives None before ``close``: a device that is gone and a stream that ended raise ``SourceLost``.
    """

    def __init__(self, address: Address, request: CaptureRequest | None = None) -> None:
        """Open ``address``. Raises ``SourceNotFound`` or ``SourceUnreadable``."""
        self._address = address
        self._dropped: Counter[str] = Counter()
        self._closed = False
        self._index = -1
        self._first_pts_s: float | None = None
        self._converter: BgrConverter | None = None
        self._layout: tuple[int, int, str] | None = None
        options, warnings = _options(address, request or CaptureRequest())
        self._container = _open(address, options)
        try:
            self._stream = self._main_stream()
        except BaseException:
            self._container.close()
            raise
        self._demuxed: Iterator[Packet[VideoStream]] = iter(self._container.demux(self._stream))
        is_card = address.kind is Kind.V4L2
        self._gaps = GapCounter() if is_card else None
        self._info = self._describe()
        self.warnings = (*warnings, *_not_granted(options, self._info))
        """One line for each wish that the device did not grant."""

    @property
    def info(self) -> SourceInfo:
        """Size and rate as they were granted."""
        return self._info

    @property
    def dropped(self) -> Mapping[str, int]:
        """Frames lost before they were read, by cause. A copy."""
        return {cause: count for cause, count in self._dropped.items() if count}

    def read(self) -> Frame | None:
        """Wait for the next frame; None after ``close``. Raises ``SourceLost`` when no more can come."""
        errors = 0
        while not self._closed:
            packet = self._next_packet()
            arrived_s = time.monotonic()
            started = time.perf_counter()
            if packet is None:
                continue
            if self._counts_as_late(packet, arrived_s):
                continue
            try:
                frame = self._decode(packet, arrived_s, started)
            except AV_ERRORS as error:
                errors += 1
                self._lose("damaged")
                if errors > _ERRORS_IN_A_ROW:
                    raise self._lost(error) from None
                continue
            if frame is not None:
                return frame
        return None

    def seek(self, pts_s: float) -> None:
        """Not possible: raises ``SourceUnreadable``."""
        raise SourceUnreadable(f"'{self._address.shown}' is live and cannot seek", "Replay a recording instead.")

    def close(self) -> None:
        """Let go of the device; calling it again does nothing."""
        self._closed = True
        self._container.close()

    def _main_stream(self) -> VideoStream:
        if not self._container.streams.video:
            raise SourceUnreadable(f"'{self._address.shown}' sends no video", "Check the address.")
        stream = self._container.streams.video[0]
        stream.codec_context.thread_type = ThreadType.SLICE  # threads by frame would hold frames back
        stream.codec_context.flags |= Flags.low_delay
        return stream

    def _next_packet(self) -> Packet[VideoStream] | None:
        try:
            packet = next(self._demuxed, None)
        except AV_ERRORS as error:
            raise self._lost(error) from None
        if packet is None or (packet.size == 0 and packet.pts is None):
            raise self._lost(None)
        if packet.is_corrupt or not packet.size:  # FFmpeg empties a buffer that the driver marked, or cut short
            self._see(packet, time.monotonic())
            self._lose("damaged")
            return None
        return packet

    def _counts_as_late(self, packet: Packet[VideoStream], arrived_s: float) -> bool:
        """Note the device's clock; True for a frame that a newer one has already overtaken in the driver's queue."""
        late = self._see(packet, arrived_s)
        if late:
            self._lose("late")
        return late

    def _see(self, packet: Packet[VideoStream], arrived_s: float) -> bool:
        """Count what is missing before this packet; whether it comes too late."""
        if self._gaps is None or packet.pts is None or packet.time_base is None:
            return False
        missed, late = self._gaps.see(float(packet.pts * packet.time_base), arrived_s)
        self._lose("missed", missed)
        return late

    def _decode(self, packet: Packet[VideoStream], arrived_s: float, started: float) -> Frame | None:
        pictures = packet.decode()
        if not pictures:
            return None
        self._lose("late", len(pictures) - 1)  # a decoder that catches up: only its newest picture is of use
        picture = pictures[-1]
        image = self._convert(picture)
        self._index += 1
        return Frame(
            image=image,
            index=self._index,
            pts_s=self._pts_s(picture),
            captured_s=arrived_s,
            decode_ms=(time.perf_counter() - started) * 1e3,
        )

    def _convert(self, picture: VideoFrame) -> Image:
        layout = picture.width, picture.height, picture.format.name
        if self._converter is None or layout != self._layout:
            self._converter, self._layout = BgrConverter(picture), layout
        image = self._converter.image(picture)
        # A picture that needs no conversion still lies in the driver's memory, which is filled anew and taken away.
        return image.copy() if picture.format.name == "bgr24" else image

    def _pts_s(self, picture: VideoFrame) -> float | None:
        if picture.pts is None or picture.time_base is None:
            return None
        pts_s = float(picture.pts * picture.time_base)
        if self._first_pts_s is None:
            self._first_pts_s = pts_s
        return pts_s - self._first_pts_s

    def _lose(self, cause: str, count: int = 1) -> None:
        self._dropped[cause] += count
        self._index += count

    def _lost(self, error: Exception | None) -> SourceLost:
        reason = "it ended" if error is None else _words(error)
        return SourceLost(f"'{self._address.shown}' gives no more frames ({reason})", "Check the cable and the device.")

    def _describe(self) -> SourceInfo:
        context = self._stream.codec_context
        rate = self._stream.average_rate or self._stream.guessed_rate
        return SourceInfo(
            name=self._address.shown,
            width=context.width,
            height=context.height,
            fps=float(rate) if rate else None,
            frames=None,
            duration_s=None,
            live=True,
            codec=context.name if context.name != "rawvideo" else str(context.pix_fmt),
        )


def _options(address: Address, request: CaptureRequest) -> tuple[dict[str, str], tuple[str, ...]]:
    """FFmpeg's options for what is asked for, filled up from what the device offers; and what it does not offer."""
    if address.kind is Kind.STREAM:
        return dict(_STREAM_OPTIONS), ()
    size, rate, letters = request.size, request.rate, request.pixel_format
    warnings: tuple[str, ...] = ()
    if address.kind is Kind.V4L2:
        device = describe_device(address.target)
        modes = device.modes if device is not None else ()
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
    return options, warnings


def _open(address: Address, options: dict[str, str]) -> InputContainer:
    is_stream = address.kind is Kind.STREAM
    try:
        opened = av.open(
            address.target,
            "r",
            format=None if is_stream else address.kind.value,
            # Not ``options``: those go to the decoder too, which would believe a size that the device did not grant.
            container_options=options,
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S) if is_stream else None,
        )
    except (FileNotFoundError, ConnectionError) as error:
        raise SourceNotFound(
            f"'{address.shown}' cannot be reached ({_words(error)})", "'polyplive devices' lists what is connected."
        ) from None
    except AV_ERRORS as error:
        raise SourceUnreadable(f"'{address.shown}' cannot be opened ({_words(error)})", _advice(address)) from None
    return cast("InputContainer", opened)


def _advice(address: Address) -> str:
    if address.kind is Kind.STREAM:
        return "Check that the sender is on, and the address."
    return "Close other programs that use it, and see 'polyplive devices'."


def _not_granted(options: dict[str, str], info: SourceInfo) -> tuple[str, ...]:
    """One line for each of size, rate and format that was asked for and not granted."""
    found = []
    asked_size, granted_size = options.get("video_size"), f"{info.width}x{info.height}"
    if asked_size is not None and asked_size != granted_size:
        found.append(f"asked for {asked_size}, the device grants {granted_size}")
    asked_rate = options.get("framerate")
    if asked_rate is not None and info.fps is not None and info.fps < 0.95 * float(asked_rate):
        found.append(f"asked for {asked_rate} frames a second, the device grants {info.fps:g}; try another --format")
    asked_format = options.get("input_format")
    if asked_format is not None and asked_format != info.codec:
        found.append(f"asked for {asked_format}, the device grants {info.codec}")
    return tuple(found)


def _words(error: Exception) -> str:
    return hide_secrets(said_by(error, None))
