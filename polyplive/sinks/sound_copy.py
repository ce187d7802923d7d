"""Copies a source's sound beside the pictures of a recording, packet by packet."""

from __future__ import annotations

import math
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av.error

from polyplive.sinks.containers import LATE_HEADER, add_sound, new_packet
from polyplive.sinks.sound_alignment import CLOCK, Entry, SoundAlignment
from polyplive.sinks.sound_source import UNREADABLE
from polyplive.sources.reading.sound import BREAK_S

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

    from polyplive.sinks.sound_alignment import Stretch
    from polyplive.sinks.sound_source import SoundSource
    from polyplive.sources.reading.sound import SoundTrack
    from polyplive.sources.reading.sound_reader import SoundPacket
    from polyplive.types import Frame

_LATE_S = 1
_OVERLAP_S = Fraction(1, 1000)
_FINEST = 1 << 30
_NANOSECONDS = 1_000_000_000
_MOST_REFUSED = 50
_REFUSALS = (av.error.InvalidDataError, av.error.ArgumentError, av.error.PatchWelcomeError)
"""What FFmpeg says of a packet that it does not write; all else is about the file."""


class SoundCopy:
    """The sound of one recording; used by the encoder's thread.

    First ``open`` and ``join``, then ``follow`` for each frame and ``write`` for each packet of video, at last ``end``.
    Damage to the sound is never raised: it may not cost a picture.
    """

    def __init__(self, source: SoundSource) -> None:
        self._source = source
        self._track: SoundTrack | None = None
        self._stream: Stream | None = None
        self._alignment = SoundAlignment(source.last_index)
        self._offset = self._correction = 0
        self._waiting: deque[tuple[Fraction, Packet[Any]]] = deque()
        self._begin_s, self._end_s = Fraction(-1), Fraction(0)
        self._shown_until_s = Fraction(0)
        self._refused = self._refused_in_a_row = 0
        self._needed: tuple[SoundPacket, Fraction] | None = None

    @property
    def is_joined(self) -> bool:
        """Whether the recording has a stream for it."""
        return self._stream is not None

    def open(self, path: Path, frame: Frame) -> dict[str, str] | None:
        """Open the source for a recording that begins with ``frame``; the muxer's options, None: there is no sound."""
        opened = self._source.open(path)
        if opened is None:
            return None
        self._track, options = opened
        if LATE_HEADER in options.get("movflags", "") and not self._begins_with(frame):
            self._stop(f"Sound is not recorded: {path.suffix} needs it from the start. Record to .mkv.")
            return None
        return options

    def join(self, container: OutputContainer) -> None:
        """Add the stream to a container with the options from ``open``, before anything is written."""
        if self._track is not None:
            self._stream = add_sound(container, self._track)

    def follow(self, frame: Frame, shown_s: Fraction, length_s: Fraction) -> None:
        """Take a frame, which the recording shows from ``shown_s`` on, for ``length_s`` if it is the last."""
        self._shown_until_s = shown_s + length_s
        self._take(self._alignment.add(frame, shown_s, length_s))

    def write(self, container: OutputContainer, before_s: Fraction | None) -> None:
        """Write the packets known by now that begin before ``before_s`` (None: all).

        Raises errors of the file alone.
        """
        while self._waiting and (before_s is None or self._waiting[0][0] < before_s):
            try:
                container.mux(self._waiting.popleft()[1])
                self._refused_in_a_row, self._needed = 0, None
            except _REFUSALS:
                self._refused += 1
                self._refused_in_a_row += 1
                if self._refused_in_a_row > _MOST_REFUSED:
                    self._stop(f"Sound ends at {float(self._end_s):.1f} s of the recording: it is damaged.")

    def end(self, container: OutputContainer) -> None:
        """Write all that is left, after the last frame, and say what was lost."""
        self._take(self._alignment.rest())
        self.write(container, None)
        if self._needed is not None and self._stream is not None:
            self._place(*self._needed)  # without one packet a header written late cannot be read
            self.write(container, None)
        track = self._track
        if track is None:
            return
        if self._begin_s < 0:
            self._source.tell("No sound was recorded: none was found here that can be decoded.")
        elif track.is_stuck and self._end_s < self._shown_until_s - BREAK_S:
            self._source.tell(f"Sound ends at {float(self._end_s):.1f} s of the recording: its clock jumps there.")
        elif track.is_damaged or self._refused:
            self._source.tell("Sound has gaps: packets that cannot be decoded were left out.")
        self.close()

    def close(self) -> None:
        """Write no more; calling it again does nothing. The source stays open for the next recording."""
        self._track = None
        self._waiting.clear()
        self._source.last_index = self._alignment.last_index

    def _stop(self, why: str) -> None:
        self._source.tell(why)
        self.close()

    def _begins_with(self, frame: Frame) -> bool:
        """Whether there is sound with ``frame``, or soon after it."""
        if self._track is None or frame.stamp_s is None:
            return False
        at_s = Fraction(round(frame.stamp_s * CLOCK), CLOCK)
        self._track.begin_at(at_s, goes_on=frame.index - 1 == self._source.last_index)
        head = self._track.head(at_s)
        if head is None or head.begin_s >= at_s + _LATE_S:
            return False
        self._needed = head, max(Fraction(0), head.begin_s - at_s)
        return True

    def _take(self, stretches: Iterable[Stretch]) -> None:
        try:
            for stretch in stretches:
                self._copy(stretch)
        except UNREADABLE:
            self._source.close()
            self._stop(f"Sound ends at {float(self._end_s):.1f} s of the recording: it cannot be read.")

    def _copy(self, stretch: Stretch) -> None:
        track = self._track
        if track is None:
            return
        begin_s = Fraction(stretch.begin - stretch.offset, CLOCK)
        if stretch.entry in (Entry.SOUGHT, Entry.NEXT):
            track.begin_at(begin_s, goes_on=stretch.entry is Entry.NEXT)
            self._correction = 0
        elif stretch.entry is Entry.BREAK:
            # Where the sound's clock does not jump with that of the pictures, it goes on as before.
            self._correction = 0 if track.pass_break(begin_s) else self._offset - stretch.offset
        self._offset = stretch.offset + self._correction
        for packet in track.until(Fraction(stretch.end - self._offset, CLOCK)):
            self._place(packet, packet.begin_s + Fraction(self._offset, CLOCK))

    def _place(self, sound: SoundPacket, begin_s: Fraction) -> None:
        """Queue a packet for ``begin_s`` of the recording, unless there is sound already."""
        if begin_s <= self._begin_s or begin_s < self._end_s - _OVERLAP_S:
            return
        packet = new_packet(sound.data)  # without what FFmpeg notes beside a packet for the source's container
        unit = Fraction(1, math.lcm(begin_s.denominator, sound.length_s.denominator))
        if unit.denominator > _FINEST:
            unit = Fraction(1, _NANOSECONDS)
        packet.stream, packet.time_base, packet.is_keyframe = self._stream, unit, True
        packet.pts = packet.dts = round(begin_s / unit)
        packet.duration = round(sound.length_s / unit)
        self._begin_s, self._end_s = begin_s, begin_s + sound.length_s
        self._waiting.append((begin_s, packet))
