"""The overlay as a video file that stays playable when the process is killed."""

from __future__ import annotations

import contextlib
import queue
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import av.error
import cv2
from av.video.reformatter import ColorRange, Colorspace

from polyplive import RESEARCH_NOTICE
from polyplive.errors import SinkError
from polyplive.sinks.failures import sink_error
from polyplive.sinks.fragments import cut_to_whole_fragments
from polyplive.sinks.h264 import EXACT

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from polyplive.sinks.base import FrameRecord, SessionInfo, SessionNote
    from polyplive.sinks.h264 import H264
    from polyplive.types import Image, Tally

_FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"
_CONTAINERS: dict[str, tuple[str, dict[str, str]]] = {
    ".mp4": ("mp4", {"movflags": _FRAGMENTS}),
    ".mov": ("mov", {"movflags": _FRAGMENTS}),
    ".mkv": ("matroska", {"cluster_time_limit": "1000"}),
}

_CLOCK = 90_000
"""Ticks a second of the recording's clock: holds the usual rates exactly, and any PTS to 11 microseconds."""

_SMALLEST = 16
_SLOWEST, _FASTEST = 1.0, 1000.0
"""A damaged time stamp can make any average rate; it serves only where frames have no PTS of their own."""
_WAITING = 8
_BT709 = 1


def check_container(path: Path) -> None:
    """Raise ``SinkError`` unless ``path`` ends as a video that can be recorded."""
    if path.suffix.lower() not in _CONTAINERS:
        known = ", ".join(_CONTAINERS)
        raise SinkError(f"'{path.name}' does not end as a video that can be recorded", f"Use {known}.")


_ENCODER_ERRORS = (av.error.FFmpegError, OSError, ValueError, RuntimeError, MemoryError, cv2.error)


class VideoSink:
    """Encodes composites as H.264 (4:2:0, BT.709, CRF 18) into ``.mp4``, ``.mov`` or ``.mkv``.

    Encoding runs in a thread of its own, behind a short queue; ``write`` waits when the queue is full, so no frame is
    dropped. The file is written in fragments of about a second: whatever ends the process, everything up to the last
    whole fragment plays. Frames keep their PTS, counted from the first one written; ``fps`` (the source's when None)
    stands in where a frame has none or where time runs backwards. H.264 needs even sides: an odd frame gets its last
    column or row twice, and one below 16 pixels is filled up to 16 in the same way.
    """

    def __init__(self, path: str | Path, fps: float | None = None, h264: H264 = EXACT) -> None:
        self._path = Path(path)
        self._fps = fps
        self._h264 = h264
        self._queue: queue.Queue[FrameRecord | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._error: SinkError | None = None

    @property
    def wants_composite(self) -> bool:
        """True."""
        return True

    def open(self, session: SessionInfo) -> None:
        """Create the file and start the encoder's thread. Raises ``SinkError``."""
        check_container(self._path)
        try:
            # FFmpeg would only say so at the first frame, and not in words.
            with self._path.open("wb"):
                pass
        except (OSError, ValueError) as error:
            raise sink_error(self._path, error) from None
        rate = min(max(self._fps or session.source.fps or 25.0, _SLOWEST), _FASTEST)
        encoder = _Encoder(self._path, Fraction(rate).limit_denominator(1001), self._h264)
        self._thread = threading.Thread(target=self._run, args=(encoder,), name="video encoder", daemon=True)
        self._thread.start()

    def write(self, record: FrameRecord) -> None:
        """Queue one frame; raises ``SinkError`` when an earlier one could not be written."""
        self._raise_failure()
        if self._thread is not None:
            self._queue.put(record)

    def note(self, note: SessionNote) -> None:
        """Nothing: the state is in the picture."""

    def end(self, tally: Tally, reason: str) -> None:
        """Encode what waits and finish the file. Raises ``SinkError``."""
        self._finish()
        self._raise_failure()

    def close(self) -> None:
        """As ``end``; an error that was raised before is not raised again."""
        self._finish()
        self._raise_failure()

    def _finish(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _raise_failure(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self, encoder: _Encoder) -> None:
        """The encoder's thread. After a failure it empties the queue all the same, so that no writer waits for ever."""
        stopped = False
        while True:
            record = self._queue.get()
            try:
                if record is None:
                    encoder.finish()
                elif not stopped:
                    encoder.encode(record)
            except SinkError as error:
                self._error, stopped = error, True
            except Exception as error:  # whatever it is: a thread that died would leave the writer waiting for ever
                kept = encoder.abandon()
                if not stopped:
                    self._error, stopped = sink_error(self._path, error, kept=kept), True
            if record is None:
                return


class _Encoder:
    """The container and its stream; lives in one thread and opens both with the first frame, whose size it takes."""

    def __init__(self, path: Path, rate: Fraction, h264: H264) -> None:
        self._path = path
        self._rate = rate
        self._h264 = h264
        self._clock = _Clock(rate)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._shape: tuple[int, ...] = ()

    def encode(self, record: FrameRecord) -> None:
        image = record.composite if record.composite is not None else record.frame.image
        if self._container is None or self._stream is None:
            self._open(image)
        elif image.shape != self._shape:
            raise SinkError(
                f"'{self._path}' ends here: the picture changed from {_size(self._shape)} to {_size(image.shape)}",
                "Record the rest to another file.",
            )
        assert self._container is not None
        assert self._stream is not None
        picture = av.VideoFrame.from_ndarray(_even(image), format="bgr24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.time_base = Fraction(1, _CLOCK)
        picture.pts = self._clock.ticks(record.frame.pts_s)
        picture.duration = self._clock.step
        self._container.mux(self._stream.encode(picture))

    def finish(self) -> None:
        """Write what the encoder still holds, and the trailer."""
        container, stream = self._container, self._stream
        self._container = self._stream = None
        if container is None or stream is None:
            return
        try:
            container.mux(stream.encode(None))
        finally:
            container.close()

    def abandon(self) -> bool:
        """Leave the part of a file that plays, and say whether there is one; a file without any is removed."""
        container = self._container
        self._container = self._stream = None
        with contextlib.suppress(*_ENCODER_ERRORS):
            if container is not None:
                container.close()
        with contextlib.suppress(OSError):
            if self._path.suffix.lower() != ".mkv":
                cut_to_whole_fragments(self._path)
        if _plays(self._path):
            return True
        with contextlib.suppress(OSError):
            if self._path.is_file():
                self._path.unlink()
        return False

    def _open(self, image: Image) -> None:
        form, options = _CONTAINERS[self._path.suffix.lower()]
        self._shape = image.shape
        self._container = av.open(
            str(self._path), "w", format=form, container_options={**options, "flush_packets": "1"}
        )
        self._container.metadata["comment"] = RESEARCH_NOTICE
        even_height, even_width = _even(image).shape[:2]
        stream = cast("VideoStream", self._container.add_stream(self._h264.name, rate=self._rate))
        stream.width, stream.height, stream.pix_fmt = even_width, even_height, "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, _CLOCK)
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = ColorRange.MPEG
        # Without B frames pictures leave the encoder in order, which every player copes with in fragments.
        keyframes = str(min(max(round(self._rate), 10), 60))
        stream.options = {**dict(self._h264.options), "g": keyframes}
        self._stream = stream


class _Clock:
    """Ticks of the recording's clock that always go up; one frame's own step where PTS do not say."""

    def __init__(self, rate: Fraction) -> None:
        self.step = max(1, round(_CLOCK / rate))
        self._last: int | None = None
        self._offset = 0

    def ticks(self, pts_s: float | None) -> int:
        given = None if pts_s is None else round(pts_s * _CLOCK)
        if self._last is None:
            ticks = 0
        elif given is None or given + self._offset <= self._last:
            ticks = self._last + self.step
        else:
            ticks = given + self._offset
        if given is not None:
            self._offset = ticks - given
        self._last = ticks
        return ticks


def _plays(path: Path) -> bool:
    """Whether at least one picture can be decoded."""
    try:
        with av.open(str(path)) as container:
            return next(container.decode(video=0), None) is not None
    except (*_ENCODER_ERRORS, LookupError):
        return False


def _even(image: Image) -> Image:
    height, width = image.shape[:2]
    even_height, even_width = (max(_SMALLEST, side + side % 2) for side in (height, width))
    if (even_height, even_width) == (height, width):
        return image
    padded: Image = cv2.copyMakeBorder(image, 0, even_height - height, 0, even_width - width, cv2.BORDER_REPLICATE)
    return padded


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
