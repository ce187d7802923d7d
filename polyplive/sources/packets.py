"""The packets of a file's video stream: read past damage, and listed without decoding."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from polyplive.sources.av_errors import AV_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_MAX_ERRORS_IN_A_ROW = 64
_MAX_READS_OF_THE_FILE = 4
_SLACK_BYTES = 1 << 20


class PacketReader:
    """Gives a stream's packets in file order; damage is counted in ``errors`` and passed over. One thread.

    It always ends: after too many errors in a row, and when a damaged index makes the demuxer give the same bytes
    again and again (more than four times the file's size in all since the last seek).
    """

    def __init__(self, container: InputContainer, stream: VideoStream, file_bytes: int) -> None:
        self.errors = 0
        self._container = container
        self._stream = stream
        self._allowed = _MAX_READS_OF_THE_FILE * file_bytes + _SLACK_BYTES
        self._held: list[Packet[VideoStream]] = []
        self.restart()

    def restart(self) -> None:
        """Begin again at where the container now is (after a seek)."""
        self._demuxed: Iterator[Packet[VideoStream]] = iter(self._container.demux(self._stream))
        self._left = self._allowed
        self._held.clear()

    def hold(self, packet: Packet[VideoStream]) -> None:
        """Give ``packet`` back: ``read`` gives it next."""
        self._held.append(packet)

    def read(self) -> Packet[VideoStream] | None:
        """The next packet that holds data, None at the end."""
        if self._held:
            return self._held.pop()
        failures = 0
        while failures < _MAX_ERRORS_IN_A_ROW and self._left > 0:
            try:
                packet = next(self._demuxed, None)
            except AV_ERRORS:
                # The generator ends with its exception; a new one goes on behind the damage.
                failures += 1
                self.errors += 1
                self._demuxed = iter(self._container.demux(self._stream))
                continue
            if packet is None:
                return None
            # An empty packet repeats the last picture (AVI); a decoder would take it for the end of the stream.
            self._left -= packet.size + 1
            if packet.size:
                return packet
        return None


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A packet from which decoding can begin. ``place`` counts packets in file order; times are in time base units."""

    place: int
    pts: int
    dts: int
    size: int


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """What the packets say of the frames, without decoding any.

    ``timed`` is True when every frame has a PTS of its own and decoding order never jumps back; then ``pts`` lists
    them in ascending order, in the stream's time base, and a frame is known by its PTS. Otherwise (raw streams,
    MPEG program streams, AVI with B-frames, joined recordings whose clock starts again) only ``count`` holds, and a
    frame is known by its place in decoding from the start. ``listed`` is how many frames the file's packets hold,
    with those before the first one that can be decoded.
    """

    timed: bool
    count: int
    listed: int
    pts: list[int] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    keys: list[KeyFrame] = field(default_factory=list)

    def number(self, pts: int) -> int:
        """The place of the last frame whose PTS is at most ``pts``, from 0."""
        return max(0, bisect_right(self.pts, pts) - 1)

    def keys_before(self, number: int) -> Iterator[KeyFrame]:
        """The key frames from which decoding reaches frame ``number`` whole, the nearest first."""
        # In an open group of pictures, frames that follow a key frame in the file but are shown before it need the
        # key frame before that one: so the key frame must not be later in either order.
        pts = self.pts[number]
        end = bisect_right(self.keys, self.places[pts], key=lambda key: key.place)
        return (key for key in reversed(self.keys[:end]) if key.pts <= pts)

    def starting_at(self, pts: int) -> PacketIndex:
        """This index without the frames before ``pts``, which the decoder cannot give."""
        kept = self.pts[bisect_left(self.pts, pts) :]
        if not kept:
            return PacketIndex(False, self.listed, self.listed)
        return replace(self, count=len(kept), pts=kept)


def build_index(reader: PacketReader, codec: str, invented_pts: InventedPts) -> PacketIndex:
    """Read all packets of ``reader`` and list their frames."""
    stamps: list[tuple[int | None, int | None, int]] = []
    keys: list[KeyFrame] = []
    while (packet := reader.read()) is not None:
        if not _shown(packet, codec):
            continue
        pts, dts = packet.pts, packet.dts
        if packet.is_keyframe and pts is not None:
            keys.append(KeyFrame(len(stamps), pts, pts if dts is None else dts, packet.size))
        stamps.append((pts, dts, len(stamps)))
    places = {pts: place for pts, _, place in stamps if pts is not None}
    if not _is_timed(stamps, invented_pts):
        return PacketIndex(False, len(stamps), len(stamps))
    return PacketIndex(True, len(places), len(places), sorted(places), places, keys)


class InventedPts(Enum):
    """Whether the demuxer makes up presentation times that the container does not hold."""

    NO = "no"
    MAYBE = "in the order of decoding, although the codec reorders"
    YES = "yes"


def _is_timed(stamps: list[tuple[int | None, int | None, int]], invented_pts: InventedPts) -> bool:
    pts = [stamp[0] for stamp in stamps if stamp[0] is not None]
    dts = [stamp[1] for stamp in stamps if stamp[1] is not None]
    # Some demuxers give the second field of a frame as a packet of its own, without a PTS.
    if not pts or 2 * len(pts) < len(stamps) or len(set(pts)) != len(pts):
        return False
    if invented_pts is InventedPts.YES or any(before > after for before, after in pairwise(dts)):
        return False
    return invented_pts is InventedPts.NO or any(before > after for before, after in pairwise(pts))


def _shown(packet: Packet[VideoStream], codec: str) -> bool:
    if packet.is_discard:
        return False
    if codec == "vp8":
        # RFC 6386, 9.1: bit 4 of the first byte is show_frame; alternate reference frames are not shown.
        return bool(memoryview(packet)[0] & 0x10)
    return True
