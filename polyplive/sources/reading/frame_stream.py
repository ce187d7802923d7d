"""Decodes and numbers a file's frames in order, past damage, from any frame on."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import SourceUnreadable
from polyplive.sources.av_errors import PLAYABLE
from polyplive.sources.reading.decoder import Decoder, check_size
from polyplive.sources.reading.frame_times import FrameTimes
from polyplive.sources.reading.kept_indices import Listed
from polyplive.sources.reading.known_indices import known_index
from polyplive.sources.reading.presentation import REORDERED, Presentation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from polyplive.sources.reading.decoder import DecodedPicture
    from polyplive.sources.reading.medium import Medium
    from polyplive.sources.reading.timeline import FrameTime

_AHEAD = 2 * REORDERED
"""Frames to decode ahead before a frame that the order foretells is taken for lost."""
_AHEAD_PIXELS = 320_000_000
"""So many pixels may be held ahead: half a gigabyte in 4:2:0 of eight bits."""
_BEHIND, _BEHIND_BYTES = 0.1, 20 * 188
"""So much of a file and so many bytes behind the video are worth a word: a share, and packets of a transport stream."""
_NEXT = 4
"""Frames to decode ahead where the packets are not listed, to see early whether the stamps still rise."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberedFrame:
    """A decoded picture with its number in the file from 0 and its time.

    ``errors`` is how many packets were lost until then.
    """

    picture: VideoFrame
    number: int
    time: FrameTime
    errors: int


class FrameStream:
    """Decodes a file from its start or from a key frame. One thread.

    Frames come in the decoder's order. Each is known by the packet it came from, never by its time stamp. Its number
    comes from the packets, once they are listed; before that, frames are counted. At the first damage it starts again
    at the last key frame with a single-threaded decoder, and skips the frames given before. So an error costs only its
    own frame, and every run gives the same frames. ``stream`` is the number of the video stream from 1, None for the
    best.
    """

    def __init__(self, medium: Medium, stream: int | None = None) -> None:
        self._medium = medium
        self._careful = medium.is_growing  # decoders with threads hold the newest frames back
        self._errors_before = 0
        self._next = 0
        self._wanted = 0
        self._sought = 0
        self._unsure_until: int | None = None
        self._group = 0
        self._ahead: deque[DecodedPicture] = deque()
        self._head: set[int | None] = set()
        self._voided: dict[int, int | None] = {}
        self.frames: Presentation | None = None
        """The file's frames by number, once the packets are listed."""
        self.missing = 0
        """The number of frames that the container lists and the file does not hold, once the packets are listed."""
        self.decoder = Decoder(medium, threads=not self._careful, stream=stream)
        self.choice = self.decoder.choice
        try:
            self._first = self._first_frame()
        except BaseException:
            self.close()
            raise
        self.times = FrameTimes(medium, self.decoder)

    @property
    def first(self) -> VideoFrame:
        """The first frame that can be decoded."""
        return self._first.picture

    @property
    def errors(self) -> int:
        """Packets lost so far, by all decoders; never decreases."""
        return self._errors_before + self.decoder.errors

    @property
    def ends_early(self) -> str:
        """A line for the user where much of a transport stream lies behind the video; empty elsewhere.

        A recorder that starts again, or joined recordings, may go on in a stream of another number.
        """
        if self.frames is None or not self.decoder.may_change_stream:
            return ""
        last = next((offset for offset in reversed(self.frames.index.offsets) if offset is not None), 0)
        behind = 1 - last / self._medium.size
        if behind < _BEHIND or self._medium.size - last < _BEHIND_BYTES:
            return ""
        end_s = self.times.duration_s(len(self.frames))
        return f"the video ends at {end_s:.2f} s; {behind:.0%} of the file lies behind it, in other streams"

    def read(self) -> NumberedFrame | None:
        """The next frame, None at the end; never a number twice."""
        while True:
            decoded = self._take()
            if decoded is None:
                if self._careful or not self._is_short:
                    return None
                self._begin_carefully()
                continue
            number = self._number(decoded)
            if number is None or number < self._wanted:
                continue  # it was given before the decoder restarted, or comes before the position
            if not self._careful and (decoded.errors or decoded.picture.is_corrupt):
                self._begin_carefully()
                continue
            self._wanted = number + 1
            time = self._time(number, decoded.picture.pts)
            return NumberedFrame(decoded.picture, number, time, self._errors_before + decoded.errors)

    def reaches(self, number: int) -> bool:
        """Whether frame ``number`` is near: there is no key frame in between. Needs the list of packets."""
        assert self.frames is not None
        way = next(self.frames.ways_to(number), None)
        return self._unsure_until is None and (way is None or way[1] <= self._group)

    def begin_near(self, number: int) -> bool:
        """Continue at a key frame from which frame ``number`` decodes completely, or at the start.

        Needs the list of packets. The next frame that ``read`` gives is at ``number`` or behind it. Returns whether
        there was such a key frame.
        """
        assert self.frames is not None
        self._restore_stamps(self.frames, number)
        for key, group in self.frames.ways_to(number):
            if self.decoder.seek(self.frames.index, key):
                self._ahead.clear()
                own = self.frames.group_of_number(number)
                self._group = group
                self._unsure_until = None if self.frames.is_trusted(group) else own
                self._next = self.frames.number(key) or 0
                self._wanted = self._sought = number
                return True
        self._reopen()
        self._wanted = self._sought = number
        return False

    def list_packets(self) -> Presentation:
        """Read the whole file once, without decoding, and keep the list of its frames."""
        if self.frames is None:
            self.frames = self._listed()
            self.times.lay_out(self.frames)
        return self.frames

    def number_at(self, pts_s: float) -> int:
        """The number of the last frame whose time is at most ``pts_s``, clamped to the ends; lists the packets."""
        frames = self.list_packets()
        assert self.times.line is not None
        return min(self.times.line.number_at(pts_s), max(0, len(frames) - 1))

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self.decoder.close()

    def _time(self, number: int, stamp: int | None) -> FrameTime:
        if self.times.breaks(stamp, self._few_stamps_ahead):
            self.list_packets()
        return self.times.of(number, stamp, self._stamps_ahead)

    def _listed(self) -> Presentation:
        listed = known_index(self._medium, self.choice.number, self._scanned)
        index = listed.index
        self.missing = max(0, (self._medium.frames or listed.sampled or 0) - len(index))
        frames = Presentation(index, reorders=self.decoder.reorders, delays=self.decoder.delays)
        frames.leave_out(self._undecodable(frames))
        return frames

    def _scanned(self) -> Listed:
        with closing(self._decoder(threads=False)) as scanner:
            return Listed(scanner.index(), scanner.sampled)

    def _undecodable(self, frames: Presentation) -> set[int]:
        """The places of frames that should be shown before the first one, and do not come."""
        number = frames.number(self._first.place or 0)
        before = set(frames.places[: number or 0]) - self._head
        if before and self._next < _AHEAD:
            before = {place for place in before if not self._comes(place)}
        return before

    def _decoder(self, *, threads: bool) -> Decoder:
        return Decoder(self._medium, threads=threads, stream=self.choice.number)

    def _first_frame(self) -> DecodedPicture:
        decoded = self.decoder.read()
        if decoded is None or self.decoder.errors or decoded.picture.is_corrupt:
            self._careful = True
            self._reopen()
            decoded = self.decoder.read()
        if decoded is None:
            raise SourceUnreadable(f"'{self._medium.path}' holds a video stream, but no frame can be decoded", PLAYABLE)
        check_size(self._medium.path, decoded.picture.width, decoded.picture.height)
        self.decoder.unread(decoded)
        return decoded

    @property
    def _is_short(self) -> bool:
        """At the end, whether frames are missing: with damage in the last packets, threads lose those held back."""
        if self.decoder.errors or self.decoder.is_cut:
            return True
        return self.frames is not None and self._next < len(self.frames)

    def _begin_carefully(self) -> None:
        self._careful = True
        wanted = self._wanted
        self.list_packets()
        self._reopen()
        self.begin_near(wanted)

    def _reopen(self) -> None:
        # The next decoder meets the same errors again, so only those of the single-threaded one count.
        self._errors_before += self.decoder.errors
        self.decoder.close()
        self.decoder = self._decoder(threads=not self._careful)
        self._ahead.clear()
        self._next = self._wanted = self._sought = self._group = 0
        self._unsure_until = None

    def _take(self) -> DecodedPicture | None:
        return self._ahead.popleft() if self._ahead else self.decoder.read()

    def _number(self, decoded: DecodedPicture) -> int | None:
        """The frame's number; None while the order is not known after a seek."""
        place, frames = decoded.place, self.frames
        if frames is None and len(self._head) < _AHEAD:
            self._head.add(place)
        if frames is not None and place is not None and (foretold := frames.number(place)) is not None:
            self._enter_group(frames, frames.group(place))
            if self._unsure_until is not None:
                return None
            if foretold < self._sought:
                self._next = max(self._next, foretold + 1)
                return None
            if foretold > self._next:
                self._next = self._agreed(frames, foretold)
        self._next += 1
        return self._next - 1

    def _enter_group(self, frames: Presentation, group: int) -> None:
        """Note which group of pictures is decoded: its first number is known from the group before."""
        if group <= self._group:
            return
        if self._unsure_until is not None:
            if group < self._unsure_until:
                self._group = group
                return
            self._unsure_until = None
            self._next = frames.start(group)
        else:
            frames.trust(self._group)
        self._group = group

    def _agreed(self, frames: Presentation, foretold: int) -> int:
        """The number of a frame that comes before others that should come first: they are late, or lost.

        The order of the next frames is settled at the same time, since times are repaired from their neighbours.
        """
        self._decode_ahead(_AHEAD)
        order = [place for place in (decoded.place for decoded in self._ahead) if place is not None]
        coming = set(order)
        number, given, moved = self._next, -1, False
        for place in [frames.places[foretold], *order[: max(1, len(order) - REORDERED)]]:
            rank = frames.number(place)
            if rank is None or rank < number:
                break
            coming.discard(place)
            while number < rank and frames.places[number] not in coming:
                self._voided.setdefault(number, frames.stamps[number])
                frames.stamps[number] = None  # a frame that does not come has no say in the others' times
                number, moved = number + 1, True
            if number < rank:
                frames.move(rank, number)
                moved = True
            given = number if given < 0 else given
            number += 1
        if moved:
            self.times.moved(frames, self._next)
        return given

    def _restore_stamps(self, frames: Presentation, first: int) -> None:
        """From another place on, frames from ``first`` may come that did not (intra refresh)."""
        again = {number: stamp for number, stamp in self._voided.items() if number >= first}
        for number, stamp in again.items():
            frames.stamps[number] = stamp
            del self._voided[number]
        if again:
            self.times.moved(frames, min(again))

    def _decode_ahead(self, count: int) -> None:
        """Hold ``count`` decoded frames, or fewer where they are very large."""
        pixels = self._first.picture.width * self._first.picture.height
        most = min(count, max(_NEXT, _AHEAD_PIXELS // pixels))
        while len(self._ahead) < most and (decoded := self.decoder.read()) is not None:
            self._ahead.append(decoded)

    def _comes(self, place: int) -> bool:
        """Whether the frame of the packet at ``place`` is still to come; decodes ahead to see."""
        self._decode_ahead(_AHEAD)
        return any(decoded.place == place for decoded in self._ahead)

    def _few_stamps_ahead(self) -> list[int | None]:
        self._decode_ahead(_NEXT)
        return [decoded.picture.pts for decoded in self._ahead]

    def _stamps_ahead(self) -> list[int | None]:
        """The time stamps of the next frames."""
        self._decode_ahead(REORDERED)
        return [decoded.picture.pts for decoded in self._ahead]
