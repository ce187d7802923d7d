"""What a session's heatmap explains: each finding alone, or what nearly fired, through the graph that is shipped."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from export_helpers import demo_pictures

from polyplive.backends.cam_target import MOST_REGIONS, nearest, regions
from polyplive.backends.factory import open_engine
from polyplive.backends.map_engine import open_map_engine
from polyplive.cli import main
from polyplive.config import EngineOptions, PipelineSettings, Settings
from polyplive.errors import ConfigError, EngineClosed, ModelNotFound
from polyplive.manifest import FAST, LIGHT, shipped_models
from polyplive.pipeline.pipeline import Pipeline

DEMO = str(Path(__file__).parents[2] / "assets" / "demo.mp4")
EXACT = EngineOptions(precision="float32", threads=1)


def opened(target: str, model: str = FAST, **options: object):
    return open_engine(model, "openvino", dataclasses.replace(EXACT, cam_target=target), **options)


def two_polyps(picture: np.ndarray) -> np.ndarray:
    """A picture [1, H, W, 3] twice, squeezed sideways: itself and its mirror image."""
    half = cv2.resize(picture[0], (picture.shape[2] // 2, picture.shape[1]), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))[None]


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
    first, second = regions(found.probability > 0.5, 2)
    for one in (first, second):
        own = maps.explain(picture, one).maps[each.spec.manifest.cam]
        cells = cv2.resize(one.astype(np.uint8), own.shape[::-1], interpolation=cv2.INTER_AREA) > 0
        np.testing.assert_allclose(found.cam[cells], own[cells], atol=1e-3 * own.max())
        assert found.cam[cells].sum() > 0.5 * own.sum(), "and its energy lies in its own polyp"
    maps.close()


def test_one_polyp_alone_costs_nothing_and_has_the_usual_map(each, usual) -> None:
    picture = demo_pictures(each.spec.height)[1]
    assert len(regions(usual.infer(picture).probability > 0.5, 9)) == 1
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
    (near, *_) = regions(found.probability > low, 1)
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


def test_of_many_regions_the_smallest_keep_the_map_of_all(each, usual) -> None:
    side = each.spec.height
    small = cv2.resize(demo_pictures(side)[1][0], (side // 3 + 1, side // 3 + 1), interpolation=cv2.INTER_AREA)
    picture = np.ascontiguousarray(np.tile(small, (3, 3, 1))[:side, :side])[None]
    whole = usual.infer(picture)
    found = regions(whole.probability > 0.5, 20)
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


def test_heat_of_what_nearly_fired_is_shown_everywhere() -> None:
    """It has no finding to be shown at."""
    assert Settings(engine=EngineOptions(cam_target="nearly")).overlay.heat_everywhere
    assert not Settings(engine=EngineOptions(cam_target="each")).overlay.heat_everywhere
    with pytest.raises(ConfigError, match="one of: each, mask, nearly"):
        EngineOptions(cam_target="none")


def test_a_replay_shows_each_findings_own_heat(tmp_path: Path) -> None:
    """Through the engine's process; findings are those of a replay without."""
    told = {}
    for target in ("mask", "each"):
        events, video = tmp_path / f"{target}.jsonl", tmp_path / f"{target}.mp4"
        options = ["--model", LIGHT, "--precision", "float32", "--start", "10", "--frames", "4", "--heatmap"]
        options += ["--cam-target", target, "--events", str(events), "--record", str(video)]
        assert main(["replay", DEMO, "--headless", *options]) == 0
        assert video.stat().st_size > 0
        lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        told[target] = [line["detections"] for line in lines if line["type"] == "frame"]
    assert told["mask"] == told["each"]
    assert any(told["mask"])


def test_the_pipeline_takes_it(each) -> None:
    picture = cv2.cvtColor(two_polyps(demo_pictures(each.spec.height)[1])[0], cv2.COLOR_RGB2BGR)
    with Pipeline(opened("each"), PipelineSettings(roi="none")) as pipeline:
        found = pipeline.process(picture)
    assert len(found.detections) == 2
    assert found.cam.max() > 0
