"""A recording as a sequence of video files: one size a file, and no longer than is wanted."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.config import KEEP_FREE_MIB
from polyplive.errors import SinkError
from polyplive.sinks.base import Content, Sink
from polyplive.sinks.containers import check_container
from polyplive.sinks.failures import sink_error
from polyplive.sinks.frame_list import FrameList
from polyplive.sinks.h264 import lossless, quickest
from polyplive.sinks.lossless import pixel_format
from polyplive.sinks.video import VideoSink, recorded_picture
from polyplive.sinks.video_encoder import encoded_size, longest_pause_s
from polyplive.sinks.yuv420 import colour_tags
from polyplive.system.file_names import fitting_stem

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sinks.base import FrameRecord, SessionInfo
    from polyplive.sinks.h264 import H264
    from polyplive.sinks.sound_source import SoundSource

_SPACE_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """When a recording begins a new file, and when it ends.

    A new file begins after ``segment_s`` seconds (None: never), when the picture's size, its pixels' shape or the code
    of its colours changes, and in MP4 after a pause of ten hours. The recording ends, with complete files, when less
    than ``free_mib`` MiB of the disk are free (0: never).
    """

    segment_s: float | None = None
    free_mib: float = KEEP_FREE_MIB


class SegmentWriter(Sink):
    """Writes each frame into its segment; ``composed``: with the overlay, else the source's pixels.

    The first file has the given name, or number 1 where segments have a length. Every later file has the next number
    that is free: no file is overwritten but the one that was named. ``encoder_for`` gives the encoder for a width and a
    height. With ``listed`` a list of the frames is written beside each file. ``sound`` goes into each file too.
    """

    def __init__(
        self,
        path: str | Path,
        settings: SegmentSettings | None = None,
        *,
        composed: bool = True,
        encoder_for: Callable[[int, int], H264] = quickest,
        listed: bool = True,
        sound: SoundSource | None = None,
    ) -> None:
        self._path = Path(path)
        self._settings = settings or SegmentSettings()
        self._composed = composed
        self._encoder_for = encoder_for
        self._listed = listed
        self._sound = sound
        self._session: SessionInfo | None = None
        self._video: VideoSink | None = None
        self._segments: list[Path] = []
        self._number = 0
        self._began_s = self._looked_s = 0.0
        self._last_s: float | None = None
        self._layout: object = None

    @property
    def content(self) -> Content:
        """The overlay, or the source's pixels."""
        return Content.OVERLAY if self._composed else Content.RAW

    @property
    def wants_composite(self) -> bool:
        """Whether the overlay is recorded."""
        return self._composed

    @property
    def waiting(self) -> int:
        """Frames that wait for the encoder."""
        video = self._video
        return video.waiting if video is not None else 0

    @property
    def files(self) -> tuple[Path, ...]:
        """The segments, in order."""
        return tuple(path for path in self._segments if path.is_file())

    def open(self, session: SessionInfo) -> None:
        """Remember the session; the first file is created with the first frame. Raises ``SinkError``."""
        check_container(self._path)
        self._session = session

    def write(self, record: FrameRecord) -> None:
        """Write one frame, into a new file when one is due. Raises ``SinkError``."""
        frame = record.frame
        self._check_space(frame.captured_s)
        segment_s = self._settings.segment_s
        is_due = segment_s is not None and frame.captured_s - self._began_s >= segment_s
        is_after_pause = self._is_after_pause(frame.pts_s)
        if self._video is None or is_due or is_after_pause or self._layout != self._layout_of(record):
            self._begin(record)
        assert self._video is not None
        self._video.write(record)

    def close(self) -> None:
        """Finish the open file. Raises ``SinkError``."""
        try:
            self._finish()
        finally:
            if self._sound is not None:
                self._sound.close()

    def _finish(self) -> None:
        video = self._video
        if video is not None:
            try:
                video.close()
            finally:
                self._video = None

    def _begin(self, record: FrameRecord) -> None:
        self._finish()
        assert self._session is not None
        path = self._next_path()
        self._began_s = record.frame.captured_s
        self._layout = self._layout_of(record)
        encoder = self._encoder_for(*encoded_size(record.frame.width, record.frame.height))
        video = VideoSink(path, None, encoder, composed=self._composed, listed=self._listed, sound=self._sound)
        video.open(self._session)
        self._segments.append(path)
        self._video = video

    def _is_after_pause(self, pts_s: float | None) -> bool:
        """Whether the pause before this frame is longer than one file can hold."""
        last_s, self._last_s = self._last_s, pts_s if pts_s is not None else self._last_s
        return pts_s is not None and last_s is not None and pts_s - last_s > longest_pause_s(self._path)

    def _layout_of(self, record: FrameRecord) -> object:
        """What all frames of a file have in common."""
        frame, picture = record.frame, recorded_picture(record, composed=self._composed)
        form = pixel_format(picture) if self._encoder_for is lossless else None
        return frame.shape, frame.sample_aspect, form, colour_tags(picture)

    def _next_path(self) -> Path:
        self._number += 1
        if self._number == 1 and self._settings.segment_s is None:
            return self._path
        while True:
            path = segment_path(self._path, self._number)
            beside = (FrameList(path).path,) if self._listed else ()
            if not any(os.path.lexists(each) for each in (path, *beside)):
                return path
            self._number += 1

    def _check_space(self, now_s: float) -> None:
        """Look whether the folder is still there, and whether its disk has room."""
        if now_s - self._looked_s < _SPACE_EVERY_S:
            return
        self._looked_s = now_s
        try:
            free_mib = shutil.disk_usage(self._path.resolve().parent).free / (1 << 20)
        except OSError as error:
            raise sink_error(self._path, error) from None
        if free_mib < self._settings.free_mib:
            raise SinkError(
                f"Recording to '{self._path.name}' has ended: only {free_mib:.0f} MiB are free",
                "What was written is whole; free some space, or record to another disk.",
            )


def segment_path(path: Path, number: int) -> Path:
    """The file of segment ``number`` of a recording to ``path``; a name that becomes too long loses its end."""
    tail = f"-{number:03d}"
    stem = fitting_stem(path.stem, tail + max(path.suffix, FrameList.suffix, key=len))
    return path.with_name(f"{stem}{tail}{path.suffix}")


def may_be_segment(path: Path, recording: Path) -> bool:
    """Whether a later segment of ``recording`` could have the name of ``path``; both are full paths."""
    found = re.search(r"-(\d{3,})$", path.stem)
    return found is not None and path == segment_path(recording, int(found[1]))
