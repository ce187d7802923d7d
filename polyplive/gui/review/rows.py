"""Where the rows of a timeline lie; without Qt. All numbers are logical pixels."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.gui.review.bars import MOST_LANES
from polyplive.review.timeline import Quality

GUTTER = 66
"""For the names of the rows, left of the time axis."""
NARROW = 700
"""Below this width the rows have no names."""
EDGE = 12
"""Free at the right, and at the left where there is no gutter."""
_RULER, _FLAGS, _OVERVIEW, _GAP, _STRIP = 20, 16, 12, 3, 4
THUMB_SIZE = (64, 48)
_LANE, _LOW_LANE = 14, 7


@dataclass(frozen=True, slots=True)
class Rows:
    """The top of each row; ``lane`` is the height of one of the ``lanes``. ``thumbs`` is None without thumbnails."""

    ruler: int
    thumbs: int | None
    bars: int
    lane: int
    lanes: int
    quality: int
    flags: int
    overview: int
    height: int

    @classmethod
    def of(cls, lanes: int, *, thumbnails: bool) -> Rows:
        """For so many lanes of bars, which become lower where there are many."""
        lanes = min(max(lanes, 1), MOST_LANES)
        thumbs = _RULER if thumbnails else None
        bars = _RULER + (THUMB_SIZE[1] + _GAP if thumbnails else 0)
        lane = _LANE if lanes <= 3 else _LOW_LANE + 2
        quality = bars + lanes * lane + _GAP
        flags = quality + len(Quality) * _STRIP + _GAP
        overview = flags + _FLAGS + _GAP
        return cls(0, thumbs, bars, lane, lanes, quality, flags, overview, overview + _OVERVIEW + _GAP)

    def lane_at(self, y: float) -> int | None:
        """The lane at a height; None above and below them."""
        lane = int((y - self.bars) // self.lane)
        return lane if 0 <= lane < self.lanes else None

    def lane_top(self, lane: int) -> int:
        """Where a lane begins."""
        return self.bars + lane * self.lane

    def quality_top(self, quality: Quality) -> int:
        """Where the strip of a flaw begins."""
        return self.quality + list(Quality).index(quality) * _STRIP

    def quality_at(self, y: float) -> Quality | None:
        """The strip at a height."""
        place = int((y - self.quality) // _STRIP)
        return list(Quality)[place] if 0 <= place < len(Quality) else None

    @property
    def strip(self) -> int:
        """The height of a strip of quality, with one pixel below it."""
        return _STRIP

    def is_flags(self, y: float) -> bool:
        """Whether notes and marks lie at a height."""
        return self.flags <= y < self.overview

    def is_overview(self, y: float) -> bool:
        """Whether the strip that shows the whole recording lies at a height."""
        return y >= self.overview

    def is_thumbs(self, y: float) -> bool:
        """Whether thumbnails lie at a height."""
        return self.thumbs is not None and self.thumbs <= y < self.bars


def gutter_of(width: int) -> int:
    """How much is free left of the time axis."""
    return GUTTER if width >= NARROW else EDGE
