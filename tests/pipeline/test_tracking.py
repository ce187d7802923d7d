"""Numbers that stay with a polyp from frame to frame."""

from __future__ import annotations

import pytest

from polyplive.pipeline.tracking import PATIENCE, Tracker, iou, match

LEFT, RIGHT = (10, 10, 40, 40), (200, 100, 60, 50)


def moved(box: tuple[int, int, int, int], x: int, y: int = 0) -> tuple[int, int, int, int]:
    return (box[0] + x, box[1] + y, box[2], box[3])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (LEFT, LEFT, 1.0),
        (LEFT, RIGHT, 0.0),
        (LEFT, moved(LEFT, 40), 0.0),
        (LEFT, moved(LEFT, 20), 800 / 2400),
        ((0, 0, 10, 10), (0, 0, 5, 10), 0.5),
    ],
)
def test_iou(first, second, expected) -> None:
    assert iou(first, second) == pytest.approx(expected)
    assert iou(second, first) == pytest.approx(expected)


def test_the_closest_pair_is_matched_first() -> None:
    assert match([LEFT, moved(LEFT, 12)], [moved(LEFT, 10)], 0.1) == {0: 1}


def test_each_box_is_matched_at_most_once() -> None:
    assert match([LEFT], [LEFT, moved(LEFT, 5)], 0.1) == {0: 0}


def test_boxes_that_do_not_touch_are_never_matched() -> None:
    assert match([LEFT], [RIGHT], 0.0) == {}


def test_numbers_stay_while_polyps_move_and_change_places_in_the_list() -> None:
    tracker = Tracker()
    assert tracker.update([LEFT, RIGHT]) == [1, 2]
    for step in range(1, 20):
        assert tracker.update([moved(RIGHT, -5 * step), moved(LEFT, 3 * step, 2 * step)]) == [2, 1]


def test_a_polyp_missed_for_a_while_keeps_its_number() -> None:
    tracker = Tracker()
    tracker.update([LEFT])
    for _ in range(PATIENCE):
        assert tracker.update([]) == []
    assert tracker.update([moved(LEFT, 4)]) == [1]


def test_a_polyp_missed_for_longer_is_a_new_one_and_no_number_comes_twice() -> None:
    tracker = Tracker()
    tracker.update([LEFT])
    for _ in range(PATIENCE + 1):
        tracker.update([])
    assert tracker.update([LEFT]) == [2]


def test_a_second_polyp_nearby_gets_its_own_number() -> None:
    tracker = Tracker()
    tracker.update([LEFT])
    assert tracker.update([moved(LEFT, 25), LEFT]) == [2, 1]


def test_after_a_reset_no_number_means_something_else() -> None:
    tracker = Tracker()
    tracker.update([LEFT, RIGHT])
    tracker.reset()
    assert tracker.update([RIGHT]) == [3]
