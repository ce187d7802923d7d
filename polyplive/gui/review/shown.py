"""What a timeline shows at one moment; without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from polyplive.gui.review.arrays import TimelineArrays
from polyplive.review.decisions import Verdict
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from polyplive.review.tracks import Track


@dataclass(frozen=True, slots=True)
class Flag:
    """A note at ``at_s`` seconds of the video; ``is_mark``: made in the session that recorded it.

    ``track`` is the finding that it is about, if it is about one.
    """

    at_s: float
    text: str
    is_mark: bool
    number: int
    track: int | None = None

    @property
    def title(self) -> str:
        """What it is, and what it says."""
        return f"{'Mark' if self.is_mark else 'Note'}: {self.text}"


VERDICTS = tuple(Verdict)
"""By the code that arrays have for them."""
_CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True, eq=False)
class Shown:
    """``arrays`` are those of the timeline, ``flags`` are by time, ``verdicts`` by the number of a track.

    A track without a verdict is one that nobody has judged.
    """

    arrays: TimelineArrays = field(default_factory=lambda: TimelineArrays.of(Timeline(0.0)))
    flags: tuple[Flag, ...] = ()
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)

    @property
    def timeline(self) -> Timeline:
        """The recording at a glance."""
        return self.arrays.timeline

    def verdict(self, number: int) -> Verdict:
        """What was decided of the track with this number."""
        return self.verdicts.get(number, Verdict.UNSEEN)

    def track(self, number: int | None) -> Track | None:
        """The track with this number, if there is one."""
        place = self.place(number)
        return None if place is None else self.timeline.tracks[place]

    def place(self, number: int | None) -> int | None:
        """Where among the tracks the one with this number is."""
        tracks = self.timeline.tracks
        if number is None:
            return None
        if 0 < number <= len(tracks) and tracks[number - 1].number == number:  # as they are numbered
            return number - 1
        return next((place for place, track in enumerate(tracks) if track.number == number), None)

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """Each track's verdict as its place in ``VERDICTS``: int64 [tracks]."""
        return self._codes_of(self.arrays.numbers)

    @cached_property
    def bar_codes(self) -> NDArray[np.int64]:
        """The same of each bar: int64 [bars]."""
        return self._codes_of(self.arrays.bars.number)

    def has_one_of(self, verdicts: Collection[Verdict]) -> NDArray[np.bool_]:
        """Of each track whether its verdict is one of ``verdicts``: bool [tracks]."""
        return np.isin(self.codes, [_CODES[verdict] for verdict in verdicts])

    def count(self, verdict: Verdict) -> int:
        """How many tracks have this verdict."""
        return int(np.count_nonzero(self.codes == _CODES[verdict]))

    def _codes_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        table = np.full(max(numbers.max(initial=0), *self.verdicts, 0) + 1, _CODES[Verdict.UNSEEN], np.int64)
        for number, verdict in self.verdicts.items():
            table[number] = _CODES[verdict]
        return table[numbers]
