"""Run lengths are COCO's own."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco
from written_events import detection

from polyplive.pipeline.postprocess import filled
from polyplive.review.exports.run_length import compressed, run_lengths, segmentation


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_mask_anywhere_is_written_as_pycocotools_does(data: st.DataObject) -> None:
    """Also empty and full ones, some that touch the border, and some that reach over it."""
    rows, columns, height, width = (data.draw(st.integers(1, 40)) for _ in range(4))
    left, top = data.draw(st.integers(-40, 40)), data.draw(st.integers(-40, 40))
    share = data.draw(st.sampled_from([0.0, 0.05, 0.5, 0.95, 1.0]))
    mask = np.random.default_rng(data.draw(st.integers(0, 999))).random((rows, columns)) < share
    room = np.zeros((height + 160, width + 160), bool)
    room[80 + top : 80 + top + rows, 80 + left : 80 + left + columns] = mask
    whole = np.asfortranarray(room[80 : 80 + height, 80 : 80 + width], np.uint8)
    assert compressed(run_lengths(mask, left, top, width, height)) == coco.encode(whole)["counts"].decode()


def test_long_runs_take_several_letters() -> None:
    mask = np.zeros((1080, 1920), bool)
    mask[:, 700:1500] = True
    assert (
        compressed(run_lengths(mask, 0, 0, 1920, 1080))
        == coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    )


def test_a_finding_is_the_mask_that_the_window_shows() -> None:
    found = detection(1, (20, 30, 40, 50), 0.5)
    region, area = segmentation(found.contour, 160, 128)
    shown = filled([found], (128, 160))
    assert np.array_equal(coco.decode(region), shown)
    assert area == shown.sum() > 1000


def test_a_contour_without_corners_is_an_empty_mask() -> None:
    region, area = segmentation(np.zeros((0, 2), np.int32), 8, 6)
    assert area == coco.decode(region).sum() == 0
