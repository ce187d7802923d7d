"""What lies at a place of a timeline, and what is said of it; without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.gui.review.axis import time_text
from polyplive.gui.review.painting import thumbs_shown
from polyplive.gui.review.rows import THUMB_SIZE

if TYPE_CHECKING:
    from polyplive.gui.review.painting import Scenery
    from polyplive.gui.review.shown import Flag, Shown
    from polyplive.review.timeline import Quality
    from polyplive.review.tracks import Track

_REACH = 7
"""Pixels beside a flag at which it is still met."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place: its pixel on the time axis and its second; the number of a finding, a flag or a flaw that is there."""

    x: float
    time_s: float
    number: int | None = None
    flag: Flag | None = None
    quality: Quality | None = None
    is_ruler: bool = False
    is_overview: bool = False


def place_at(scenery: Scenery, x: float, y: float) -> Place:
    """What is at pixel ``x`` of the time axis and height ``y``."""
    axis, rows = scenery.axis, scenery.rows
    time_s = axis.time_at(x)
    if y < (rows.thumbs or rows.bars):
        return Place(x, time_s, is_ruler=True)
    if rows.is_overview(y):
        return Place(x, time_s, is_overview=True)
    if rows.is_thumbs(y):
        met = [track.number for left, track in thumbs_shown(scenery) if left <= x <= left + THUMB_SIZE[0]]
        return Place(x, time_s, number=met[0] if met else None)
    if rows.is_flags(y):
        near = [(abs(axis.x_of(flag.at_s) - x), place) for place, flag in enumerate(scenery.shown.flags)]
        met = [place for away, place in sorted(near) if away <= _REACH]
        return Place(x, time_s, flag=scenery.shown.flags[met[0]] if met else None)
    lane = rows.lane_at(y)
    if lane is not None:
        return Place(x, time_s, number=scenery.shown.arrays.bars.number_at(axis, x, lane))
    return Place(x, time_s, quality=rows.quality_at(y))


def tip_of(place: Place, shown: Shown) -> str:
    """What the tool tip at a place says; empty for none."""
    if place.flag is not None:
        return f"{place.flag.title}\n{time_text(place.flag.at_s)}"
    track = shown.track(place.number)
    if track is not None:
        return "\n".join((title_of(track, shown), *figures_of(track)))
    if place.quality is not None:
        here = any(
            one.quality is place.quality and one.start_s <= place.time_s < one.end_s for one in shown.timeline.quality
        )
        return f"{place.quality.value.capitalize()}: {'here' if here else 'not here'}\n{time_text(place.time_s)}"
    analysed = any(start_s <= place.time_s <= end_s for start_s, end_s in shown.timeline.analysed)
    return f"{time_text(place.time_s)}{'' if analysed else chr(10) + 'Not analysed yet'}"


def title_of(track: Track, shown: Shown) -> str:
    """A finding's number, class and verdict."""
    label = f" {track.label}" if track.label else ""
    return f"Finding {track.number}{label}: {shown.verdict(track.number).value}"


def figures_of(track: Track) -> tuple[str, str]:
    """When a finding is seen, and how sure the model is."""
    seen = f"{time_text(track.first_s)} to {time_text(track.last_s)}, {track.in_view_s:.1f} s in view"
    return seen, f"Score {percent(track.peak_score)} at best, {percent(track.mean_score)} on average"


def said_of(shown: Shown, selected: int | None, at_s: float) -> str:
    """The state of the timeline in one line, for a screen reader."""
    timeline = shown.timeline
    parts = [f"{time_text(at_s)} of {time_text(timeline.duration_s)}"]
    track = shown.track(selected)
    if track is not None:
        parts.append(f"{title_of(track, shown)}, of {len(timeline.tracks)}, {', '.join(figures_of(track))}")
    else:
        parts.append(f"{len(timeline.tracks)} findings")
    parts.append(f"{percent(timeline.coverage)} analysed")
    return ". ".join(parts)


def percent(share: float) -> str:
    """A share in [0, 1] in words."""
    return f"{100 * share:.0f} %"
