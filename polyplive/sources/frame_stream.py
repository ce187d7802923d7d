"""A file's frames, decoded in order and numbered; it survives damage and can begin again at any frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import SourceUnreadable
from polyplive.sources.av_errors import PLAYABLE
from polyplive.sources.decoder import Decoder, check_size

if TYPE_CHECKING:
    from pathlib import Path

    from av.video.frame import VideoFrame

    from polyplive.sources.packets import PacketIndex


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """A decoded picture, its number in the file from 0, and its PTS in the stream's time base (None: it has none)."""

    picture: VideoFrame
    number: int
    pts: int | None


class FrameStream:
    """Decodes a file from its start, or from a key frame, on. One thread.

    A frame's number comes from the packet index once there is one with time stamps; otherwise decoded frames and
    lost packets are counted from the start. At the first damage it begins again at the last key frame with a decoder
    of one thread and passes over what it gave before, so that an error costs no frame but its own and every run
    gives the same frames.
    """

    def __init__(self, path: Path, file_bytes: int) -> None:
        self._path = path
        self._bytes = file_bytes
        self._careful = False
        self._errors_before = 0
        self._number_of_last = -1
        self._decoded = 0
        self.index: PacketIndex | None = None
        self.decoder = Decoder(path, file_bytes, threads=True)
        try:
            self.first = self._first_frame()
        except BaseException:
            self.close()
            raise

    @property
    def errors(self) -> int:
        """Packets lost so far, by all decoders; only ever grows."""
        return self._errors_before + self.decoder.errors

    @property
    def position(self) -> int:
        """The number of the last frame given, -1 at the start."""
        return self._number_of_last

    def read(self) -> Numbered | None:
        """The next frame, None at the end; never a number twice."""
        while True:
            picture = self.decoder.read()
            if not self._careful and (self.decoder.errors or (picture is not None and picture.is_corrupt)):
                self._begin_carefully()
                continue
            if picture is None:
                return None
            number = self._number(picture)
            self._decoded += 1
            if number <= self._number_of_last:
                # Given before the decoder began again, or out of order after damage: its time has passed.
                continue
            self._number_of_last = number
            return Numbered(picture, number, picture.pts)

    def reaches(self, number: int) -> bool:
        """Whether reading on gives frame ``number`` soon: no key frame lies between. Needs the index."""
        assert self.index is not None
        if not self.index.timed:
            return number > self.position
        key = next(self.index.keys_before(number), None)
        return key is None or self.index.number(key.pts) <= self.position

    def begin_near(self, number: int) -> None:
        """Go on at a key frame from which frame ``number`` decodes whole, or at the start. Needs the index."""
        assert self.index is not None
        self._number_of_last = -1
        if not (self.index.timed and number > 0 and self.decoder.seek(self.index, number)):
            self._reopen()

    def list_packets(self) -> PacketIndex:
        """Read through the file once, without decoding; the index is kept."""
        if self.index is None:
            scanner = Decoder(self._path, self._bytes, threads=False)
            try:
                index = scanner.index()
            finally:
                scanner.close()
            if index.timed and self.first.pts is not None:
                index = index.starting_at(self.first.pts)
            self.index = index
        return self.index

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self.decoder.close()

    def _first_frame(self) -> VideoFrame:
        picture = self.decoder.read()
        if picture is None or self.decoder.errors or picture.is_corrupt:
            self._careful = True
            self._reopen()
            picture = self.decoder.read()
        if picture is None:
            raise SourceUnreadable(f"'{self._path}' holds a video stream, but no frame can be decoded", PLAYABLE)
        check_size(self._path, picture.width, picture.height)
        self.decoder.unread(picture)
        return picture

    def _begin_carefully(self) -> None:
        self._careful = True
        last = self._number_of_last
        self.list_packets()
        self._reopen()
        self.begin_near(max(0, last))
        self._number_of_last = last

    def _reopen(self) -> None:
        # What the first decoder lost is met again by the next one: only the careful one's errors count.
        self._errors_before += self.decoder.errors
        self.decoder.close()
        self.decoder = Decoder(self._path, self._bytes, threads=not self._careful)
        self._decoded = 0

    def _number(self, picture: VideoFrame) -> int:
        if self.index is None or not self.index.timed:
            return self._decoded + self.decoder.errors
        if picture.pts is None:
            return self._number_of_last + 1
        return self.index.number(picture.pts)
