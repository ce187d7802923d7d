"""The packets of a file, listed once without decoding."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from polyplive.sources.reading.display_order.codecs import display_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av.packet import Packet
    from av.video.stream import VideoStream

    from polyplive.sources.reading.packets import PacketReader


@dataclass(frozen=True)
class PacketIndex:
    """The packets of a video stream in file order. A packet's *place* is the number of packets before it.

    ``stamps`` are the presentation times by place in the stream's time base, None where there is none. ``decoding`` are
    the decoding times. ``offsets`` are the places in the file, in bytes, None where the demuxer does not tell. In
    transport and program streams (``may_guess``) a packet without an offset has stamps that the demuxer guessed.
    ``sizes`` are in bytes.

    ``keys`` are the places from which decoding can begin, in order. ``without_picture`` are the places of packets
    which give no picture of their own: hidden by an edit list, never to be shown, or the second field of a frame.
    ``order`` are the keys that the pictures' headers tell (see ``DisplayOrder``).
    """

    may_guess: bool = False
    stamps: list[int | None] = field(default_factory=list)
    decoding: list[int | None] = field(default_factory=list)
    offsets: list[int | None] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    without_picture: set[int] = field(default_factory=set)
    order: list[int | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.stamps)

    def add(self, packet: Packet[VideoStream], codec: str) -> None:
        """Add the next packet."""
        place = len(self.stamps)
        self.stamps.append(packet.pts)
        self.decoding.append(packet.dts)
        self.offsets.append(packet.pos)
        self.sizes.append(packet.size)
        if packet.is_keyframe and not packet.is_discard:
            self.keys.append(place)
        if packet.is_discard or (codec == "vp8" and not _is_frame_of_vp8(packet)):
            self.without_picture.add(place)

    def believe_keys(self, are_keys: Iterable[bool]) -> None:
        """Take as key frames only those that the container's own list, in file order, names too.

        Some packets of AVI are said to be key frames just because they have no codec header that says otherwise.
        """
        listed = list(are_keys)
        if len(listed) == len(self):
            self.keys[:] = [place for place in self.keys if listed[place]]

    def believe_decoding_times(self) -> None:
        """Take decoding times alone: a container that holds nothing else has its presentation times guessed."""
        _ = self._places  # packets come with the stamps that they had
        self.stamps[:] = self.decoding

    def own_stamp(self, place: int) -> int | None:
        """The stamp that the file itself holds for the packet at ``place``."""
        return None if self.may_guess and self.offsets[place] is None else self.stamps[place]

    def place_of(self, packet: Packet[VideoStream]) -> int | None:
        """The packet's place, None where it cannot be told from another's."""
        place = self._places.get(self._identity(packet.pos, packet.pts, packet.dts, packet.size), -1)
        return None if place < 0 else place

    @property
    def is_named_by_offset(self) -> bool:
        """Whether a packet is known by its offset alone, wherever it has a name."""
        return self.may_guess or all(offset is not None and offset >= 0 for offset in self.offsets)

    @cached_property
    def _places(self) -> dict[object, int]:
        """The place of each packet by its identity; made at the first seek. -1: two packets of one identity."""
        places: dict[object, int] = {}
        named = zip(self.offsets, self.stamps, self.decoding, self.sizes, strict=True)
        for place, packet in enumerate(named):
            identity = self._identity(*packet)
            places[identity] = -1 if identity in places else place
        return places

    def _identity(self, offset: int | None, stamp: int | None, decoding: int | None, size: int) -> object:
        """What names a packet however it was reached: its offset in the file or else its times, and its size.

        Behind a seek, the first packet of a stream that has to be parsed may be the rest of one, and times that the
        demuxer guesses are others.
        """
        if offset is not None and offset >= 0:
            return (offset, size)
        return None if self.may_guess else (stamp, decoding, size)


def build_index(reader: PacketReader, stream: VideoStream, *, may_guess: bool) -> PacketIndex:
    """Read all packets of ``reader``, which are those of ``stream``, and list them."""
    codec = stream.codec_context.name
    index, order = PacketIndex(may_guess), display_order(codec, stream.codec_context.extradata or b"")
    while (packet := reader.read()) is not None:
        index.add(packet, codec)
        if order is not None:
            order.add(bytes(packet))
    if order is None:
        index.order.extend([None] * len(index))
        return index
    index.order.extend(order.keys())
    index.keys[:] = order.starts(index.keys)
    index.without_picture.update(order.without_picture())
    return index


def steps_back(stamps: Iterable[int | None]) -> int:
    """How often a known stamp is lower than the known one before it."""
    count, last = 0, None
    for stamp in stamps:
        if stamp is not None:
            count += last is not None and stamp < last
            last = stamp
    return count


def _is_frame_of_vp8(packet: Packet[VideoStream]) -> bool:
    """RFC 6386, 9.1: bit 4 of the first byte is show_frame; alternate reference frames are not shown."""
    return bool(memoryview(packet)[0] & 0x10)
