"""One opened video stream, decoded packet by packet."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, cast

import av
import av.error

from polyplive.errors import SourceUnreadable
from polyplive.sources.av_errors import AV_ERRORS, PLAYABLE, translated
from polyplive.sources.packets import InventedPts, PacketIndex, PacketReader, build_index

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_SIDE = 16384
MAX_PIXELS = 64_000_000

# FFmpeg draws text files as pictures; a recording is none of these.
_TEXT_ART = frozenset({"tty", "bin", "xbin", "adf", "idf"})
# These hold no time for each frame: FFmpeg guesses, and otherwise after a seek than from the start.
_WITHOUT_PTS = frozenset({"mpeg", "mpegvideo", "h264", "hevc", "m4v", "mjpeg", "obu", "vc1"})
_SEEK_TRIES = 3
_OPTIONS = {"max_pixels": str(MAX_PIXELS)}
# Demuxers that open what the file names: other files, addresses, devices, scripts.
_LISTS = frozenset(
    {"concat", "hls", "dash", "imf", "sdp", "rtsp", "rtp", "sap", "vobsub", "webm_dash_manifest"}
    | {"lavfi", "avisynth", "vapoursynth"}
)
# A playlist inside the file must not make FFmpeg open a connection, nor another file.
_OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(sorted(av.formats_available - _LISTS)),
    **_OPTIONS,
}


class Decoder:
    """Decodes the main video stream of a file in order of presentation. One thread.

    ``errors`` counts the packets that could not be read or decoded. With ``threads`` the decoder works on several
    frames at once, and an error may cost frames beside its own; without, an error costs its own packet only.
    """

    def __init__(self, path: Path, file_bytes: int, *, threads: bool) -> None:
        self._path = path
        self._own_file: BinaryIO | None = None
        with translated(path):
            self._container = self._open()
            try:
                self.stream = _main_stream(self._container, path)
                self.stream.thread_type = "AUTO" if threads else "NONE"
                self.stream.codec_context.options = dict(_OPTIONS)
                self._reader = PacketReader(self._container, self.stream, file_bytes)
            except BaseException:
                self.close()
                raise
        self._decode_errors = 0
        self._ready: deque[VideoFrame] = deque()
        self._drained = False

    @property
    def errors(self) -> int:
        """Packets lost so far."""
        return self._decode_errors + self._reader.errors

    @property
    def container_duration_s(self) -> float | None:
        """The container's own duration in seconds."""
        duration = self._container.duration
        return duration / av.time_base if duration else None

    @property
    def announced(self) -> int | None:
        """The number of frames that the container's table of samples lists, None where it has no such table."""
        return self.stream.frames or None if "mp4" in self._container.format.name else None

    def read(self) -> VideoFrame | None:
        """The next decoded frame, None at the end."""
        while not self._ready and not self._drained:
            packet = self._reader.read()
            self._drained = packet is None
            try:
                self._ready.extend(self.stream.codec_context.decode(packet))
            except AV_ERRORS:
                self._decode_errors += 1
        return self._ready.popleft() if self._ready else None

    def unread(self, frame: VideoFrame) -> None:
        """Give ``frame`` back: ``read`` gives it next."""
        self._ready.appendleft(frame)

    def seek(self, index: PacketIndex, number: int) -> bool:
        """Go to a key frame from which frame ``number`` of a timed ``index`` decodes whole; False if none is found.

        What the demuxer does is checked, since it looks key frames up by decoding time in some containers, by
        presentation time in others, and by guess in a transport stream.
        """
        keys = list(islice(index.keys_before(number), _SEEK_TRIES))
        for key in keys:
            for stamp in sorted({key.pts, key.dts}, reverse=True):
                try:
                    self._container.seek(stamp, stream=self.stream, backward=True)
                except AV_ERRORS:
                    continue
                self._reader.restart()
                self._ready.clear()
                self._drained = False
                if self._is_at_one_of(index, number):
                    return True
        return False

    def index(self) -> PacketIndex:
        """List the rest of the file's packets; the decoder is of no use after that but to be closed."""
        return build_index(self._reader, self.stream.codec_context.name, self.invented_pts)

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._container.close()
        if self._own_file is not None:
            self._own_file.close()

    def _open(self) -> InputContainer:
        where: str | BinaryIO = f"file:{self._path}"
        if "%" in str(self._path):
            # FFmpeg would take the name of a still picture for the pattern of a sequence.
            where = self._own_file = self._path.open("rb")
        try:
            return cast("InputContainer", av.open(where, "r", metadata_errors="replace", options=dict(_OPEN_OPTIONS)))
        except av.error.ArgumentError:
            raise SourceUnreadable(
                f"'{self._path}' is damaged, or no video but a list of other files", "Name the video itself."
            ) from None

    @property
    def invented_pts(self) -> InventedPts:
        """Whether this container holds a presentation time for each frame."""
        if self._container.format.name in _WITHOUT_PTS:
            return InventedPts.YES
        reorders = self.stream.codec_context.has_b_frames
        return InventedPts.MAYBE if reorders and self._container.format.name == "avi" else InventedPts.NO

    def _is_at_one_of(self, index: PacketIndex, number: int) -> bool:
        """Whether the next key frame is one that ``number`` can be decoded from, with the PTS and size it had."""
        while (packet := self._reader.read()) is not None:
            if packet.is_keyframe and not packet.is_discard:
                self._reader.hold(packet)
                return any(key.pts == packet.pts and key.size == packet.size for key in index.keys_before(number))
        return False


def _main_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first video stream that is no cover picture; refused if it cannot be decoded or is absurdly large."""
    streams = [stream for stream in container.streams.video if not _is_cover(stream)]
    if container.format.name in _TEXT_ART:
        raise SourceUnreadable(f"'{path}' is text, not video", PLAYABLE)
    if not streams:
        what = "only sound" if container.streams.audio else "no video stream"
        raise SourceUnreadable(f"'{path}' holds {what}", PLAYABLE)
    stream = streams[0]
    if stream.codec_context is None:
        raise SourceUnreadable(f"'{path}' uses a video codec that FFmpeg here cannot decode", "Convert it to H.264.")
    check_size(path, stream.codec_context.width, stream.codec_context.height)
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse a size that no endoscope gives, before its memory is taken."""
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise SourceUnreadable(
            f"'{path}' claims frames of {width}x{height} pixels; at most {MAX_SIDE} a side and "
            f"{MAX_PIXELS // 1_000_000} million in all are decoded",
            "The file is damaged, or no endoscope's recording.",
        )
