"""H.264 into a fragmented container, frame by frame."""

from __future__ import annotations

import contextlib
import functools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.error
import cv2
import numpy as np
from av.video.reformatter import ColorRange

from polyplive import RESEARCH_NOTICE
from polyplive.errors import SinkError
from polyplive.pixels.lossless import description
from polyplive.sinks.containers import container_of, is_matroska
from polyplive.sinks.fragments import cut_to_whole_fragments
from polyplive.sinks.frame_clock import MOST_TICKS, FrameClock, ticks_per_second
from polyplive.sinks.lossless import BGR, lossless_picture, lossless_tags, pixel_format
from polyplive.sinks.matroska_display import with_display_size
from polyplive.sinks.sound_copy import SoundCopy
from polyplive.sinks.yuv420 import colour_tags, yuv420_picture
from polyplive.types import SQUARE

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from polyplive.pixels.yuv import YuvSamples
    from polyplive.sinks.frame_list import FrameList
    from polyplive.sinks.h264 import H264
    from polyplive.sinks.sound_source import SoundSource
    from polyplive.sinks.video_file import VideoFile
    from polyplive.sinks.yuv420 import ColourTags
    from polyplive.types import Frame, Image

_MATROSKA_TICKS = 1000
"""A second, as FFmpeg writes Matroska."""
_LONGEST_STEP = (1 << 31) - 1
"""Ticks from one frame to the next that FFmpeg writes into MP4. What lies further apart it would put together."""
ENCODER_ERRORS = (av.error.FFmpegError, OSError, ValueError, RuntimeError, MemoryError, cv2.error)

_SMALLEST = 16
_FINEST_ASPECT = 4096
"""The largest numbers that x264 writes as a pixel's shape; stream and container are to say the same."""


def longest_pause_s(path: Path) -> float:
    """Seconds from one frame to the next that a recording to ``path`` holds at any rate."""
    return math.inf if is_matroska(path) else _LONGEST_STEP / MOST_TICKS


def encoded_size(width: int, height: int) -> tuple[int, int]:
    """Of a picture of ``width`` x ``height``: even, and not below what encoders take."""
    even_width, even_height = (max(_SMALLEST, side + side % 2) for side in (width, height))
    return even_width, even_height


class VideoEncoder:
    """Encodes frames into a container; one thread.

    The first frame opens the container and sets its size and the shape of its pixels. ``frames`` is the list of frames,
    which learns how many of them the file holds. ``sound`` is copied beside them.
    """

    def __init__(
        self,
        file: VideoFile,
        rate: Fraction,
        h264: H264,
        frames: FrameList | None = None,
        sound: SoundSource | None = None,
    ) -> None:
        self._file = file
        self._rate = rate
        self._h264 = h264
        self._list = frames
        self._sound = SoundCopy(sound) if sound is not None else None
        self._is_matroska = is_matroska(file.path)
        self._per_second = _MATROSKA_TICKS if self._is_matroska else ticks_per_second(rate)
        self._clock = FrameClock(self._per_second, rate)
        self._last_ticks = 0
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._shape: tuple[int, ...] = ()
        self._sample_aspect = SQUARE
        self._tags: ColourTags | None = None
        self._form = ""
        self.muxed = 0
        """The number of frames that the encoder has passed to the file."""

    def encode(self, frame: Frame, image: Image | YuvSamples) -> None:
        """Encode the next frame: as drawn, or the source's samples. Raises ``SinkError``, and FFmpeg's errors."""
        shape = (image if isinstance(image, np.ndarray) else image.luma).shape[:2]
        form, tags = self._code_of(image)
        if self._container is None or self._stream is None:
            self._open(frame, shape, form, tags)
        elif (shape, frame.sample_aspect, form, tags) != (self._shape, self._sample_aspect, self._form, self._tags):
            before, now = _form(self._shape, self._sample_aspect), _form(shape, frame.sample_aspect)
            what = f"the picture changed from {before} to {now}" if before != now else "its colours are coded otherwise"
            raise SinkError(f"'{self._file.path}' ends here: {what}", "Record the rest to another file.")
        assert self._stream is not None
        size = encoded_size(shape[1], shape[0])
        picture = lossless_picture(image, form, *size) if form else yuv420_picture(image, *size)
        picture.time_base = Fraction(1, self._per_second)
        picture.pts = self._ticks(frame)
        picture.duration = self._clock.step
        if self._sound is not None:
            self._sound.follow(frame, picture.pts * picture.time_base, picture.duration * picture.time_base)
        if self._list is not None:
            self._list.add(frame)
        self._mux(self._stream.encode(picture))

    def _code_of(self, image: Image | YuvSamples) -> tuple[str, ColourTags]:
        """The pixel format of a recording without loss (empty: 4:2:0 of eight bits), and the colours' tags."""
        form = pixel_format(image) if self._h264.lossless else None
        return (form, lossless_tags(image)) if form else ("", colour_tags(image))

    def _ticks(self, frame: Frame) -> int:
        ticks = self._clock.ticks(frame.pts_s)
        pause, self._last_ticks = ticks - self._last_ticks, ticks
        if pause > _LONGEST_STEP and not self._is_matroska:
            hours = pause / self._per_second / 3600
            raise SinkError(
                f"'{self._file.path}' ends here: the next frame is {hours:.1f} hours later, more than its format holds",
                "Record to a file that ends in .mkv.",
            )
        return ticks

    def finish(self) -> None:
        """Write what the encoder still holds, and the trailer; close the files."""
        container, stream = self._container, self._stream
        if container is not None and stream is not None:
            try:
                self._mux(stream.encode(None))
                if self._sound is not None:
                    self._sound.end(container)
            finally:
                self._container = self._stream = None
                container.close()
        try:
            self._file.check_in_place()
        finally:
            self._file.close()
            if self._list is not None:
                self._list.hold(self.muxed)
                self._list.close()

    def abandon(self) -> bool:
        """Keep the part of the file that plays, and return whether there is one; otherwise the file is removed."""
        container = self._container
        self._container = self._stream = None
        if self._sound is not None:
            self._sound.close()
        with contextlib.suppress(*ENCODER_ERRORS):
            if container is not None:
                container.close()
        self._file.close()
        path = self._file.path
        with contextlib.suppress(OSError):
            if not self._is_matroska:
                cut_to_whole_fragments(path)
        plays = _plays(path)
        with contextlib.suppress(OSError):
            if not plays and path.is_file():
                path.unlink()
        if self._list is not None:
            self._list.close(keep=plays)
        return plays

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        """Write ``packets``. The muxer holds a fragment back until the next one begins; with sound, one packet more."""
        assert self._container is not None
        for packet in packets:
            before = self._file.bytes_written
            if self._sound is not None and packet.dts is not None and packet.time_base is not None:
                self._sound.write(self._container, packet.dts * packet.time_base)
            self._container.mux(packet)
            if self._list is not None and self._file.bytes_written > before:
                held_back = self._sound is not None and self._sound.is_joined
                self._list.hold(self.muxed - held_back)  # all frames before the one which began a fragment
            self.muxed += 1

    def _open(self, frame: Frame, shape: tuple[int, ...], form: str, tags: ColourTags) -> None:
        container, options = container_of(self._file.path)
        self._shape, self._sample_aspect, self._form, self._tags = shape, frame.sample_aspect, form, tags
        if self._sound is not None:
            options = self._sound.open(self._file.path, frame) or options
        self._container = av.open(self._file, "w", format=container, container_options=options)
        self._container.metadata["comment"] = RESEARCH_NOTICE
        if form:
            self._container.metadata["description"] = description(is_centred=tags.chroma_place == "center")
        even_width, even_height = encoded_size(shape[1], shape[0])
        name = self._h264.name + ("rgb" if form == BGR else "")
        stream = cast("VideoStream", self._container.add_stream(name, rate=self._rate))
        stream.width, stream.height, stream.pix_fmt = even_width, even_height, form or "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, self._per_second)
        context.colorspace, context.color_primaries, context.color_trc = tags.matrix, tags.primaries, tags.transfer
        context.color_range = ColorRange.JPEG if tags.is_full else ColorRange.MPEG
        context.sample_aspect_ratio = stated = frame.sample_aspect.limit_denominator(_FINEST_ASPECT)
        if self._is_matroska:
            self._file.change_header = functools.partial(
                with_display_size, width=even_width, height=even_height, sample_aspect=stated
            )
        # Without B-frames packets leave the encoder in order, which every player can read in fragments.
        keyframes = str(min(max(round(self._rate), 10), 60))
        stream.options = {**dict(self._h264.options), "g": keyframes, "chroma_sample_location": tags.chroma_place}
        self._stream = stream
        if self._sound is not None:
            self._sound.join(self._container)


def _plays(path: Path) -> bool:
    """Whether at least one picture can be decoded."""
    try:
        with path.open("rb") as file, av.open(file) as container:  # of a name, FFmpeg takes what is before a colon
            return next(container.decode(video=0), None) is not None
    except (*ENCODER_ERRORS, LookupError):
        return False


def _form(shape: tuple[int, ...], sample_aspect: Fraction) -> str:
    pixels = "" if sample_aspect == SQUARE else f" (pixels {sample_aspect.numerator}:{sample_aspect.denominator})"
    return f"{shape[1]}x{shape[0]}{pixels}"
