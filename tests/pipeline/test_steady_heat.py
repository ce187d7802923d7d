"""Heat that is shown flickers less, goes with the picture, lags two frames at most, and begins anew where it has to."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from polyplive.explanation.flicker import flicker
from polyplive.pipeline.picture_motion import SIZE, grey_of, motion_between, moved
from polyplive.pipeline.steady_heat import SteadyHeat
from polyplive.types import Detection, Frame, MapOrigin, OverlaySettings, Prediction, Roi

SIDE = 240
ROI = Roi(0, 0, SIDE, SIDE)
CELLS = 22


def texture(seed: int) -> np.ndarray:
    """A smooth random surface, larger than a picture: uint8 [480, 480, 3]."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (24, 24)).astype(np.float32)
    grey = np.clip(cv2.resize(coarse, (480, 480), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


SURFACE, OTHER = texture(1), texture(2)


def frame(index: int, at: tuple[float, float] = (100.0, 100.0), surface: np.ndarray = SURFACE, **more: object) -> Frame:
    """A window of 240x240 on the surface, whose top left is ``at`` (x, y)."""
    move = np.array([[1, 0, at[0]], [0, 1, at[1]]], np.float64)
    image = cv2.warpAffine(surface, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return Frame(image, **{"index": index, "pts_s": index / 25, "captured_s": 0.0, **more})


def predict(index: int, share: np.ndarray | float, *tracks: int, **more: object) -> Prediction:
    """A map of ``share`` of full scale, 4.0."""
    cam = np.full((CELLS, CELLS), 4.0, np.float32) * np.float32(share)
    square = np.array([[20, 20], [220, 20], [220, 220], [20, 220]], np.int32)
    found = tuple(Detection(track, 0.9, (20, 20, 201, 201), 40000, square) for track in tracks or (1,))
    made = Prediction(index, ROI, np.zeros((64, 64), np.float32), cam, 4.0, 0.5, found, 0.0, size=(SIDE, SIDE), run=1)
    return dataclasses.replace(made, **more)


def hill(x: float, y: float) -> np.ndarray:
    """A bump of heat at a place in shares of the picture: float32 [22, 22]."""
    rows, columns = (np.mgrid[0:CELLS, 0:CELLS] + 0.5) / CELLS
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 0.09**2)).astype(np.float32)


@pytest.mark.parametrize(("before", "after"), [(0.1, 0.9), (0.9, 0.1), (0.4, 0.5)])
def test_a_map_that_jumps_is_shown_to_80_percent_two_frames_later(before: float, after: float) -> None:
    steady = SteadyHeat()
    for index in range(8):
        steady.steadied(frame(index), predict(index, before))
    shown = [float(steady.steadied(frame(8 + i), predict(8 + i, after)).steady_heat.mean()) for i in range(4)]
    reached = [(value - before) / (after - before) for value in shown]
    assert reached[0] < 0.6, "it is steadied"
    assert reached[2] >= 0.8
    assert reached == sorted(reached)


def test_a_map_that_flickers_is_steadied_to_less_than_half_and_stays_right_in_the_mean() -> None:
    rng, steady = np.random.default_rng(3), SteadyHeat()
    found = []
    for index in range(40):
        at, noise = frame(index, (100 + index, 100)), rng.uniform(-0.2, 0.2, (CELLS, CELLS))
        found.append((at, steady.steadied(at, predict(index, 0.6 + noise))))
    raw, shown = (flicker(found, OverlaySettings(heat_smoothing=one)) for one in (False, True))
    assert shown < 0.5 * raw
    assert np.mean([one.steady_heat.mean() for _, one in found]) == pytest.approx(0.6, abs=0.01)


def test_heat_goes_with_the_picture() -> None:
    """The picture moves 5 pixels a frame, and its hill with it: what is shown stays on the hill, not behind it."""
    steady = SteadyHeat()
    for index in range(12):
        drift = 5.0 * index
        shown = steady.steadied(frame(index, (100 - drift, 100)), predict(index, hill(0.25 + drift / SIDE, 0.5)))
    heat = shown.steady_heat
    middle = float((heat.sum(axis=0) * (np.arange(CELLS) + 0.5)).sum() / heat.sum()) / CELLS
    lag_without = 5.0 * (1 - 0.45) / 0.45 / SIDE
    assert abs(middle - (0.25 + 55 / SIDE)) < 0.25 * lag_without


def test_motion_is_found_to_a_pixel_and_two_scenes_do_not_follow_each_other() -> None:
    before = grey_of(frame(0), ROI)
    for across, down in ((6.0, 0.0), (0.0, -7.0), (4.0, 4.0)):
        motion = motion_between(before, grey_of(frame(1, (100 - across, 100 - down)), ROI))
        found = np.median(motion[8:-8, 8:-8].reshape(-1, 2), axis=0) * SIDE
        assert found == pytest.approx((-across, -down), abs=1.0)
        field = hill(0.5, 0.5)
        there = np.unravel_index(moved(field, motion).argmax(), field.shape)
        assert np.hypot(there[1] - 10.5 - across / SIDE * CELLS, there[0] - 10.5 - down / SIDE * CELLS) < 1
    assert motion_between(before, grey_of(frame(1, surface=OTHER), ROI)) is None
    assert before.shape == (SIZE, SIZE)


BEGINNINGS = {
    "a cut": (frame(5, surface=OTHER), predict(5, 0.9)),
    "a seek": (frame(5), predict(5, 0.9, run=2)),
    "back in time": (frame(2), predict(2, 0.9)),
    "a gap": (frame(25), predict(25, 0.9)),
    "a gap without a clock": (frame(25, pts_s=None), predict(25, 0.9)),
    "a new finding": (frame(5), predict(5, 0.9, 1, 2)),
    "another model": (frame(5), predict(5, 0.9, model_sha256="b")),
    "another region": (frame(5), predict(5, 0.9, roi=Roi(10, 0, 200, 200))),
    "another map": (frame(5), predict(5, 0.9, cam=np.full((16, 16), 3.6, np.float32))),
}


@pytest.mark.parametrize("what", BEGINNINGS)
def test_it_begins_anew_with_the_raw_map_after(what: str) -> None:
    steady = SteadyHeat()
    for index in range(5):
        steady.steadied(frame(index), predict(index, 0.2))
    shown = steady.steadied(*BEGINNINGS[what])
    assert np.allclose(shown.steady_heat, 0.9)
    usual = SteadyHeat()
    for index in range(5):
        usual.steadied(frame(index), predict(index, 0.2))
    assert not np.allclose(usual.steadied(frame(5), predict(5, 0.9)).steady_heat, 0.9)


def test_a_finding_that_comes_back_is_not_new() -> None:
    steady = SteadyHeat()
    for index, tracks in enumerate([(1, 2), (1,), (1, 2)]):
        shown = steady.steadied(frame(index), predict(index, 0.2 if index < 2 else 0.9, *tracks))
    assert float(shown.steady_heat.mean()) == pytest.approx(0.2 + 0.45 * 0.7, abs=1e-3)


def test_a_map_of_an_earlier_frame_goes_with_the_picture_and_is_no_news() -> None:
    steady = SteadyHeat()
    first = predict(0, hill(0.3, 0.5))
    steady.steadied(frame(0), first)
    kept = dataclasses.replace(first, index=1, cam_of=MapOrigin(0, ROI, 0.0))
    shown = steady.steadied(frame(1, (100 - 22, 100)), kept).steady_heat
    assert shown.argmax() % CELLS == pytest.approx(0.3 * CELLS - 0.5 + 2, abs=0.6)
    assert shown.max() == pytest.approx(1.0, abs=0.12)


def test_the_raw_map_stays_as_it_is_and_what_has_none_gets_none() -> None:
    steady = SteadyHeat()
    for index in range(3):
        given = predict(index, 0.1 + 0.3 * index)
        cam = given.cam.copy()
        made = steady.steadied(frame(index), given)
        assert made.cam is given.cam
        assert (given.cam == cam).all()
        assert dataclasses.replace(made, steady_heat=None).detections is given.detections
    bare = predict(3, 0.0, cam=None)
    assert steady.steadied(frame(3), bare) is bare
    assert np.allclose(steady.steadied(frame(4), predict(4, 0.9)).steady_heat, 0.9), "nothing is kept through a gap"


def test_the_same_frames_give_the_same_heat() -> None:
    def run() -> list[bytes]:
        rng, steady = np.random.default_rng(9), SteadyHeat()
        return [
            steady.steadied(
                frame(i, (100 + 3 * i, 90 - i)), predict(i, rng.random((CELLS, CELLS)))
            ).steady_heat.tobytes()
            for i in range(10)
        ]

    assert run() == run()
