"""Flaws of single pictures and of stretches of video; none of them mutes a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from polyplive.review.quality.flaws import ACROSS, frame_flaws, picture_figures
from polyplive.review.quality.spans import QualitySpans
from polyplive.review.timeline import Quality, QualitySpan
from polyplive.sources.file import FileSource
from polyplive.sources.synthetic import RenderedColon
from polyplive.system.assets import asset
from polyplive.types import Frame, Roi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def colon() -> NDArray[np.uint8]:
    return RenderedColon(width=320, height=256, seed=DEMO, frames=40, border=False).render(20)[0]


DEMO = 2026


def flaws(image: NDArray[np.uint8]) -> frozenset[Quality]:
    return frame_flaws(Frame(np.ascontiguousarray(image)), Roi(0, 0, image.shape[1], image.shape[0]))


def test_mucosa_has_no_flaw_and_each_flaw_is_told_by_its_name(colon: NDArray[np.uint8]) -> None:
    assert flaws(colon) == frozenset()
    assert flaws(cv2.GaussianBlur(colon, (0, 0), 6)) == {Quality.BLURRED}
    assert flaws((colon * 0.2).astype(np.uint8)) == {Quality.DARK}
    assert flaws(cv2.add(colon, np.full_like(colon, 130))) == {Quality.BRIGHT}
    assert flaws(np.ascontiguousarray(colon[..., ::-1])) == {Quality.OUTSIDE}
    hsv = cv2.cvtColor(colon, cv2.COLOR_BGR2HSV)
    hsv[..., 0] = 28
    assert flaws(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)) == {Quality.COVERED}


def test_what_lies_around_the_field_of_view_does_not_count(colon: NDArray[np.uint8]) -> None:
    wide = np.full((256, 640, 3), 255, np.uint8)
    wide[:, 320:] = colon
    assert frame_flaws(Frame(wide), Roi(320, 0, 320, 256)) == frozenset()
    assert flaws(wide) == {Quality.BRIGHT}


def test_the_demo_has_no_stretch_with_a_flaw() -> None:
    source, spans = FileSource(asset("demo.mp4")), QualitySpans(1 / 25)
    for frame in every_tenth(source):
        spans.add(frame.pts_s or 0.0, frame_flaws(frame, Roi(0, 0, frame.width, frame.height)))
    source.close()
    assert spans.spans() == ()


def every_tenth(source: FileSource) -> Iterator[Frame]:
    while (frame := source.read()) is not None:
        if frame.index % 10 == 0:
            yield frame


def test_hardly_a_real_picture_is_blurred_and_all_are_once_they_are_blurred(kvasir_validation: Path) -> None:
    pictures = [cv2.imread(str(path)) for path in sorted((kvasir_validation / "images").iterdir())]
    small = (ACROSS, ACROSS)
    sharp = [picture_figures(cv2.resize(one, small, interpolation=cv2.INTER_AREA)).flaws for one in pictures]
    soft = [cv2.GaussianBlur(one, (0, 0), 4) for one in pictures]
    blurred = [picture_figures(cv2.resize(one, small, interpolation=cv2.INTER_AREA)).flaws for one in soft]
    assert sum(map(bool, sharp)) <= 3
    assert sum(Quality.BLURRED in found for found in blurred) >= 97


def test_short_flaws_are_left_out_and_short_breaks_bridged() -> None:
    spans = QualitySpans(0.1)
    flawed = {*range(10, 20), *range(22, 30), 50, 51, *range(70, 80)}
    for index in range(80):
        spans.add(index / 10, {Quality.BLURRED} if index in flawed else set())
    assert spans.spans() == (
        QualitySpan(Quality.BLURRED, pytest.approx(1.0), pytest.approx(3.0)),
        QualitySpan(Quality.BLURRED, pytest.approx(7.0), pytest.approx(8.0)),
    )


def test_two_flaws_at_once_are_two_stretches() -> None:
    spans = QualitySpans(0.1)
    for index in range(20):
        spans.add(index / 10, {Quality.BLURRED, *([Quality.COVERED] if index >= 10 else [])})
    assert [(span.quality, span.start_s) for span in spans.spans()] == [
        (Quality.BLURRED, 0.0),
        (Quality.COVERED, 1.0),
    ]
