"""Contours in source pixels from probabilities at the model's size."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from polyplive.config import PipelineSettings
from polyplive.pipeline.contours import contours_at
from polyplive.pipeline.postprocess import Postprocessor, rethreshold
from polyplive.pipeline.tracking import PATIENCE
from polyplive.types import Prediction, Roi

SIZE = 128


def disc(x: float, y: float, radius: float, softness: float = 1.5, size: int = SIZE) -> np.ndarray:
    """A probability that is exactly one half on the circle; float32 [size, size]."""
    rows, columns = np.mgrid[0:size, 0:size]
    return (1 / (1 + np.exp((np.hypot(columns - x, rows - y) - radius) / softness))).astype(np.float32)


def upsampled(probability: np.ndarray, roi: Roi) -> np.ndarray:
    return cv2.resize(probability, (roi.width, roi.height), interpolation=cv2.INTER_LINEAR)


def following(**settings: float) -> Postprocessor:
    return Postprocessor(PipelineSettings(**settings))


def prediction_of(probability: np.ndarray, roi: Roi, threshold: float = 0.5) -> Prediction:
    found = Postprocessor().run(probability, roi, threshold)
    return Prediction(0, roi, probability, None, 1.0, threshold, found, 0.0)


@pytest.mark.parametrize("scale", [1, 3, 8])
def test_a_circle_is_found_to_a_fraction_of_a_pixel(scale: int) -> None:
    x, y, radius = 60.3, 70.7, 30.2
    (found,) = contours_at(disc(x, y, radius), Roi(0, 0, SIZE * scale, SIZE * scale), 0.5)
    centre = (np.array([x, y]) + 0.5) * scale - 0.5
    assert np.sqrt(found.area_px / np.pi) == pytest.approx(radius * scale, abs=0.15)
    inside = np.zeros((SIZE * scale, SIZE * scale), np.uint8)
    cv2.fillPoly(inside, [found.contour], 1)
    rows, columns = np.nonzero(inside)
    assert np.abs([columns.mean(), rows.mean()] - centre).max() < 0.25
    # Corners are the outermost pixels inside, so they lie on the circle or within 1.5 pixels of it, never outside.
    distance = np.hypot(*(found.contour - centre).T) - radius * scale
    assert distance.max() < 0.35
    assert distance.min() > -2


@pytest.mark.parametrize("roi", [Roi(0, 0, 500, 300), Roi(37, 91, 401, 333), Roi(5, 0, 90, 70), Roi(0, 0, 128, 128)])
def test_regions_are_those_of_the_whole_map_upsampled(roi: Roi) -> None:
    probability = np.maximum.reduce([disc(40, 50, 20), disc(100, 90, 16), disc(0, 127, 12)])
    regions = contours_at(probability, roi, 0.5)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((upsampled(probability, roi) > 0.5).astype(np.uint8))
    assert len(regions) == count - 1 == 3
    expected = sorted((int(row[4]) for row in stats[1:]), reverse=True)
    # OpenCV's resize rounds its weights, so single pixels on the threshold may fall to either side.
    assert [region.area_px for region in regions] == pytest.approx(expected, rel=0.01)
    for region in regions:
        x, y, width, height = region.bbox
        assert roi.x <= x
        assert x + width <= roi.x + roi.width
        assert roi.y <= y
        assert y + height <= roi.y + roi.height
        label = labels[region.contour[0][1] - roi.y, region.contour[0][0] - roi.x]
        assert (x - roi.x, y - roi.y, width, height) == pytest.approx(tuple(stats[label][:4]), abs=1)


def test_the_field_of_view_moves_everything_with_it() -> None:
    probability = disc(50, 60, 20)
    (at_origin,) = contours_at(probability, Roi(0, 0, 300, 200), 0.5)
    (moved,) = contours_at(probability, Roi(111, 47, 300, 200), 0.5)
    assert (moved.contour == at_origin.contour + np.array([111, 47])).all()
    assert moved.bbox == (at_origin.bbox[0] + 111, at_origin.bbox[1] + 47, *at_origin.bbox[2:])
    assert moved.score == at_origin.score
    assert moved.area_px == at_origin.area_px


def test_the_score_is_the_mean_probability_inside() -> None:
    probability = np.full((SIZE, SIZE), 0.1, np.float32)
    probability[40:80, 30:90] = 0.8
    (found,) = contours_at(probability, Roi(0, 0, SIZE, SIZE), 0.5)
    assert found.score == pytest.approx(0.8, abs=1e-6)
    assert found.bbox == (30, 40, 60, 40)
    assert found.area_px == 2400


def test_specks_are_left_out_by_their_share_of_the_field_of_view() -> None:
    probability = np.maximum(disc(40, 40, 20), disc(100, 100, 2.0, 0.3))
    roi = Roi(0, 0, 512, 512)
    assert len(contours_at(probability, roi, 0.5, min_area=0.002)) == 1
    assert len(contours_at(probability, roi, 0.5, min_area=0.0002)) == 2
    assert contours_at(probability, roi, 0.5, min_area=0.5) == []


def test_a_region_inside_a_ring_counts_as_part_of_it() -> None:
    probability = disc(64, 64, 40) - disc(64, 64, 20) + disc(64, 64, 8)
    regions = contours_at(probability, Roi(0, 0, SIZE, SIZE), 0.5)
    assert regions[0].area_px == pytest.approx(np.pi * 40**2, rel=0.02)


@pytest.mark.parametrize("roi", [Roi(0, 0, 1, 1), Roi(3, 4, 1, 700), Roi(0, 0, 4096, 2160), Roi(0, 0, 2, 2)])
@pytest.mark.parametrize("fill", [0.0, 0.3, 0.9])
def test_any_field_of_view_and_any_level(roi: Roi, fill: float) -> None:
    probability = np.full((SIZE, SIZE), fill, np.float32)
    regions = contours_at(probability, roi, 0.5)
    assert len(regions) == (fill > 0.5)
    for region in regions:
        assert region.area_px == pytest.approx(roi.width * roi.height, rel=0.01)
        assert region.contour.dtype == np.int32
        assert region.contour.flags.c_contiguous
        assert (region.contour >= [roi.x, roi.y]).all()
        assert (region.contour < [roi.x + roi.width, roi.y + roi.height]).all()


def test_detections_are_the_same_every_run_and_the_input_is_not_changed() -> None:
    probability = np.maximum(disc(40, 40, 20), disc(100, 90, 16))
    before = probability.copy()
    first, second = (Postprocessor().run(probability, Roi(9, 9, 640, 480), 0.5) for _ in range(2))
    assert [(d.track, d.score, d.bbox, d.area_px) for d in first] == [
        (d.track, d.score, d.bbox, d.area_px) for d in second
    ]
    assert all((a.contour == b.contour).all() for a, b in zip(first, second, strict=True))
    assert (probability == before).all()


def test_tracks_follow_polyps_until_reset() -> None:
    postprocessor = Postprocessor()
    roi = Roi(0, 0, 640, 480)
    for step in range(10):
        probability = np.maximum(disc(30 + 2 * step, 40, 18), disc(100 - step, 90, 12 + step))
        tracks = {d.track: d.bbox[0] for d in postprocessor.run(probability, roi, 0.5)}
        assert set(tracks) == {1, 2}
        assert tracks[1] < tracks[2]
    postprocessor.run(disc(64, 20, 10), roi, 0.5)
    postprocessor.reset()
    (found,) = postprocessor.run(disc(100, 90, 12), roi, 0.5)
    assert found.track > 3, "no number that something else had"


def test_another_threshold_keeps_the_numbers_and_the_rest_of_the_prediction() -> None:
    roi = Roi(10, 20, 640, 480)
    probability = np.maximum(0.9 * disc(40, 40, 20), 0.4 * disc(100, 90, 16)).astype(np.float32)
    prediction = prediction_of(probability, roi)
    assert [d.track for d in prediction.detections] == [1]
    lower = rethreshold(prediction, 0.2)
    assert [d.track for d in lower.detections] == [1, 2]
    assert lower.threshold == 0.2
    assert lower.probability is probability
    assert lower.detections[0].area_px > prediction.detections[0].area_px
    assert rethreshold(prediction, 0.95).detections == ()
    assert prediction.threshold == 0.5
    assert len(prediction.detections) == 1


def test_a_finding_is_withheld_until_there_is_enough_evidence() -> None:
    postprocessor = following(min_frames=3)
    roi = Roi(0, 0, 640, 480)
    sure = disc(60, 60, 30, softness=0.1)
    given = [len(postprocessor.run(sure, roi, 0.5)) for _ in range(5)]
    assert given == [0, 0, 1, 1, 1]
    assert postprocessor.withheld == 0
    assert postprocessor.run(np.zeros_like(sure), roi, 0.5) == ()  # missed for a moment
    assert len(postprocessor.run(sure, roi, 0.5)) == 1, "known: not withheld again"
    postprocessor.reset()
    unsure = [len(postprocessor.run(0.7 * sure, roi, 0.5)) for _ in range(8)]
    assert unsure == [0, 0, 0, 0, 0, 0, 1, 1], "scores near 0.68 count a little less than half"


def test_another_threshold_does_not_show_what_is_withheld() -> None:
    roi = Roi(10, 20, 640, 480)
    probability = (0.9 * disc(40, 40, 20)).astype(np.float32)
    shown = prediction_of(probability, roi)
    withheld = dataclasses.replace(shown, detections=(), withheld=1)
    assert len(rethreshold(shown, 0.4).detections) == 1
    assert rethreshold(withheld, 0.4).detections == ()


FRAME = Roi(0, 0, 640, 480)


def given(postprocessor: Postprocessor, *peaks: float) -> list[int]:
    """How many findings are given for one disc whose probability is each of ``peaks`` in turn."""
    return [
        len(postprocessor.run((peak * disc(60 + step, 60, 18)).astype(np.float32), FRAME, 0.5))
        for step, peak in enumerate(peaks)
    ]


def test_a_finding_that_was_shown_stays_while_it_is_fainter() -> None:
    assert given(following(), 0.9, 0.4, 0.4, 0.9, 0.2, 0.4) == [1, 1, 1, 1, 0, 1]
    assert given(following(release_probability=1.0), 0.9, 0.4, 0.4, 0.9) == [1, 0, 0, 1]


def test_what_is_faint_begins_nothing() -> None:
    assert given(following(release_probability=0.25), 0.4, 0.4, 0.4) == [0, 0, 0]
    assert given(following(min_frames=2), 0.9, 0.4, 0.9, 0.9, 0.9, 0.9, 0.4) == [0, 0, 0, 0, 1, 1, 1]


def test_what_is_not_sure_is_no_evidence_but_keeps_its_outline_once_shown() -> None:
    asks = following(min_frames=2, confirm_probability=0.97)
    found = given(asks, *[0.9] * 6, *[1.0] * 6, 0.6, 0.6)
    assert found[:7] == [0] * 7, "one sure frame is not two"
    assert found[-4:] == [1] * 4
    plain = following(min_frames=2, confirm_probability=0.3)
    assert given(plain, *[0.9] * 6) == given(following(min_frames=2), *[0.9] * 6) == [0, 0, 1, 1, 1, 1]
    outlines = [
        max(found.area_px for found in postprocessor.run(disc(60, 60, 30, softness=0.5), FRAME, 0.5))
        for postprocessor in (following(confirm_probability=0.97), Postprocessor())
    ]
    assert outlines[0] == outlines[1], "the outline is the threshold's"


def test_a_finding_that_stays_faint_is_gone_after_a_while() -> None:
    found = given(following(release_probability=0.25), 0.9, *[0.4] * 20)
    assert found == [1] + [1] * PATIENCE + [0] * (20 - PATIENCE)


def test_what_is_kept_has_its_number_and_follows_the_polyp() -> None:
    postprocessor = following(release_probability=0.25)
    places = range(60, 130, 6)  # half a disc's width further than a box that stayed behind would allow
    numbers = []
    for step, x in enumerate(places):
        found = postprocessor.run(((0.9 if step == 0 else 0.4) * disc(x, 60, 10)).astype(np.float32), FRAME, 0.5)
        numbers += [(detection.track, detection.score < 0.5) for detection in found]
    assert numbers == [(1, step > 0) for step in range(len(places))]


def test_what_is_faint_elsewhere_or_around_another_finding_is_not_kept() -> None:
    postprocessor = following(release_probability=0.25)
    postprocessor.run(disc(40, 40, 15), FRAME, 0.5)
    elsewhere = np.maximum(0.4 * disc(120, 100, 15), disc(90, 40, 12))
    assert [d.track for d in postprocessor.run(elsewhere.astype(np.float32), FRAME, 0.5)] == [2]
    around = np.maximum(0.4 * disc(60, 40, 40), disc(90, 40, 5))  # one faint region under both
    assert [d.track for d in postprocessor.run(around.astype(np.float32), FRAME, 0.5)] == [2]
