"""One opened video stream, decoded packet by packet."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.codec.context import Flags

from polyplive.errors import SourceUnreadable
from polyplive.sources.av_errors import AV_ERRORS, PLAYABLE, translated
from polyplive.sources.reading.opened import OpenedMedium
from polyplive.sources.reading.packet_index import build_index
from polyplive.sources.reading.packets import PacketReader
from polyplive.sources.streams import choose_stream
from polyplive.sources.whitelists import FILE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from polyplive.sources.reading.medium import Medium
    from polyplive.sources.reading.packet_index import PacketIndex
    from polyplive.sources.streams import StreamChoice

MAX_SIDE = 16384
MAX_PIXELS = 64_000_000

# FFmpeg renders these text files as pictures; no recording has such a format.
_TEXT_ART = frozenset({"tty", "bin", "xbin", "adf", "idf"})
# These hold no times at all. FFmpeg makes them up from a rate.
_WITHOUT_STAMPS = frozenset({"mpegvideo", "h264", "hevc", "m4v", "mjpeg", "obu", "vc1", "rawvideo"})
_SEEK_BY_BYTES = _WITHOUT_STAMPS | {"mpeg", "mpegts"}
_SENDERS_CLOCK = frozenset({"mpeg", "mpegts"})
_PARSED = 4
"""Packets to begin earlier in streams that have to be parsed: the first ones behind a seek may be rests."""
_UNNAMED = 512
_USUAL_TIME_BASE = Fraction(1, 90_000)
_OPTIONS = {"max_pixels": str(MAX_PIXELS)}
_IN_ORDER = {"fflags": "+ignidx"}
"""Fragments of an MP4 are read when it is their turn, not all at opening."""
_OPEN_OPTIONS = {**FILE_OPTIONS, **_OPTIONS}


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPicture:
    """A decoded picture, and the place in the file of the packet it comes from (None: the decoder does not tell).

    ``errors`` is how many packets the decoder had lost until then.
    """

    picture: VideoFrame
    place: int | None
    errors: int


class Decoder:
    """Decodes the main video stream of a file in order of presentation. One thread.

    ``errors`` counts the packets that could not be read or decoded. With ``threads`` the decoder works on several
    frames at once, and an error may also cost neighbouring frames. Without, an error costs only its own packet.
    ``stream`` is the number of the video stream from 1, None for the best; ``choice`` says which it is.
    """

    def __init__(self, medium: Medium, *, threads: bool, stream: int | None = None) -> None:
        self._medium = medium
        with translated(medium.path):
            self._opened = self._open()
            self._container = self._opened.container
            try:
                self.choice = _choose(self._container, medium.path, stream)
                self.stream = self.choice.stream
                self.stream.thread_type = "AUTO" if threads else "NONE"
                self.stream.codec_context.options = dict(_OPTIONS)
                # Unaligned: cropped to the pixel.
                self.stream.codec_context.flags |= Flags.copy_opaque | Flags.unaligned
                self._reader = PacketReader(self._container, self.stream, lambda: medium.size)
            except BaseException:
                self._opened.close()
                raise
        self._decode_errors = 0
        self.is_cut = False
        """Whether a packet was read whose end is missing."""
        self._ready: deque[DecodedPicture] = deque()
        self._drained = False

    @property
    def description(self) -> str:
        """What the container says as its description; empty where it says nothing."""
        found = {key.lower(): value for key, value in self._container.metadata.items()}
        return found.get("description", "")

    @property
    def errors(self) -> int:
        """Packets lost so far."""
        return self._decode_errors + self._reader.errors

    @property
    def time_base(self) -> Fraction:
        """The unit of the stream's stamps in seconds."""
        return self.stream.time_base or _USUAL_TIME_BASE

    @property
    def container_duration_s(self) -> float | None:
        """The container's own duration in seconds."""
        duration = self._container.duration
        return duration / av.time_base if duration else None

    @property
    def sampled(self) -> int | None:
        """The number of packets in the container's table of samples, without those that an edit list leaves out."""
        return len(self.stream.index_entries) if "mp4" in self._container.format.name else None

    @property
    def announced(self) -> int | None:
        """The number of frames in the container's table of samples, None if it has no such table."""
        return self.stream.frames or None if "mp4" in self._container.format.name else None

    @property
    def has_stamps(self) -> bool:
        """Whether the container holds times for its packets."""
        return self._container.format.name not in _WITHOUT_STAMPS

    @property
    def may_stamp_decoding(self) -> bool:
        """Whether the container may hold decoding times alone, where the codec reorders."""
        return self._container.format.name == "avi" and self.delays

    @property
    def clock_may_jump(self) -> bool:
        """Whether the container holds the clock of a sender, which may be set anew."""
        return self._container.format.name in _SENDERS_CLOCK

    @property
    def may_change_stream(self) -> bool:
        """Whether a video may go on in a stream that the container's beginning does not name."""
        return self._container.format.name == "mpegts"

    @property
    def reorders(self) -> bool:
        """Whether the codec can show frames in another order than that of the file."""
        return bool(self.stream.codec_context.codec.reorder)

    @property
    def delays(self) -> bool:
        """Whether this stream's decoder is known to hold frames back, to show them in another order."""
        return bool(self.stream.codec_context.has_b_frames)

    def read(self) -> DecodedPicture | None:
        """The next decoded frame in order of presentation, None at the end."""
        while not self._ready and not self._drained:
            place = self._reader.place
            packet = self._reader.read()
            self._drained = packet is None
            if packet is not None:
                self.is_cut |= packet.is_corrupt
                packet.opaque = (place,)  # an object of its own: PyAV mixes up packets of two decoders that share one
            try:
                pictures = self.stream.codec_context.decode(packet)
            except AV_ERRORS:
                self._decode_errors += 1
            else:
                self._ready.extend(DecodedPicture(picture, _place(picture), self.errors) for picture in pictures)
        return self._ready.popleft() if self._ready else None

    def unread(self, decoded: DecodedPicture) -> None:
        """Put ``decoded`` back: the next ``read`` returns it."""
        self._ready.appendleft(decoded)

    def seek(self, index: PacketIndex, place: int) -> bool:
        """Go to the packet at ``place``, from which the next ``read`` decodes; False where the demuxer cannot.

        The demuxer's result is checked. In some containers it finds key frames by decoding time, in others by
        presentation time, and a stamp that is wrong leads anywhere.
        """
        with self._medium.at_once():
            for where in self._ways_to(index, place):
                try:
                    self._container.seek(**where)
                except AV_ERRORS:
                    continue
                self._reader.restart()
                self._ready.clear()
                self._drained = False
                ends_met = self._medium.ends_met  # a demuxer that has met the end does not go on behind it
                if self._goes_on_to(index, place) and self._medium.ends_met == ends_met:
                    return True
        return False

    def index(self) -> PacketIndex:
        """List the rest of the file's packets; after that the decoder can only be closed."""
        index = build_index(self._reader, self.stream, may_guess=self.clock_may_jump)
        if self._container.format.name == "avi":
            index.believe_keys(entry.is_keyframe for entry in self.stream.index_entries)
            index.believe_decoding_times()
        return index

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        # PyAV frees a decoder under Python's lock, for which the decoder's threads may wait: so their work ends first.
        self.stream.codec_context.flush_buffers()
        self._opened.close()

    def __del__(self) -> None:
        """Nobody may have closed it."""
        if hasattr(self, "_reader"):
            self.close()

    def _open(self) -> OpenedMedium:
        try:
            return OpenedMedium(self._medium, {**_OPEN_OPTIONS, **(_IN_ORDER if self._medium.is_growing else {})})
        except av.error.ArgumentError:
            raise SourceUnreadable(
                f"'{self._medium.path}' is damaged, or no video but a list of other files", "Name the video itself."
            ) from None

    @property
    def _is_parsed(self) -> bool:
        return self._container.format.name in _SEEK_BY_BYTES

    def _ways_to(self, index: PacketIndex, place: int) -> Iterator[dict[str, Any]]:
        """Arguments for the container's ``seek``: by bytes where it can, then by the packet's own times."""
        if self._is_parsed:
            before = max(0, place - _PARSED)
            offsets = (index.offsets[at] for at in range(before, -1, -1))
            yield {"offset": next((at for at in offsets if at is not None), 0), "unsupported_byte_offset": True}
        stamps = {stamp for stamp in (index.stamps[place], index.decoding[place]) if stamp is not None}
        for stamp in sorted(stamps, reverse=True):
            yield {"offset": stamp, "stream": self.stream}

    def _goes_on_to(self, index: PacketIndex, place: int) -> bool:
        """Read on to the packet at ``place``; False if it was passed by, or nothing tells where this is."""
        unnamed: list[Packet[VideoStream]] = []
        at: int | None = None
        while (packet := self._reader.read()) is not None:
            known = index.place_of(packet)
            at = known if known is not None else None if at is None else at + 1
            if at is None:
                unnamed.append(packet)
                if len(unnamed) > _UNNAMED:
                    return False
                continue
            if at >= place:
                return self._hold_from(index, place, [*unnamed, packet], at)
            unnamed.clear()
        return False

    def _hold_from(self, index: PacketIndex, place: int, packets: list[Packet[VideoStream]], last: int) -> bool:
        """Put back the packets from ``place`` on; ``last`` is the place of the last one."""
        first = last - len(packets) + 1
        if first > place:
            return False  # passed by
        if first == place > 0 and self._is_parsed and index.place_of(packets[0]) is None:
            return False  # perhaps only the rest of that packet
        for packet in reversed(packets[place - first :]):
            self._reader.hold(packet)
        self._reader.place = place
        return True


def _place(picture: VideoFrame) -> int | None:
    tag = picture.opaque
    return tag[0] if isinstance(tag, tuple) else None


def _choose(container: InputContainer, path: Path, wanted: int | None) -> StreamChoice:
    """The stream to play. Text and pictures that are too large are refused."""
    if container.format.name in _TEXT_ART:
        raise SourceUnreadable(f"'{path}' is text, not video", PLAYABLE)
    choice = choose_stream(container, str(path), wanted, PLAYABLE)
    check_size(path, choice.stream.codec_context.width, choice.stream.codec_context.height)
    return choice


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse a size that no endoscope has, before memory is allocated for it."""
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise SourceUnreadable(
            f"'{path}' claims frames of {width}x{height} pixels; at most {MAX_SIDE} a side and "
            f"{MAX_PIXELS // 1_000_000} million in all are decoded",
            "The file is damaged, or no endoscope's recording.",
        )
