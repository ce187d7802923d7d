"""A still explanation: what is shown of a finding, and how its curves come."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions, PipelineSettings
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.explanation.controls import MASK, PROBABILITY
from polyplive.explanation.curves import STEPS
from polyplive.explanation.map_names import in_words
from polyplive.explanation.map_source import OwnMap, own_name
from polyplive.explanation.still import DELETION, INSERTION, MapsCame, Still, StillRequest, explain_still
from polyplive.explanation.still_frame import StillFrame, frame_at, largest, region_of
from polyplive.manifest import LIGHT
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sessions.opening import open_video
from polyplive.types import Roi


@pytest.fixture(scope="module")
def pipeline():
    with Pipeline(open_engine(LIGHT, "openvino", EngineOptions(threads=1)), PipelineSettings()) as made:
        yield made


@pytest.fixture(scope="module")
def frame(pipeline: Pipeline) -> StillFrame:
    with open_video(demo_clip()) as source:
        shown = frame_at(source, 5.0)
    prediction = pipeline.process(shown, cam=True)
    return StillFrame(shown, prediction, largest(prediction.detections))


def test_maps_come_first_then_the_curves_point_by_point(pipeline: Pipeline, frame: StillFrame) -> None:
    request = frame.request(pipeline.engine.spec, pipeline.settings)
    still = Still(len(request.targets))
    assert still.total is None
    for news in explain_still(request, OwnMap(pipeline.engine), pipeline.engine):
        assert isinstance(news, MapsCame) == (still.total is None)
        still.add(news)
    assert still.done == still.total == 4 * 2 * (STEPS + 1)
    found = still.findings[0]
    own = found.maps[0]
    assert own.name == own_name(pipeline.engine.spec)
    np.testing.assert_array_equal(own.values, frame.prediction.cam)
    assert own.full_scale == pytest.approx(frame.prediction.cam_full_scale)
    curves = [found.curves[own.name, kind] for kind in (DELETION, INSERTION)]
    assert curves[0][0].score == pytest.approx(curves[1][-1].score)  # the frame as it is
    assert curves[0][-1].score == pytest.approx(curves[1][0].score)  # all of it blurred
    assert curves[0][0].score > 0.5 > curves[0][-1].score


def test_the_controls_of_a_finding_know_nothing_of_the_other_ones(pipeline: Pipeline, frame: StillFrame) -> None:
    asked = frame.request(pipeline.engine.spec, pipeline.settings)
    one, other = asked.targets[0], np.zeros_like(asked.targets[0])
    other[:20, :20] = True
    request = StillRequest(asked.tensor, (one, other), asked.threshold, asked.min_area)
    source = OwnMap(pipeline.engine)
    maps = [news.maps for news in explain_still(request, source, pipeline.engine) if isinstance(news, MapsCame)]
    shown = [{each.name: each.values for each in found} for found in maps]
    np.testing.assert_array_equal(shown[0][MASK] > 0, one)
    np.testing.assert_array_equal(shown[1][MASK] > 0, other)
    assert not shown[1][PROBABILITY][one].any()
    assert shown[0][PROBABILITY][one].min() > 0


def test_without_a_finding_the_whole_answer_is_explained_and_there_are_no_curves(pipeline: Pipeline) -> None:
    spec = pipeline.engine.spec
    request = StillRequest(np.zeros((1, spec.height, spec.width, 3), np.uint8), (), 0.5, 0.002)
    still = Still(0)
    for news in explain_still(request, OwnMap(pipeline.engine), pipeline.engine):
        still.add(news)
    assert still.has_no_map
    assert (still.done, still.total) == (0, 0)


def test_a_region_is_the_finding_in_the_model_s_picture() -> None:
    roi = Roi(100, 50, 400, 200)
    contour = np.array([[200, 100], [299, 100], [299, 149], [200, 149]], np.int32)
    region = region_of(contour, roi, 100, 100)
    rows, columns = np.nonzero(region)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (25, 49, 25, 49)
    assert region.sum() == 25 * 25
    speck = np.array([[101, 51], [102, 51], [102, 52]], np.int32)
    assert region_of(speck, roi, 10, 10).sum() == 1


def test_maps_are_called_by_words() -> None:
    assert in_words("grad-cam:decoder.0").title == "Grad-CAM, decoder stage 0"
    assert in_words("hires-cam:encoder.bottleneck").title == "HiResCAM, encoder bottleneck"
    assert "encoder.stages" in in_words("layer-cam:encoder.stages,decoder.1").origin
    assert "(encoder.bottleneck, decoder.1)" in in_words("multi-level:encoder.bottleneck,decoder.1").origin
    assert in_words("new-cam:head").title == "new-cam, head"
