"""How fast a recording goes by, in words."""

from __future__ import annotations

import pytest

from polyplive.gui.session.pace import ShownPace, pace_text


def test_it_is_the_recordings_time_by_the_clocks() -> None:
    pace = ShownPace()
    assert pace.ratio is None
    for number in range(100):
        pace.see(number / 25, 10 + number / 7.5)
    assert pace.ratio == pytest.approx(0.3)
    assert pace_text(pace.ratio) == "0.3\u00d7 real time"


def test_a_moment_and_a_step_back_tell_nothing() -> None:
    pace = ShownPace()
    pace.see(0.0, 0.0)
    pace.see(0.04, 0.04)
    assert pace.ratio is None
    for number in range(100):
        pace.see(1 + number / 25, 1 + number / 25)
    pace.see(0.5, 6.0)
    assert pace.ratio is None
    assert pace_text(pace.ratio) == ""


def test_only_the_last_two_seconds_count() -> None:
    pace = ShownPace()
    for number in range(100):
        pace.see(number / 25, number / 5)
    for number in range(100):
        pace.see(4 + number / 25, 20 + number / 50)
    assert pace.ratio == pytest.approx(2.0, rel=0.05)
