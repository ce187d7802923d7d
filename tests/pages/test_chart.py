"""The chart helper: places, ticks, and the SVG that is made of them."""

from __future__ import annotations

import pytest
from checked_page import CheckedPage

from polyplive.pages.chart import (
    Axis,
    Bar,
    Chart,
    Line,
    Mark,
    count_ticks,
    histogram,
    lanes,
    number_ticks,
    time_ticks,
)
from polyplive.pages.environment import environment


def drawn(chart: Chart) -> CheckedPage:
    template = environment().from_string("{% from 'parts.html.j2' import chart %}{{ chart(found) }}")
    return CheckedPage(template.render(found=chart))


def axis(low: float, high: float) -> Axis:
    return Axis("", low, high, number_ticks(low, high))


def test_bars_stand_where_the_data_says() -> None:
    page = drawn(Chart("t", axis(10, 20), axis(0, 2), (Bar(10, 15, 0, 1), Bar(19, 20, 1, 2, "warn", "last"))))
    bars = [(tag, name, value) for tag, name, value in page.attributes if tag == "rect"]
    assert [value for _, name, value in bars if name == "x"] == ["0.0%", "90.0%"]
    assert [value for _, name, value in bars if name == "width"] == ["50.0%", "10.0%"]
    assert [value for _, name, value in bars if name == "y"] == ["50.0%", "0.0%"]
    assert [value for _, name, value in bars if name == "height"] == ["50.0%", "50.0%"]
    assert [value for _, name, value in bars if name == "class"] == ["main", "warn"]
    assert "last" in page.texts


def test_a_bar_too_thin_to_be_seen_is_widened() -> None:
    chart = Chart("t", axis(0, 1e6), axis(0, 1), (Bar(5, 6, 0, 1),))
    assert 0 < chart.thickness(chart.bars[0]) < 1


def test_what_lies_outside_is_drawn_at_the_end() -> None:
    assert [axis(0, 10).place(value) for value in (-5, 0, 5, 10, 15)] == [0, 0, 50, 100, 100]


def test_lines_and_dots_meet() -> None:
    page = drawn(Chart("t", axis(0, 4), axis(0, 1), lines=(Line(((0, 0), (1, 0.25), (4, 1)), dots=True),)))
    assert page.values("points") == ["0,100 25,75 100,0"]
    assert page.values("cx") == ["0.0%", "25.0%", "100.0%"]
    assert page.values("cy") == ["100.0%", "75.0%", "0.0%"]


def test_lanes_stand_below_one_another_in_their_order() -> None:
    chart = lanes("t", Axis("frame", 0, 9, count_ticks(0, 8)), [("one", [Bar(0, 3, 0, 1)]), ("two", [Bar(3, 9, 0, 1)])])
    page = drawn(chart)
    first, second = (float(value.rstrip("%")) for tag, name, value in page.attributes if (tag, name) == ("rect", "y"))
    assert 0 < first < 50 < second < 100
    assert [text for text in page.texts if text in ("one", "two")] == ["one", "two"]


def test_a_histogram_fills_its_axis_and_names_its_marks() -> None:
    chart = histogram("t", axis(0, 10), [1, 0, 4, 2, 0], [Mark(5, "median 5.0")], 100)
    assert [(bar.left, bar.high) for bar in chart.bars] == [(0, 1), (4, 4), (6, 2)]
    assert chart.up.place(chart.bars[1].high) == 100
    assert "frames; dashed: median 5.0" in drawn(chart).texts


def test_a_histogram_of_nothing_is_empty() -> None:
    assert histogram("t", axis(0, 1), [0, 0], [], 100).bars == ()


def test_a_chart_says_what_it_shows() -> None:
    page = drawn(Chart("Score over <time>", axis(0, 1), axis(0, 1)))
    assert "Score over <time>" in page.texts
    assert ("svg", "role", "img") in page.attributes


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0", "0.5", "1"]),
        (0, 45.2, ["0", "20", "40"]),
        (0, 0.004, ["0", "0.001", "0.002", "0.003", "0.004"]),
        (0, 3e6, ["0", "1\u202f000\u202f000", "2\u202f000\u202f000", "3\u202f000\u202f000"]),
    ],
)
def test_numbers_on_an_axis_are_round(low: float, high: float, texts: list[str]) -> None:
    assert [tick.text for tick in number_ticks(low, high)] == texts


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 22, ["00:00", "00:05", "00:10", "00:15", "00:22"]),
        (0, 0.04, ["00:00", "00:00"]),
        (3.2, 7205.2, ["00:03.2", "30:00", "1:00:00", "1:30:00", "2:00:05.2"]),
        (0, 90000, ["00:00", "10:00:00", "20:00:00", "25:00:00"]),
    ],
)
def test_times_have_both_ends_and_round_ones_between(low: float, high: float, texts: list[str]) -> None:
    ticks = time_ticks(low, high)
    assert [tick.at for tick in (ticks[0], ticks[-1])] == [low, high]
    assert [tick.text for tick in ticks] == texts


def test_frames_have_both_ends() -> None:
    assert [tick.text for tick in count_ticks(1, 600)] == ["1", "200", "400", "600"]
    assert [tick.text for tick in count_ticks(4, 4)] == ["4"]
