"""A live source: a capture card, a camera, a screen or a stream, through FFmpeg's own inputs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from av.codec.context import Flags, ThreadType

from polyplive.errors import SourceLost, SourceUnreadable
from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.capture.address import Kind
from polyplive.sources.capture.errors import error_text
from polyplive.sources.capture.gaps import GapCounter
from polyplive.sources.capture.inputs import LiveInput
from polyplive.sources.capture.options import CaptureRequest, not_granted, plan_capture
from polyplive.sources.capture.source_clock import SourceClock
from polyplive.sources.picture.conversion import PictureMaker
from polyplive.sources.picture.shape import PictureShape
from polyplive.sources.picture.tone_mapping import hdr_notice
from polyplive.sources.streams import choose_stream, has_stamps, stated_rate
from polyplive.types import Frame, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from polyplive.pixels.picture import Picture
    from polyplive.sources.capture.address import Address

_ERRORS_IN_A_ROW = 100
_TICK_S = Fraction(1, 90_000)
_PERIOD_S = 2**33 / 90_000
"""The clock of MPEG-TS, which begins again after 26.5 hours. FFmpeg takes a clock that runs back for one that did."""
_UNCOMPRESSED = "rawvideo"
_SOUND_NOTICE = "has sound, which is neither played nor recorded"
_LOST_HINTS = {
    Kind.STREAM: "Check the sender and the network.",
    Kind.SCREEN: "Check that the screen's session still runs.",
}


class DeviceSource:
    """Gives frames as they come, with the smallest buffering that FFmpeg's inputs allow. One thread.

    Frames hold the source's own samples where these can serve (``PictureMaker``), in memory of their own, and give BGR
    when asked. ``captured_s`` is taken when the packet has been read, before decoding. ``pts_s`` is
    the driver's or the stream's own clock, from the first frame; where it jumps, the capture clock goes on
    (``SourceClock``). A picture of another size than before is given in its new size. ``dropped`` has three counts.
    ``missed``: a gap in the device's clock shows a frame that was not fetched in time. ``late``: a newer frame was
    already in the driver's queue. ``damaged``: it could not be decoded.

    ``read`` never returns None before ``close``. A device that was removed, or a stream that ended, raises
    ``SourceLost``.
    """

    def __init__(self, address: Address, request: CaptureRequest | None = None) -> None:
        """Open ``address``. Raises ``SourceNotFound``, ``SourceUnreadable`` or ``SourceRefused``."""
        self._address = address
        self._dropped: Counter[str] = Counter()
        self._closed = False
        self._index = -1
        self._is_begun = False
        request = request or CaptureRequest()
        plan = plan_capture(address, request)
        self._input = LiveInput(address, plan)
        try:
            self._choice = choose_stream(self._input.container, address.shown, request.stream, "Check the address.")
            self._stream = _with_low_delay(self._choice.stream)
            self._shape = PictureShape(self._stream, square=address.kind is not Kind.STREAM, stereo=request.stereo)
        except BaseException:
            self._input.close()
            raise
        self._maker = PictureMaker(self._shape, self._stream.codec_context.name)
        self._demuxed = cast("Generator[Packet[VideoStream]]", self._input.container.demux(self._stream))
        is_card = address.kind is Kind.V4L2
        self._gaps = GapCounter() if is_card else None
        period_s = _PERIOD_S if self._stream.time_base == _TICK_S else None
        # One for frames, one for the driver's buffers: some of these never become a frame.
        self._clock, self._buffers_clock = SourceClock(period_s), SourceClock()
        self._is_stamped = has_stamps(self._input.container)
        self._info = self._describe()
        coded = self._stream.codec_context.width, self._stream.codec_context.height
        self.warnings = (*plan.warnings, *not_granted(plan.options, coded, self._info))
        """One line for each wish that the device did not grant."""

    @property
    def info(self) -> SourceInfo:
        """The actual size and rate. The first frame may tell more: that its picture is turned, or flagged as 3D."""
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
        """Close the device; a second call does nothing.

        A card's packets and frames are in its driver's memory, and releasing them calls the open device. FFmpeg does
        not check that it is still open (``mmap_release_buffer`` in its v4l2.c). So they are released first.
        """
        if self._closed:
            return
        self._closed = True
        self._demuxed.close()
        self._stream.codec_context.flush_buffers()
        self._input.close()

    def _next_packet(self) -> Packet[VideoStream] | None:
        try:
            packet = next(self._demuxed, None)
        except AV_ERRORS as error:
            raise self._lost(error) from None
        if packet is None or (packet.size == 0 and packet.pts is None):
            raise self._lost(None)
        if packet.is_corrupt or not packet.size:  # FFmpeg empties a buffer marked as damaged
            self._see(packet, time.monotonic())
            self._lose("damaged")
            return None
        return packet

    def _counts_as_late(self, packet: Packet[VideoStream], arrived_s: float) -> bool:
        """Note the device's clock; True if a newer frame is already in the driver's queue."""
        late = self._see(packet, arrived_s)
        if late:
            self._lose("late")
        return late

    def _see(self, packet: Packet[VideoStream], arrived_s: float) -> bool:
        """Count the frames missing before this packet. Returns whether it is too late."""
        if self._gaps is None or packet.pts is None or packet.time_base is None:
            return False
        moment = self._buffers_clock.see(float(packet.pts * packet.time_base), arrived_s)
        missed, late = self._gaps.see(moment.pts_s, arrived_s, jumped=moment.jump_s != 0)
        self._lose("missed", missed)
        return late

    def _decode(self, packet: Packet[VideoStream], arrived_s: float, started: float) -> Frame | None:
        pictures = packet.decode()
        if not pictures:
            return None
        self._lose("late", len(pictures) - 1)  # several pictures at once: only the newest is useful
        picture = pictures[-1]
        shown = self._shown(picture)
        moment = self._clock.see(self._stamp_s(picture), arrived_s)
        self._index += 1
        return Frame(
            shown,
            index=self._index,
            pts_s=moment.pts_s,
            captured_s=arrived_s,
            decode_ms=(time.perf_counter() - started) * 1e3,
            sample_aspect=self._shape.sample_aspect(picture, self._stream),
            clock_jump_s=moment.jump_s,
        )

    def _shown(self, picture: VideoFrame) -> Picture:
        shown = self._maker.picture(picture, is_lent=self._stream.codec_context.name == _UNCOMPRESSED)
        if not self._is_begun:
            self._is_begun = True
            told = self._describe()
            aspect = self._shape.sample_aspect(picture, self._stream)
            self._info = replace(told, width=shown.width, height=shown.height, sample_aspect=aspect)
        return shown

    def _stamp_s(self, picture: VideoFrame) -> float | None:
        if not self._is_stamped or picture.pts is None or picture.time_base is None:
            return None
        return float(picture.pts * picture.time_base)

    def _lose(self, cause: str, count: int = 1) -> None:
        self._dropped[cause] += count
        self._index += count

    def _lost(self, error: Exception | None) -> SourceLost:
        reason = "it ended" if error is None else error_text(error)
        hint = _LOST_HINTS.get(self._address.kind, "Check the cable and the device.")
        return SourceLost(f"'{self._address.shown}' gives no more frames ({reason})", hint)

    def _describe(self) -> SourceInfo:
        context = self._stream.codec_context
        width, height = self._shape.cropped(context.width, context.height)
        notices = (
            self._choice.notice,
            self._shape.eye.notice,
            hdr_notice(context.color_trc),
            _SOUND_NOTICE if self._input.container.streams.audio else "",
        )
        return SourceInfo(
            name=self._address.shown,
            width=width,
            height=height,
            fps=stated_rate(self._stream),
            frames=None,
            duration_s=None,
            live=True,
            codec=context.name if context.name != _UNCOMPRESSED else str(context.pix_fmt),
            notices=tuple(notice for notice in notices if notice),
            sample_aspect=self._shape.foretold(context.width, context.height),
            stereo=self._shape.eye.name,
        )


def _with_low_delay(stream: VideoStream) -> VideoStream:
    stream.codec_context.thread_type = ThreadType.SLICE  # frame threading would delay frames
    stream.codec_context.flags |= Flags.low_delay | Flags.unaligned  # cropped to the pixel
    return stream
