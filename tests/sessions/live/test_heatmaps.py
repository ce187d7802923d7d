"""Which frames get a map, and that a map is shown on no frame that it does not fit."""

from __future__ import annotations

import dataclasses

import numpy as np

from polyplive.sessions.live.heatmaps import Heatmaps, without_map_of_another
from polyplive.sessions.live.results import Result
from polyplive.types import Detection, Frame, Prediction, Roi

MAX_AGE_S = 0.25
CONTOUR = np.array([[1, 1], [9, 1], [9, 9]], np.int32)


def frame(index: int, every_s: float = 0.03) -> Frame:
    return Frame(np.zeros((32, 32, 3), np.uint8), index, captured_s=index * every_s)


def result(
    index: int, tracks: tuple[int, ...] = (1,), *, own: bool, withheld: int = 0, size: tuple[int, int] = (32, 32)
) -> Prediction:
    found = tuple(Detection(track, 0.9, (1, 1, 8, 8), 40, CONTOUR) for track in tracks)
    cam = np.full((4, 4), float(index), np.float32) if own else None
    zero = np.zeros((8, 8), np.float32)
    return Prediction(
        index, Roi(index, 0, 16, 16), zero, cam, 1.0 + index, 0.5, found, 0.0, withheld=withheld, size=size
    )


class Sequence:
    """Frame after frame as the engine's thread would process them."""

    def __init__(self, every: int = 1, every_s: float = 0.03) -> None:
        self.maps = Heatmaps(MAX_AGE_S)
        self.maps.every = every
        self.next = 0
        self.every_s = every_s

    def step(self, *tracks: int, withheld: int = 0, size: tuple[int, int] = (32, 32)) -> tuple[bool, Prediction]:
        own = self.maps.is_due()
        made = result(self.next, tracks, own=own, withheld=withheld, size=size)
        made = self.maps.completed(frame(self.next, self.every_s), made, own=own)
        self.next += 1
        return own, made


def test_every_frame_has_its_own_map_as_usual() -> None:
    run = Sequence()
    for index in range(5):
        own, made = run.step(1)
        assert own
        assert made.cam_index == index
        assert made.cam_roi == made.roi


def test_of_every_third_frame_the_map_is_kept_for_two_more_and_they_say_so() -> None:
    run = Sequence(every=3)
    for index in range(9):
        own, made = run.step(1)
        of = index - index % 3
        assert own == (index == of)
        assert made.index == index
        assert made.cam_index == of
        assert made.cam[0, 0] == of
        assert made.cam_full_scale == 1.0 + of, "the scale goes with its map"
        assert made.cam_roi.x == of, "so does its region"
        assert made.roi.x == index
    assert (run.maps.computed, run.maps.wanted) == (3, 9)


def test_a_new_finding_has_its_map_in_the_next_frame() -> None:
    run = Sequence(every=4)
    run.step(1)
    own, made = run.step(1, 2)
    assert not own
    assert made.cam_index == 0, "the known finding keeps its map"
    own, made = run.step(1, 2)
    assert own


def test_no_map_is_shown_once_its_finding_is_gone() -> None:
    run = Sequence(every=4)
    run.step(1)
    assert run.step()[1].cam is None
    run = Sequence(every=4)
    run.step(1)
    assert run.step(2)[1].cam is None
    assert run.step(2)[0]


def test_while_what_a_frame_holds_is_withheld_so_is_a_kept_map() -> None:
    run = Sequence(every=4)
    run.step()
    assert run.step()[1].cam_index == 0
    assert run.step(withheld=1)[1].cam is None


def test_no_map_is_kept_for_frames_of_another_size_nor_too_long() -> None:
    run = Sequence(every=4)
    run.step(1)
    assert run.step(1, size=(64, 64))[1].cam is None
    slow = Sequence(every=4, every_s=0.1)
    assert [slow.step(1)[1].cam_index for _ in range(4)] == [0, 0, 0, None]


def test_after_a_new_beginning_the_next_frame_has_a_map() -> None:
    run = Sequence(every=4)
    run.step(1)
    run.maps.reset()
    assert run.step(1)[0]


def test_a_map_is_hidden_when_it_is_too_old_though_its_result_is_not() -> None:
    run = Sequence(every=3, every_s=0.1)
    run.step(1)
    _, made = run.step(1)
    made = dataclasses.replace(made, steady_heat=np.ones((4, 4), np.float32))
    kept = Result(frame(1, 0.1), made, without_map_of_another(made))
    assert kept.drawable(0.2, 1e3 * MAX_AGE_S) is made
    late = kept.drawable(0.3, 1e3 * MAX_AGE_S)
    assert late.cam is None
    assert late.steady_heat is None
    assert late.detections == made.detections
    assert kept.drawable(0.36, 1e3 * MAX_AGE_S) is None
