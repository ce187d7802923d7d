"""Which packet's picture has which number: the order in which a recording's frames are shown."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from polyplive.sources.reading.packet_index import steps_back

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from polyplive.sources.reading.packet_index import PacketIndex

REORDERED = 16
"""A codec holds back at most so many frames (H.264, HEVC)."""
_FEW = 0.02


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How many ``frames`` a file holds, and the numbers of those that decoding can begin at (``entries``, from 0)."""

    frames: int
    entries: tuple[int, ...]


class Presentation:
    """The frames of a file by number, from 0 in order of presentation. One thread.

    A frame's name is the *place* of its packet in the file. All frames of a group of pictures (the packets from a key
    frame to the next) are shown between those of the groups before and after it. So a group's numbers are known without
    any time stamp. The stamps only foretell the order inside of the group; the decoder's own order replaces it.
    """

    def __init__(self, index: PacketIndex, *, reorders: bool, delays: bool) -> None:
        """``reorders``: the codec can; ``delays``: this stream's decoder holds frames back to do so."""
        self.index = index
        """The packets."""
        stamps = index.stamps
        known = sum(stamp is not None for stamp in stamps)
        if known <= _FEW * len(stamps):
            stamps = index.decoding
            known = sum(stamp is not None for stamp in stamps)
        rises = steps_back(stamps) <= _FEW * known
        self._reorders = reorders
        self._in_file_order = not reorders or (not delays and rises)
        self._stamps_rise = reorders and rises
        self._key_places = [place for place in index.keys if place > 0]
        self._starts: list[int] = []
        self._trusted: list[bool] = []
        self.places: list[int] = []
        """The place of each frame by number."""
        self.stamps: list[int | None] = []
        """The stamp of each frame by number, in ticks."""
        self._lay_out(stamps)
        self._numbers = {place: number for number, place in enumerate(self.places)}

    def __len__(self) -> int:
        return len(self.places)

    @property
    def layout(self) -> FrameLayout:
        """How many there are, and where decoding can begin."""
        numbers = {self._numbers.get(place) for place in self._key_places}
        return FrameLayout(len(self), tuple(sorted({0, *(number for number in numbers if number is not None)})))

    @property
    def holds_decoding_times(self) -> bool:
        """Whether the stamps follow the file although the decoder reorders: then they belong to the numbers."""
        return self._decoding_times

    def borrows(self, number: int) -> bool:
        """Whether the stamp of frame ``number`` stood with another frame, as decoding times in the place of its own."""
        if not self._decoding_times or number >= len(self.places):
            return False
        return self.stamps[number] != self.index.own_stamp(self.places[number])

    def number(self, place: int) -> int | None:
        """The number of the frame whose packet is at ``place``; None where it has no picture."""
        return self._numbers.get(place)

    def group(self, place: int) -> int:
        """The group of pictures that the packet at ``place`` belongs to, from 0."""
        return bisect_right(self._key_places, place)

    def start(self, group: int) -> int:
        """The number of the first frame of ``group``."""
        return self._starts[group] if group < len(self._starts) else len(self.places)

    def group_of_number(self, number: int) -> int:
        """The group of pictures that frame ``number`` belongs to."""
        return max(0, bisect_right(self._starts, number) - 1)

    def is_trusted(self, group: int) -> bool:
        """Whether the order in ``group`` is sure: shown by the decoder, or by stamps that fit together."""
        return self._trusted[group]

    def trust(self, group: int) -> None:
        """Note that the decoder has shown the order in ``group``."""
        if group < len(self._trusted):
            self._trusted[group] = True

    def ways_to(self, number: int) -> Iterator[tuple[int, int]]:
        """Where decoding may begin to reach frame ``number`` whole, the nearest first: (place of the key frame, group).

        In an open group of pictures, some frames follow the key frame in the file but are shown before it. They need
        the group before. So does a group whose order is not sure: its first number is known only from the end of the
        group before.
        """
        own = self.group_of_number(number)
        for group in range(own, 0, -1):
            key = self._key_places[group - 1]
            if group < own or (self._trusted[group] and self._numbers.get(key, number + 1) <= number):
                yield key, group

    def leave_out(self, places: Collection[int]) -> None:
        """Take out frames at the start that cannot be decoded; the others' numbers then begin at 0."""
        kept = [number for number, place in enumerate(self.places) if place not in places]
        removed = len(self.places) - len(kept)
        self.places = [self.places[number] for number in kept]
        self.stamps = [self.stamps[number] for number in kept]
        self._starts = [max(0, start - removed) for start in self._starts]
        self._numbers = {place: number for number, place in enumerate(self.places)}

    def leave_out_end(self) -> None:
        """Take out the last frames, as others that are not listed may be shown before them."""
        if not self._reorders:
            return
        for place in self.places[-REORDERED:]:
            del self._numbers[place]
        del self.places[-REORDERED:]
        del self.stamps[-REORDERED:]
        while self._key_places and self._key_places[-1] not in self._numbers:
            del self._key_places[-1], self._starts[-1], self._trusted[-1]

    def move(self, number: int, to: int) -> None:
        """Put the frame foretold at ``number`` to the earlier ``to``, as the decoder gives it there."""
        self.places.insert(to, self.places.pop(number))
        if not self._decoding_times:
            self.stamps.insert(to, self.stamps.pop(number))
        for moved in range(to, number + 1):
            self._numbers[self.places[moved]] = moved

    def _lay_out(self, stamps: list[int | None]) -> None:
        hidden, last = self.index.without_picture, None
        for begin, end in pairwise([0, *self._key_places, len(self.index)]):
            group = [place for place in range(begin, end) if place not in hidden]
            order, is_sure = self._ordered(group, stamps, last)
            self._starts.append(len(self.places))
            self._trusted.append(is_sure)
            self.places.extend(order)
            last = max((stamp for place in order if (stamp := stamps[place]) is not None), default=last)
        own = self.index.own_stamp if stamps is self.index.stamps else stamps.__getitem__
        in_file = sorted(self.places)
        self._decoding_times = self._stamps_rise and (not all(self._trusted) or self.places != in_file)
        self.stamps.extend(own(place) for place in (in_file if self._decoding_times else self.places))

    def _ordered(self, group: list[int], stamps: list[int | None], last: int | None) -> tuple[list[int], bool]:
        """The places of a group of pictures in order of presentation, and whether that order is sure."""
        if not self._reorders:
            return group, True
        keys = {place: key for place in group if (key := self.index.order[place]) is not None}
        if len(set(keys.values())) == len(group):  # else a key frame between them is lost
            return sorted(group, key=keys.__getitem__), True
        if self._in_file_order:
            return group, True
        order = _by_stamp(group, stamps)
        return order, self._is_sure(group, order, [stamps[place] for place in order], last)

    def _is_sure(self, group: list[int], order: list[int], values: list[int | None], last: int | None) -> bool:
        if self._stamps_rise or None in values or len(set(values)) < len(values):
            return False
        if order and last is not None and (values[0] is None or values[0] <= last):
            return False
        offset = len(group) - len(order)
        where = {place: rank for rank, place in enumerate(group)}
        return all(abs(where[place] - rank - offset) <= REORDERED for rank, place in enumerate(order))


def _by_stamp(group: list[int], stamps: list[int | None]) -> list[int]:
    """The places of ``group`` by their stamps; one without a stamp stays behind the packet before it."""
    keys: dict[int, int] = {}
    last = None
    for place in group:
        stamp = stamps[place]
        last = stamp if stamp is not None else last
        keys[place] = last if last is not None else _least(stamps, group)
    return sorted(group, key=keys.__getitem__)


def _least(stamps: list[int | None], group: list[int]) -> int:
    return min((stamp for place in group if (stamp := stamps[place]) is not None), default=0)
