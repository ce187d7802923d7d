"""What a session's heatmap explains: each finding alone, or what nearly fired, through the graph that is shipped."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from export_helpers import demo_pictures, two_polyps

from polyplive.backends.cam_target import MOST_REGIONS, nearest, regions
from polyplive.backends.factory import open_engine
from polyplive.backends.map_engine import open_map_engine
from polyplive.cli import main
from polyplive.config import EngineOptions, PipelineSettings, Settings, of_mask
from polyplive.errors import ConfigError, EngineClosed, ModelNotFound
from polyplive.manifest import FAST, LIGHT, shipped_models
from polyplive.overlay.compositor import marks
from polyplive.overlay.heat_levels import heat_levels
from polyplive.overlay.regions import Outline
from polyplive.overlay.target import Target
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sessions.opening import open_model
from polyplive.sources.file import FileSource
from polyplive.types import Frame, OverlaySettings, Prediction

DEMO = str(Path(__file__).parents[2] / "assets" / "demo.mp4")
EXACT = EngineOptions(precision="float32", threads=1)


def opened(target: str, model: str = FAST, **options: object):
    return open_engine(model, "openvino", dataclasses.replace(EXACT, cam_target=target), **options)


@pytest.fixture(scope="module")
def each():
    engine = opened("each")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def usual():
    engine = opened("mask")
    yield engine
    engine.close()


def test_each_polyp_has_the_map_that_it_has_alone(each, usual) -> None:
    picture = two_polyps(demo_pictures(each.spec.height)[1])
    found, whole = each.infer(picture), usual.infer(picture)
    assert np.array_equal(found.probability, whole.probability), "the mask is not touched"
    assert found.cam.shape == whole.cam.shape
    assert each.spec == dataclasses.replace(usual.spec, cam_target="each")
    maps = open_map_engine(shipped_models()[FAST], threads=1)
    first, second = regions(found.probability > 0.5)
    for one in (first, second):
        own = maps.explain(picture, one).maps[each.spec.manifest.cam]
        cells = cv2.resize(one.astype(np.uint8), own.shape[::-1], interpolation=cv2.INTER_AREA) > 0
        np.testing.assert_allclose(found.cam[cells], own[cells], atol=1e-3 * own.max())
        assert found.cam[cells].sum() > 0.5 * own.sum(), "and its energy lies in its own polyp"
    maps.close()


def test_one_polyp_alone_costs_nothing_and_has_the_usual_map(each, usual) -> None:
    picture = demo_pictures(each.spec.height)[1]
    assert len(regions(usual.infer(picture).probability > 0.5)) == 1
    assert np.array_equal(each.infer(picture).cam, usual.infer(picture).cam)
    assert each.infer(picture, cam=False).cam is None


def test_several_pictures_at_once_have_the_same_maps(each) -> None:
    pictures = [two_polyps(picture) for picture in demo_pictures(each.spec.height)[:3]]
    several = opened("each", is_parallel=True)
    pending = [several.start(picture) for picture in pictures]
    for picture, one in zip(pictures, pending, strict=True):
        found, alone = one.result(), each.infer(picture)
        np.testing.assert_allclose(found.cam, alone.cam, atol=1e-3 * alone.cam.max())
    several.close()
    several.close()
    with pytest.raises(EngineClosed):
        several.infer(pictures[0])


def test_what_nearly_fired_is_what_lies_between_two_thresholds() -> None:
    """The picture is made fainter until its polyp is no longer marked: what is left of it nearly fires."""
    engine = opened("nearly")
    sharp = demo_pictures(engine.spec.height)[1].astype(np.float32)
    assert engine.infer(sharp.astype(np.uint8)).cam.max() == 0, "a polyp that fires has not nearly fired"
    low, high = 0.5 * engine.spec.manifest.threshold, engine.spec.manifest.threshold
    grey = sharp.mean(axis=(1, 2), keepdims=True)
    faint, fires = 0.0, 1.0
    for _ in range(14):
        share = (faint + fires) / 2
        picture = np.rint(grey + share * (sharp - grey)).astype(np.uint8)
        is_marked = engine.infer(picture, cam=False).probability.max() > high
        faint, fires = (faint, share) if is_marked else (share, fires)
    found = engine.infer(np.rint(grey + faint * (sharp - grey)).astype(np.uint8))
    assert low < found.probability.max() <= high
    (near, *_) = regions(found.probability > low)
    cam = cv2.resize(found.cam, near.shape[::-1], interpolation=cv2.INTER_LINEAR)
    around = cv2.dilate(near.astype(np.uint8), np.ones((65, 65), np.uint8)).astype(bool)
    assert cam.max() > 0
    assert cam[around].sum() > 0.9 * cam.sum()
    engine.close()


def test_a_cell_belongs_to_the_nearest_part() -> None:
    left, right = (np.zeros((40, 80), bool) for _ in range(2))
    left[10:30, 4:20], right[10:30, 60:76] = True, True
    joined = nearest([left, right], [np.full((10, 20), value, np.float32) for value in (1, 2)])
    assert joined.shape == (10, 20)
    assert (joined[:, :9] == 1).all()
    assert (joined[:, 11:] == 2).all()


def test_a_region_reaches_to_its_outline_and_specks_are_none() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:60, 10:60] = True
    mask[20:50, 20:50] = False
    mask[30:40, 30:40] = True  # in the hole: a finding's outline goes around it
    mask[70:90, 70:95] = True
    mask[95:97, 5:8] = True  # 6 pixels of 10,000
    first, second = regions(mask)
    assert first.sum() == 50 * 50 - 30 * 30 + 10 * 10
    assert np.array_equal(second, np.pad(np.ones((20, 25), bool), ((70, 10), (70, 5))))
    assert regions(np.zeros((8, 8), bool)) == []


def test_of_many_regions_the_smallest_keep_the_map_of_all(each, usual) -> None:
    side = each.spec.height
    small = cv2.resize(demo_pictures(side)[1][0], (side // 3 + 1, side // 3 + 1), interpolation=cv2.INTER_AREA)
    picture = np.ascontiguousarray(np.tile(small, (3, 3, 1))[:side, :side])[None]
    whole = usual.infer(picture)
    found = regions(whole.probability > 0.5)
    assert len(found) > MOST_REGIONS
    cam = each.infer(picture).cam
    last = cv2.resize(found[MOST_REGIONS].astype(np.uint8), cam.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    assert np.array_equal(cam[last], whole.cam[last])
    assert not np.array_equal(cam, whole.cam)


def test_a_model_without_further_maps_says_so(tmp_path: Path) -> None:
    graph = shipped_models()[LIGHT]
    for file in (graph, graph.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    with pytest.raises(ModelNotFound, match=r"'polyplive-light' has no file 'polyplive-light.maps' beside it"):
        opened("each", str(tmp_path / graph.name))
    with pytest.raises(ModelNotFound, match="or take --cam-target mask"):
        opened("nearly", str(tmp_path / graph.name))


def test_a_gpu_is_not_started_for_what_it_cannot_explain() -> None:
    """Whether there is one or not: compiling for it would take minutes."""
    with pytest.raises(ConfigError, match=r"tensorrt computes .* not of 'each'\. Take --backend openvino"):
        open_engine(FAST, "tensorrt", EngineOptions(cam_target="each"))


def test_what_nearly_fired_is_no_findings_heat() -> None:
    nearly = EngineOptions(cam_target="nearly")
    assert Settings(engine=nearly).overlay == OverlaySettings(), "which a window remembers"
    with pytest.raises(ConfigError, match="Leave out heat_of"):
        Settings(engine=nearly, overlay=OverlaySettings(heat_of=1))
    assert of_mask(nearly) == EngineOptions()
    with pytest.raises(ConfigError, match="one of: each, mask, nearly"):
        EngineOptions(cam_target="none")


def test_a_replay_shows_each_findings_own_heat(tmp_path: Path) -> None:
    """Through the engine's process, with two and three polyps on screen; findings are those of a replay without."""
    told = {}
    for target in ("mask", "each"):
        events, video = tmp_path / f"{target}.jsonl", tmp_path / f"{target}.mp4"
        options = ["--model", LIGHT, "--precision", "float32", "--start", "17.9", "--frames", "6", "--heatmap"]
        options += ["--cam-target", target, "--events", str(events), "--record", str(video)]
        assert main(["replay", DEMO, "--headless", *options]) == 0
        assert video.stat().st_size > 0
        lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        assert lines[0]["cam_target"] == target
        told[target] = [line["detections"] for line in lines if line["type"] == "frame"]
    assert told["mask"] == told["each"]
    assert {len(found) for found in told["mask"]} == {2, 3}


def demo_frame(number: int) -> Frame:
    source = FileSource(Path(DEMO))
    source.seek(number / 25)
    frame = source.read()
    source.close()
    return frame


def drawn(frame: Frame, prediction: Prediction, **overlay: object) -> np.ndarray:
    """How strong the heat is that is drawn on each pixel of ``frame``: [H, W]."""
    shown = np.zeros(frame.shape[:2])
    found = heat_levels(prediction, Target.of_frame(frame.shape), OverlaySettings(**overlay))
    if found is not None:
        shown[found.rect.slices] = np.where(found.drawn, found.levels, 0)
    return shown


def around(frame: Frame, contour: np.ndarray) -> np.ndarray:
    """The contour's inside and a margin of a tenth of the picture: bool [H, W]."""
    inside = cv2.fillPoly(np.zeros(frame.shape[:2], np.uint8), [contour], 1)
    return cv2.dilate(inside, np.ones((frame.height // 10,) * 2, np.uint8)).astype(bool)


def test_of_several_polyps_on_screen_each_has_its_own_heat() -> None:
    """Through the pipeline; a map of all of them is not the same."""
    frame = demo_frame(455)
    with Pipeline(opened("mask")) as pipeline:
        whole = pipeline.process(frame)
    with Pipeline(opened("each")) as pipeline:
        found = pipeline.process(frame)
    assert len(found.detections) == 3
    assert found.near is None
    assert np.array_equal(found.probability, whole.probability)
    assert not np.array_equal(found.cam, whole.cam)
    everywhere = drawn(frame, found, heat_everywhere=True)
    left = everywhere.copy()
    for one in found.detections:
        own = around(frame, one.contour)
        alone = drawn(frame, found, heat_of=one.track)
        assert alone.sum() > 0
        assert alone[own].sum() == alone.sum()
        left[own] = 0
    assert left.sum() < 0.05 * everywhere.sum(), "nothing but polyps is marked"


def test_what_nearly_fired_is_drawn_where_it_is_and_follows_the_sessions_threshold() -> None:
    """Frame 0 of the demo has no polyp that is marked, but one at a lower threshold."""
    frame, engine = demo_frame(0), dataclasses.replace(EXACT, cam_target="nearly")
    with open_model(FAST, backend="openvino", engine=engine) as pipeline:
        found = pipeline.process(frame)
    assert (found.detections, len(found.near)) == ((), 1)
    shown = drawn(frame, found)
    assert shown.sum() > 0
    assert shown[around(frame, found.near[0])].sum() == shown.sum()
    assert drawn(frame, dataclasses.replace(found, near=())).sum() == 0, "heat of nothing is not drawn"
    dots = [one for one in marks(Target.of_frame(frame.shape), found, OverlaySettings()) if isinstance(one, Outline)]
    assert [one.strength for one in dots] == [None], "weak heat is hard to see: its place is outlined"
    for unseen in (OverlaySettings(heatmap=False), OverlaySettings(contour=False)):
        drawn_then = marks(Target.of_frame(frame.shape), found, unseen)
        assert not [one for one in drawn_then if isinstance(one, Outline)]
    for threshold, is_marked in ((0.3, True), (0.8, False)):  # it fires; it is too far from firing
        settings = PipelineSettings(threshold=threshold)
        for isolation in (False, True):
            with open_model(
                FAST, backend="openvino", engine=engine, pipeline=settings, isolation=isolation
            ) as pipeline:
                other = pipeline.process(frame)
            assert bool(other.detections) == is_marked
            assert other.near == ()
            assert other.cam.max() == 0
