"""Reads the packets of a file's video stream in file order, past damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sources.av_errors import AV_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_MAX_ERRORS_IN_A_ROW = 64
_MAX_READS_OF_THE_FILE = 4
_SLACK_BYTES = 1 << 20


def most_bytes(file_bytes: int) -> int:
    """How many bytes may come of a file of ``file_bytes`` until it is taken to repeat itself for ever."""
    return _MAX_READS_OF_THE_FILE * file_bytes + _SLACK_BYTES


class PacketReader:
    """Gives a stream's packets in file order; damage is skipped and counted in ``errors``. One thread.

    It ends after too many errors in a row. A damaged index can make the demuxer repeat the same bytes for ever. So it
    also ends after more than four times the file's size since the last seek.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, file_bytes: Callable[[], int]) -> None:
        """``file_bytes`` tells the size of the file, which may grow."""
        self.errors = 0
        self._container = container
        self._stream = stream
        self._file_bytes = file_bytes
        self._held: list[Packet[VideoStream]] = []
        self.restart()

    def restart(self, place: int = 0) -> None:
        """Start again at the container's present position (after a seek), where the packet ``place`` comes next."""
        self._demuxed: Iterator[Packet[VideoStream]] = iter(self._container.demux(self._stream))
        self._taken = 0
        self._held.clear()
        self.place = place
        """How many packets of the stream lie before the next one; it is a packet's name."""

    def hold(self, packet: Packet[VideoStream]) -> None:
        """Put ``packet`` back: the next ``read`` returns it."""
        self._held.append(packet)
        self.place -= 1

    def read(self) -> Packet[VideoStream] | None:
        """The next packet that holds data, None at the end."""
        packet = self._held.pop() if self._held else self._demux()
        if packet is not None:
            self.place += 1
        return packet

    def _demux(self) -> Packet[VideoStream] | None:
        failures = 0
        while failures < _MAX_ERRORS_IN_A_ROW and self._taken <= most_bytes(self._file_bytes()):
            try:
                packet = next(self._demuxed, None)
            except AV_ERRORS:
                # The exception ended the generator; a new one continues after the damage.
                failures += 1
                self.errors += 1
                self._demuxed = iter(self._container.demux(self._stream))
                continue
            if packet is None:
                return None
            # An empty packet repeats the last picture (AVI); a decoder would take it for the end of the stream.
            self._taken += packet.size + 1
            if packet.size:
                return packet
        return None
