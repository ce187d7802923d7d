"""The sound that belongs to a stretch of a video file, for a recording to copy."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from polyplive.sources.reading.sound_reader import SoundPacket, SoundReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.stream import AudioStream

    from polyplive.sources.reading.medium import Medium

BREAK_S = Fraction(1, 2)
"""A stamp that differs by more from what was expected shows a gap, a clock that starts again, or damage."""
_NEAR_S = 5
_EXACT_S = Fraction(1, 10)
_SEEK_BEFORE_S = (1, 10)
"""In some files the sound of a moment lies before the pictures that a seek leads to."""
_MOST_BEFORE_A_BREAK = 600
"""Packets that are read ahead to find where the file goes on with another clock."""
_LONGEST_TWICE_S = 2
_CATCH_UP_S = 1
"""So far the pictures go on before it is clear that they do not go back with the sound."""


class SoundTrack:
    """The main sound track of a video file, by the clock of the file (seconds). One thread.

    A stamp that is missing, or wrong on one packet alone, is filled in.
    """

    def __init__(self, medium: Medium, video: int | None = None) -> None:
        """Open ``medium``; ``video`` is the number of the video stream that the sound goes with (None: the best).

        Raises ``SourceError``; ``LookupError`` where there is no sound.
        """
        self._reader = SoundReader(medium, video)
        self._ahead: deque[SoundPacket] = deque()
        self._expected_s: Fraction | None = None
        self._from_s: Fraction | None = None

    @property
    def stream(self) -> AudioStream:
        """The stream as FFmpeg describes it."""
        return self._reader.stream

    @property
    def codec(self) -> str:
        """FFmpeg's name of the codec."""
        return self._reader.codec

    @property
    def header(self) -> bytes:
        """The codec's own header, which some containers need; may be empty."""
        self.head()
        return self._reader.extradata

    @property
    def place(self) -> tuple[int, int]:
        """The number of the track among the file's sound tracks, from 1, and how many there are."""
        return self._reader.place

    @property
    def is_damaged(self) -> bool:
        """Whether packets had to be left out."""
        return self._reader.is_damaged

    @property
    def is_stuck(self) -> bool:
        """Whether the next packet lies before the one given last, so that ``until`` gives no more."""
        head = self.head()
        return head is not None and self._expected_s is not None and head.begin_s < self._expected_s - BREAK_S

    def head(self, near_s: Fraction | None = None) -> SoundPacket | None:
        """The next packet, which stays the next. None at the end, or where none is near ``near_s``."""
        if not self._ahead and not self._fetch(near_s):
            return None
        head = self._ahead[0]
        expected_s = self._expected_s
        if expected_s is None or abs(head.begin_s - expected_s) <= BREAK_S:
            return head
        follows = len(self._ahead) > 1 or self._fetch(near_s)
        if follows and abs(self._ahead[1].begin_s - expected_s - head.length_s) <= BREAK_S:
            self._ahead[0] = replace(head, begin_s=expected_s)  # this stamp alone is wrong
        return self._ahead[0]

    def begin_at(self, at_s: Fraction, *, goes_on: bool = False) -> None:
        """Make the next packets those from ``at_s`` on. One that lies across it is left out, or cut (PCM).

        With ``goes_on`` the pictures go on there in the file, maybe with another clock.
        """
        head = self.head(at_s)
        is_first = self._from_s is None and self._expected_s is None
        is_near = head is not None and -_NEAR_S <= head.begin_s - at_s <= (_NEAR_S if is_first else _EXACT_S)
        if not is_near and not (goes_on and self.pass_break(at_s)):
            self._seek(at_s)
        self._from_s, self._expected_s = at_s, None

    def pass_break(self, at_s: Fraction) -> bool:
        """Go on where the file goes on with another clock, from ``at_s``, as joined recordings do.

        False: no such place is found in the next packets of the sound, which go on as they did.
        """
        expected_s = self._expected_s
        for place in range(_MOST_BEFORE_A_BREAK):
            if place == len(self._ahead) and not self._fetch(None):
                return False
            packet = self._ahead[place]
            breaks = expected_s is not None and abs(packet.begin_s - expected_s) > BREAK_S
            if breaks and abs(packet.begin_s - at_s) <= _NEAR_S:
                for _ in range(place):
                    self._ahead.popleft()
                self._from_s, self._expected_s = at_s, None
                return True
            expected_s = packet.end_s
        return False

    def until(self, end_s: Fraction) -> Iterator[SoundPacket]:
        """The next packets that begin before ``end_s``; PCM is cut there. None beyond a clock that starts again."""
        while (head := self.head(end_s)) is not None and head.begin_s < end_s:
            if self.is_stuck:
                if not self._catch_up(end_s):
                    return
                continue
            self._ahead.popleft()
            head, rest = self._cut(head, end_s)
            if rest is not None:
                self._ahead.appendleft(rest)
            self._expected_s = head.end_s
            wanted: SoundPacket | None = head
            if self._from_s is not None and head.begin_s < self._from_s:
                wanted = self._cut(head, self._from_s)[1]
            if wanted is not None:
                yield wanted

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._reader.close()

    def _catch_up(self, end_s: Fraction) -> bool:
        """Pass over the packets of a short part that the file has twice, without its pictures; False: there is none."""
        expected_s = self._expected_s
        if expected_s is None or end_s - expected_s < _CATCH_UP_S:
            return False
        for place in range(_MOST_BEFORE_A_BREAK):
            if place == len(self._ahead) and not self._fetch(end_s):
                return False
            begin_s = self._ahead[place].begin_s
            if begin_s < expected_s - _LONGEST_TWICE_S:
                return False
            if begin_s >= expected_s - BREAK_S / 10:
                for _ in range(place):
                    self._ahead.popleft()
                return True
        return False

    def _fetch(self, near_s: Fraction | None) -> bool:
        packet = self._reader.read(near_s)
        if packet is not None:
            self._ahead.append(packet)
        return packet is not None

    def _seek(self, at_s: Fraction) -> None:
        self._expected_s = None
        for before_s in _SEEK_BEFORE_S:
            self._ahead.clear()
            self._reader.seek(at_s - before_s)
            head = self.head(at_s)
            if head is not None and head.begin_s <= at_s + _EXACT_S:
                return

    def _cut(self, packet: SoundPacket, at_s: Fraction) -> tuple[SoundPacket, SoundPacket | None]:
        """The parts of ``packet`` before and from ``at_s``, where it can be cut."""
        size = self._reader.frame_bytes
        if not size or not packet.begin_s < at_s < packet.end_s:
            return packet, None
        rate = self.stream.codec_context.sample_rate
        count = math.ceil((at_s - packet.begin_s) * rate)
        first, second = packet.data[: count * size], packet.data[count * size :]
        if not second:
            return packet, None
        length_s = Fraction(count, rate)
        return SoundPacket(first, packet.begin_s, length_s), SoundPacket(
            second, packet.begin_s + length_s, packet.length_s - length_s
        )
