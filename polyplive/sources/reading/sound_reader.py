"""Reads the packets of a file's sound, past damage and never far ahead of the pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from av.bitstream import BitStreamFilterContext
from av.packet import PacketSideData

from polyplive.errors import SourceUnreadable
from polyplive.sources.av_errors import AV_ERRORS, PLAYABLE, translated
from polyplive.sources.reading.opened import OpenedMedium
from polyplive.sources.reading.packets import most_bytes
from polyplive.sources.streams import choose_stream
from polyplive.sources.whitelists import FILE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.codeccontext import AudioCodecContext
    from av.audio.stream import AudioStream
    from av.packet import Packet

    from polyplive.sources.reading.medium import Medium

_APART_S = 10
"""Sound and pictures of one time lie at most so many seconds apart in a file; further is not read ahead."""
_MOST_PACKETS, _MOST_ERRORS = 3000, 64
"""In one call: packets of sound and pictures that are looked at, and errors that are passed over."""


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """A packet of sound. ``begin_s`` and ``length_s`` are seconds on the container's clock; length 0: not known."""

    data: bytes
    begin_s: Fraction
    length_s: Fraction

    @property
    def end_s(self) -> Fraction:
        """When the next one begins."""
        return self.begin_s + self.length_s


class SoundReader:
    """Gives the packets of a file's main sound track in the order of the file, which is opened for it. One thread.

    Packets that cannot be decoded are left out, as ``is_damaged`` says. AAC comes without the headers of ADTS.
    """

    def __init__(self, medium: Medium, video: int | None = None) -> None:
        """Open ``medium``; ``video`` is the number of the video stream that the sound goes with (None: the best).

        Raises ``SourceError``; ``LookupError`` where there is no sound.
        """
        self.is_damaged = False
        self._medium = medium
        self._video = video
        self._adts_header = b""
        self._open()
        self.frame_bytes = _pcm_frame_bytes(self._context)
        """The bytes of one sample of all channels, where packets can be cut there; otherwise 0."""
        self.extradata = bytes(self._context.extradata or b"") if self._context is not None else b""
        """The codec's own header. That of AAC in ADTS is known once a packet was read."""

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec."""
        context = self._context
        return "sound of an unknown kind" if context is None else context.codec.canonical_name

    @property
    def _context(self) -> AudioCodecContext | None:
        # PyAV's type says that there is always one; without a decoder it is None.
        return self.stream.codec_context

    @property
    def place(self) -> tuple[int, int]:
        """The number of the track among the file's sound tracks, from 1, and how many there are."""
        tracks = self._container.streams.audio
        return 1 + [track.index for track in tracks].index(self.stream.index), len(tracks)

    def read(self, until_s: Fraction | None) -> SoundPacket | None:
        """The next packet; None at the end, and where none is found near the pictures of ``until_s`` (seconds).

        A later call reads on. None for ``until_s``: as far as one call may read.
        """
        errors = 0
        for _ in range(_MOST_PACKETS):
            try:
                packet = next(self._demuxed, None)
                if packet is None or self._bytes > most_bytes(self._medium.size):
                    return None
                self._bytes += packet.size + 1
                if packet.stream_index != self.stream.index:
                    if until_s is not None and _stamp_s(packet.dts, packet) > until_s + _APART_S:
                        return None
                elif packet.size and (found := self._take_in(packet)) is not None:
                    return found
            except AV_ERRORS:
                errors += 1
                if errors > _MOST_ERRORS:
                    return None
                self._demux()
        return None

    def seek(self, at_s: Fraction) -> None:
        """Read on at a place before ``at_s``, or from the start where such a place cannot be found."""
        try:
            self._container.seek(int(at_s / (self._clock.time_base or 1)), stream=self._clock, backward=True)
        except AV_ERRORS:
            self.close()
            self._open()
        self._restart()

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._opened.close()

    def _open(self) -> None:
        with translated(self._medium.path):
            self._opened = OpenedMedium(self._medium, dict(FILE_OPTIONS))
        self._container = self._opened.container
        self.stream = self._choose()
        self._adts = BitStreamFilterContext("aac_adtstoasc", self.stream) if self.codec == "aac" else None
        self._restart()

    def _choose(self) -> AudioStream:
        try:
            path = self._medium.path
            self._clock = choose_stream(self._container, path.name, self._video, PLAYABLE).stream
            best = self._container.streams.best("audio", related=self._clock)
            if best is None and self._container.streams.audio:
                raise SourceUnreadable(f"The sound track of '{path.name}' is empty, or damaged", "Check its sound.")
            if best is None:
                raise LookupError(f"'{path.name}' has no sound")
        except BaseException:
            self.close()
            raise
        return cast("AudioStream", best)

    def _restart(self) -> None:
        if self._adts is not None:
            self._adts.flush()
        if self._context is not None:
            self._context.flush_buffers()
        self._bytes = 0
        self._last_end_s = Fraction(0)
        self._demux()

    def _demux(self) -> None:
        self._demuxed: Iterator[Packet[Any]] = iter(self._container.demux(self.stream, self._clock))

    def _take_in(self, packet: Packet[Any]) -> SoundPacket | None:
        """``packet`` with its times, as a muxer takes it; None if it is damaged."""
        begin_s = _stamp_s(packet.pts if packet.pts is not None else packet.dts, packet, self._last_end_s)
        length_s = Fraction(packet.duration or 0) * (packet.time_base or 0)
        if self.frame_bytes:
            length_s = Fraction(packet.size // self.frame_bytes, self.stream.codec_context.sample_rate)
        self._last_end_s = begin_s + length_s
        data = self._without_adts(packet) if self._is_sound(packet) else None
        self.is_damaged |= data is None
        return None if data is None else SoundPacket(data, begin_s, length_s)

    def _is_sound(self, packet: Packet[Any]) -> bool:
        """Whether it can be decoded: a player may stop at a packet that cannot."""
        context = self._context
        if packet.is_corrupt or context is None or self.frame_bytes:
            return not packet.is_corrupt
        try:
            context.decode(packet)
        except AV_ERRORS:
            return False
        return True

    def _without_adts(self, packet: Packet[Any]) -> bytes | None:
        header = bytes(memoryview(packet)[:4])
        if self._adts is None or header[:1] != b"\xff" or len(header) < 4:
            return bytes(packet)
        kind = bytes((header[2] & 0x3D, header[3] & 0xC0))  # sampling frequency and channels: ISO 13818-7, 6.2.1
        self._adts_header = self._adts_header or kind
        if kind != self._adts_header:
            return None
        try:
            stripped: Packet[Any] = self._adts.filter(packet)[0]
        except AV_ERRORS:
            return None
        self.extradata = self.extradata or bytes(PacketSideData.from_packet(stripped, "new_extradata"))
        return bytes(stripped)


def _stamp_s(ticks: int | None, packet: Packet[Any], otherwise: Fraction = Fraction(-(1 << 40))) -> Fraction:
    return otherwise if ticks is None or packet.time_base is None else ticks * packet.time_base


def _pcm_frame_bytes(context: AudioCodecContext | None) -> int:
    if context is None:
        return 0
    named = re.fullmatch(r"pcm_(?:[suf](\d+)(?:le|be)?|alaw|mulaw)", context.codec.canonical_name)
    return 0 if named is None else int(named[1] or 8) // 8 * len(context.layout.channels)
