"""Writes a session as a video file that stays playable when the process is killed."""

from __future__ import annotations

import functools
import queue
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.errors import SinkError
from polyplive.sinks.base import Sink
from polyplive.sinks.containers import check_container
from polyplive.sinks.failures import sink_error
from polyplive.sinks.frame_list import FrameList
from polyplive.sinks.h264 import EXACT
from polyplive.sinks.video_encoder import VideoEncoder
from polyplive.sinks.video_file import VideoFile
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from polyplive.pixels.yuv import YuvSamples
    from polyplive.sinks.base import FrameRecord, SessionInfo
    from polyplive.sinks.h264 import H264
    from polyplive.sinks.sound_source import SoundSource
    from polyplive.types import Image, Tally

_SLOWEST, _FASTEST = 1.0, 1000.0
"""Limits of the average rate, which a damaged time stamp can make absurd. It is used only for frames without a PTS."""
_WAITING = 8


def recorded_picture(record: FrameRecord, *, composed: bool) -> Image | YuvSamples:
    """What is recorded of a frame: with the overlay where it was drawn, or else as the source gave it."""
    frame = record.frame
    if composed:
        return frame.image if record.composite is None else record.composite
    return frame.image if frame.yuv is None else frame.yuv


class VideoSink(Sink):
    """Encodes composites as H.264 (4:2:0, BT.709, CRF 18) into ``.mp4``, ``.mov`` or ``.mkv``.

    Encoding runs in a thread of its own, behind a short queue; ``write`` waits when the queue is full, so no frame is
    dropped. The file is written in fragments of about a second. However the process ends, the file plays up to its last
    whole fragment. Frames keep their PTS, counted from the first one written; ``fps`` (None: the source's) is used for
    a frame without a PTS, or with one that runs backwards. H.264 needs even sides: an odd side repeats its last column
    or row. A side below 16 pixels is filled up to 16 in the same way.

    ``composed`` False records the source's own samples, in its own matrix and range, or its pixels where a frame has no
    samples. With ``listed`` a list of the frames is written beside the file. ``sound`` is copied as it is, in time with
    the frames.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float | None = None,
        h264: H264 = EXACT,
        *,
        composed: bool = True,
        listed: bool = False,
        sound: SoundSource | None = None,
    ) -> None:
        self._path = Path(path)
        self._fps = fps
        self._h264 = h264
        self._composed = composed
        self._sound = sound
        self._list = FrameList(self._path) if listed else None
        self._queue: queue.Queue[FrameRecord | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._encoder: VideoEncoder | None = None
        self._taken = 0
        self._error: SinkError | None = None

    @property
    def wants_composite(self) -> bool:
        """Whether the overlay is recorded."""
        return self._composed

    @property
    def waiting(self) -> int:
        """Frames in the queue and in the encoder."""
        encoder = self._encoder
        return self._taken - encoder.muxed if encoder is not None else 0

    def open(self, session: SessionInfo) -> None:
        """Create the file and start the encoder's thread. Raises ``SinkError``."""
        self.start(session.source.fps)

    def start(self, fps: float | None) -> None:
        """The same as ``open``, for frames at ``fps`` that do not belong to a session."""
        check_container(self._path)
        try:
            file = create_private(self._path)
        except (OSError, ValueError) as error:
            raise sink_error(self._path, error) from None
        try:
            if self._list is not None:
                self._list.open()
        except SinkError:
            file.close()
            raise
        rate = Fraction(min(max(self._fps or fps or 25.0, _SLOWEST), _FASTEST)).limit_denominator(1001)
        self._encoder = VideoEncoder(VideoFile(self._path, file), rate, self._h264, self._list, self._sound)
        run = functools.partial(self._run, self._encoder)
        self._thread = threading.Thread(target=run, name="video encoder", daemon=True)
        self._thread.start()

    def write(self, record: FrameRecord) -> None:
        """Queue one frame; raises ``SinkError`` when an earlier one could not be written."""
        self._raise_failure()
        if self._thread is not None:
            self._taken += 1
            self._queue.put(record)

    def end(self, tally: Tally, reason: str) -> None:
        """Encode all waiting frames and finish the file. Raises ``SinkError``."""
        self._finish()
        self._raise_failure()

    def close(self) -> None:
        """The same as ``end``, but an error that was already raised is not raised again."""
        self._finish()
        self._raise_failure()

    def _finish(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = self._encoder = None

    def _raise_failure(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self, encoder: VideoEncoder) -> None:
        """Run the encoder's thread. After a failure it still empties the queue, so that no writer waits for ever."""
        stopped = False
        while True:
            record = self._queue.get()
            try:
                if record is None:
                    encoder.finish()
                elif not stopped:
                    encoder.encode(record.frame, recorded_picture(record, composed=self._composed))
            except SinkError as error:
                self._error, stopped = error, True
            except Exception as error:  # any error: if the thread died, the writer would wait for ever
                kept = encoder.abandon()
                if not stopped:
                    self._error, stopped = sink_error(self._path, error, kept=kept), True
            if record is None:
                return
