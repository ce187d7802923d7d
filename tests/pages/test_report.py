"""The report's timeline: what it draws for steady frames, for irregular ones and over gaps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from checked_page import CheckedPage

from polyplive.pages.report import report_page
from polyplive.review.report_data import ReportData
from polyplive.review.timeline import Timeline
from polyplive.sinks.base import SessionInfo
from polyplive.types import SourceInfo


def bars(timeline: list[tuple[float, float | None]]) -> list[tuple[float, float, float]]:
    """Left, right and height of each bar, in per cent of the plot."""
    session = SessionInfo(SourceInfo("c.mp4", 96, 64, 25.0, 100, 4.0), "m", "ab", "b", "1", "today")
    page = CheckedPage(report_page(ReportData(session, Timeline(0.0), scores=timeline, frames=len(timeline))))
    found = {
        name: [float(value.rstrip("%")) for tag, key, value in page.attributes if (tag, key) == ("rect", name)]
        for name in ("x", "width", "height")
    }
    return [(x, x + width, height) for x, width, height in zip(*found.values(), strict=True)]


def test_a_bar_is_as_high_as_its_score_and_where_it_was() -> None:
    found = bars([(place / 25, 0.75 if 50 <= place < 75 else None) for place in range(100)])
    assert found[0][0] == pytest.approx(50, abs=0.5)
    assert found[-1][1] == pytest.approx(75, abs=0.5)
    assert {height for *_, height in found} == {75}


def test_irregular_frames_leave_no_stripes() -> None:
    """Live, only some frames are processed, at uneven steps."""
    times = [0.0, 0.04, 0.3, 0.33, 0.9, 1.0, 1.6, 1.64, 2.0]
    found = bars([(time_s, 0.5) for time_s in times])
    for (_, right, _), (left, _, _) in pairwise(found):
        assert left == pytest.approx(right, abs=0.1)
    assert found[-1][1] == pytest.approx(100, abs=0.1)


def test_over_a_gap_nothing_is_drawn() -> None:
    found = bars([(0.0, 0.5), (5.0, 0.9), (9.96, None)])
    assert [(left, right) for left, right, _ in found] == [
        (0, pytest.approx(10, abs=0.3)),
        (50, pytest.approx(60, abs=0.3)),
    ]


def test_of_many_frames_the_highest_of_each_stretch_is_drawn() -> None:
    found = bars([(place / 25, 0.9 if place == 5000 else 0.4) for place in range(10_000)])
    assert max(height for *_, height in found) == 90
    assert len(found) == 480
    assert sum(height == 90 for *_, height in found) == 1


def test_one_frame_fills_the_plot() -> None:
    assert bars([(3.0, 0.5)]) == [(0, 100, 50)]


def test_a_session_that_runs_backwards_is_drawn_too() -> None:
    assert bars([(5.0, 0.5), (4.0, 0.6), (3.0, None)])
