"""Decodes and numbers the frames of a file that grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sources.reading.frame_stream import FrameStream
from polyplive.sources.reading.given_times import GivenTimes

if TYPE_CHECKING:
    from polyplive.sources.reading.decoder import DecodedPicture
    from polyplive.sources.reading.growing_medium import GrowingMedium
    from polyplive.sources.reading.presentation import Presentation
    from polyplive.sources.reading.timeline import FrameTime

_GROWN = 1.01
"""A file is listed again when it is larger by a hundredth: near its end, a seek goes to the newest frame given."""
_NEAR_S = 10.0
"""A seek so close behind the end of the list decodes from there; listing again would read the whole file."""


class GrowingStream(FrameStream):
    """Frames of a file that is still being written; otherwise as ``FrameStream``. One thread.

    One thread decodes, so that no frame is held back and an error costs its own frame alone. Each packet that cannot be
    decoded takes one number. Packets are listed at a seek, as far as they are there, and again when the file has grown.
    """

    def __init__(self, medium: GrowingMedium, stream: int | None = None) -> None:
        self._growth = medium.growth
        self._errors_numbered = 0
        super().__init__(medium, stream)
        self.times.goes_on = True
        self._errors_numbered = self.decoder.errors
        self._bytes_listed = 0
        self._is_complete = False
        self._given = GivenTimes()

    def number_at(self, pts_s: float) -> int:
        """The number of the last frame whose time is at most ``pts_s``, clamped to what is in the file now."""
        listed_s = self.times.duration_s(len(self.frames)) if self.frames is not None else 0.0
        if self.frames is None or pts_s > max(listed_s, self._given.end_s) or pts_s > listed_s + _NEAR_S:
            self.list_more()
        return max(super().number_at(pts_s), self._given.number_at(pts_s))

    def begin_near(self, number: int) -> bool:
        """See ``FrameStream``."""
        begins_at_key = super().begin_near(number)
        self._errors_numbered = self.decoder.errors
        return begins_at_key

    def list_more(self) -> None:
        """List the packets that are in the file now, if much was added since the last time or nothing more comes."""
        if self.frames is None or (self._has_grown if self._medium.is_growing else not self._is_complete):
            self.frames = None
            self._given.forget_below(len(self.list_packets()))

    @property
    def _has_grown(self) -> bool:
        return self._medium.size > self._bytes_listed * _GROWN

    def _time(self, number: int, stamp: int | None) -> FrameTime:
        """As it was when the frame was given before."""
        known = self._given.time(number)
        if known is not None:
            return known
        if stamp is None and self.frames is None:
            self.list_more()
        time = self.times.of(number, stamp, self._stamps_ahead)
        if self.frames is None or number >= len(self.frames):
            self._given.add(number, time)
        return time

    def _listed(self) -> Presentation:
        self._is_complete = not self._medium.is_growing
        with self._medium.at_once():
            frames = super()._listed()
        self._bytes_listed = self._medium.size
        if not self._is_complete:
            frames.leave_out_end()
            self.missing = 0
        return frames

    def _take(self) -> DecodedPicture | None:
        decoded = super()._take()
        return None if self._growth.is_interrupted else decoded

    def _stamps_ahead(self) -> list[int | None]:
        return self._few_stamps_ahead()  # each of them is waited for

    def _number(self, decoded: DecodedPicture) -> int | None:
        lost, self._errors_numbered = decoded.errors - self._errors_numbered, decoded.errors
        if self.frames is None or decoded.place is None or self.frames.number(decoded.place) is None:
            self._next += max(0, lost)
        return super()._number(decoded)
