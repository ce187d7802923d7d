"""One call path for a frame: coordinates there and back, the same answers every run, nothing carried too far."""

from __future__ import annotations

import numpy as np
import pytest
from colour_engine import MANIFEST, ColourEngine, SpoiltEngine, red_disc

from polyplive.config import PipelineSettings
from polyplive.errors import ConfigError, EngineClosed, NotFinite
from polyplive.pipeline.pipeline import Pipeline
from polyplive.types import Frame, Roi


def frame(image: np.ndarray, index: int = 0) -> Frame:
    return Frame(image, index, index / 25, 0.0, decode_ms=1.5)


@pytest.mark.parametrize("roi", ["none", "40,20,200,160"])
def test_a_disc_is_found_where_it_is(roi: str) -> None:
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi=roi))
    prediction = pipeline.process(frame(red_disc(320, 240, (150, 100), 40)))
    (detection,) = prediction.detections
    x, y, width, height = detection.bbox
    assert abs(x + width / 2 - 150.5) < 3
    assert abs(y + height / 2 - 100.5) < 3
    assert abs(width - 80) < 6
    assert detection.area_px == pytest.approx(np.pi * 40**2, rel=0.06)
    expected = Roi(0, 0, 320, 240) if roi == "none" else Roi(40, 20, 200, 160)
    assert prediction.roi == expected


def test_outside_the_region_nothing_is_seen() -> None:
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="0,0,100,100"))
    assert pipeline.process(frame(red_disc(320, 240, (250, 180), 30))).detections == ()


def test_stage_times_and_index_are_the_frames_own() -> None:
    prediction = Pipeline(ColourEngine()).process(frame(red_disc(64, 64, (32, 32), 12), index=7))
    assert prediction.index == 7
    assert prediction.stages.decode_ms == 1.5
    assert prediction.stages.infer_ms > 0
    assert prediction.completed_s > 0


def test_the_threshold_is_the_models_unless_given() -> None:
    assert Pipeline(ColourEngine()).threshold == 0.5
    assert Pipeline(ColourEngine(), PipelineSettings(threshold=0.7)).threshold == 0.7


def test_without_heatmap_the_gradient_is_not_asked_for() -> None:
    engine = ColourEngine()
    prediction = Pipeline(engine).process(frame(red_disc(64, 64, (32, 32), 12)), cam=False)
    assert prediction.cam is None
    assert engine.cams == [False]


def test_the_heatmaps_scale_follows_the_masks_share_not_the_maps_maximum() -> None:
    small, large = (
        Pipeline(ColourEngine(), PipelineSettings(roi="none")).process(frame(red_disc(256, 256, (128, 128), radius)))
        for radius in (30, 60)
    )
    assert large.cam_full_scale / small.cam_full_scale == pytest.approx(4, rel=0.15)


def test_tracks_last_until_a_reset() -> None:
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="none"))
    near = [pipeline.process(frame(red_disc(320, 240, (100 + 5 * step, 100), 30), step)) for step in range(4)]
    assert {prediction.detections[0].track for prediction in near} == {1}
    pipeline.reset()
    assert pipeline.process(frame(red_disc(320, 240, (115, 100), 30))).detections[0].track == 2


def test_a_speck_that_is_no_finding_gets_no_strong_heatmap() -> None:
    """A few pixels of mask must not be scaled up as if they were a polyp."""
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="none"))
    empty = pipeline.process(frame(red_disc(256, 256, (128, 128), 3)))
    polyp = pipeline.process(frame(red_disc(256, 256, (128, 128), 40)))
    smallest = PipelineSettings().min_area * empty.probability.size
    assert empty.cam_full_scale >= MANIFEST.cam_full_scale * smallest / empty.probability.size
    assert polyp.cam_full_scale > 10 * empty.cam_full_scale


def test_after_a_seek_the_field_of_view_is_kept() -> None:
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="auto"))
    image = np.zeros((240, 320, 3), np.uint8)
    image[40:200, 60:260] = red_disc(200, 160, (100, 80), 30)
    inner = [pipeline.process(frame(image, step)).roi for step in range(30)][-1]
    pipeline.reset(same_source=True)
    covered = np.full_like(image, 120)
    assert pipeline.process(frame(covered, 30)).roi == inner
    pipeline.reset()
    assert pipeline.process(frame(covered, 31)).roi != inner


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("spoilt", ["probability", "CAM"])
def test_an_answer_without_numbers_is_an_error(spoilt: str, value: float) -> None:
    pipeline = Pipeline(SpoiltEngine(spoilt, value), PipelineSettings(roi="none"))
    with pytest.raises(NotFinite, match=rf"The model's {spoilt} holds .* \(colour\)"):
        pipeline.process(frame(red_disc(64, 64, (32, 32), 10)))


def test_closing_the_pipeline_closes_its_engine() -> None:
    engine = ColourEngine()
    with Pipeline(engine) as pipeline:
        pass
    with pytest.raises(EngineClosed):
        pipeline.process(frame(red_disc(64, 64, (32, 32), 12)))


@pytest.mark.parametrize("roi", ["1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5", "everything"])
def test_a_wrong_region_is_named(roi: str) -> None:
    with pytest.raises(ConfigError, match=roi):
        Pipeline(ColourEngine(), PipelineSettings(roi=roi))


def test_where_the_size_changes_findings_begin_anew_in_the_frames_own_pixels() -> None:
    """The same place in pixels is another place of the picture: a track that went on would be another polyp's."""
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="none"))
    seen = []
    for step, (width, height) in enumerate([(320, 240)] * 3 + [(640, 360)] * 3 + [(320, 240)] * 3):
        prediction = pipeline.process(frame(red_disc(width, height, (150, 100), 40), step))
        (detection,) = prediction.detections
        x, y, box_width, box_height = detection.bbox
        assert (prediction.size, prediction.roi) == ((width, height), Roi(0, 0, width, height))
        assert [x + box_width / 2, y + box_height / 2] == pytest.approx([150.5, 100.5], abs=6)
        seen.append(detection.track)
    assert seen == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_evidence_from_before_a_change_of_size_does_not_count() -> None:
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="none", min_frames=3))
    sizes = [(320, 240)] * 2 + [(640, 360)] * 4
    shown = [len(pipeline.process(frame(red_disc(*size, (150, 100), 40))).detections) for size in sizes]
    assert shown == [0, 0, 0, 0, 1, 1]


def test_a_given_region_holds_for_the_size_it_was_given_for() -> None:
    """Elsewhere its pixels are another part of the picture, or none: there the picture is looked for."""
    pipeline = Pipeline(ColourEngine(), PipelineSettings(roi="40,20,200,160"))
    sizes = [(320, 240), (640, 360), (160, 120), (320, 240)]
    regions = [pipeline.process(frame(red_disc(*size, (60, 50), 30))).roi for size in sizes]
    assert regions == [Roi(40, 20, 200, 160), Roi(0, 0, 640, 360), Roi(0, 0, 160, 120), Roi(40, 20, 200, 160)]
    fresh = Pipeline(ColourEngine(), PipelineSettings(roi="40,20,200,160"))
    with pytest.raises(ConfigError, match="outside of frames of 160x120"):
        fresh.process(frame(red_disc(160, 120, (60, 50), 30)))
