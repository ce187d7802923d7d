"""Further heatmaps of the shipped models: the files beside them, against float64 hooks, and what they explain."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from export_helpers import demo_pictures, two_polyps
from polyplive.export.graph.by_hooks import cam_by_hooks
from polyplive.export.graph.cam.spec import cam_spec
from polyplive.export.graph.read_back import deployed_from_graph

from polyplive.backends.factory import open_engine
from polyplive.backends.map_engine import MapEngine, open_map_engine
from polyplive.backends.map_graph import explain_file
from polyplive.backends.onnx_file.borrowed_weights import with_borrowed
from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.config import EngineOptions
from polyplive.errors import EngineClosed, ModelError, ModelNotFound
from polyplive.manifest import ACCURATE, FAST, LIGHT, shipped_models


@pytest.fixture(scope="module")
def fast() -> Path:
    return shipped_models()[FAST]


@pytest.fixture(scope="module")
def maps(fast: Path):
    engine = open_map_engine(fast)
    yield engine
    engine.close()


@pytest.mark.parametrize("name", [FAST, LIGHT, ACCURATE])
def test_every_shipped_model_has_further_maps_and_its_own_is_the_first(name: str) -> None:
    graph = shipped_models()[name]
    engine, own = open_map_engine(graph), open_engine(graph, "openvino", EngineOptions(precision="float32"))
    assert engine.names[0] == engine.spec.manifest.cam
    picture = demo_pictures(engine.spec.height)[1]
    found, wanted = engine.explain(picture), own.infer(picture)
    np.testing.assert_allclose(found.probability, wanted.probability, atol=1e-4)
    assert wanted.cam.max() > 0
    np.testing.assert_allclose(found.maps[engine.names[0]], wanted.cam, atol=1e-3 * wanted.cam.max())
    own.close()
    engine.close()


def test_every_map_equals_float64_hooks_on_openvino_and_onnx_runtime(fast: Path, maps: MapEngine) -> None:
    network = deployed_from_graph(fast)
    exact = network.double()
    bytes_ = with_borrowed(explain_file(fast).read_bytes(), graph_bytes(fast))
    session = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
    for picture in demo_pictures(maps.spec.height)[:3]:
        found = maps.explain(picture)
        target = found.probability > 0.5
        feed = {"frame": picture, "target": target[None, None].astype(np.float32)}
        by_other = dict(zip(maps.names, session.run(list(maps.names), feed), strict=True))
        for name in maps.names:
            weights = torch.from_numpy(target[None, None].astype(np.float64))
            wanted = cam_by_hooks(exact, torch.from_numpy(picture), cam_spec(name, network), weights)[1].numpy()[0, 0]
            for given in (found.maps[name], by_other[name][0, 0]):
                apart = np.abs(given - wanted) / wanted.max()
                # float32 puts a value on the other side of a ReLU now and then: a few cells of 1,936
                assert np.quantile(apart, 0.995) < 2e-3, name
                assert apart.max() < 1e-2, name


def test_each_of_two_polyps_has_a_map_of_its_own(maps: MapEngine) -> None:
    """The same rendered polyp twice: each one's map lies at it, and not at the other."""
    picture = demo_pictures(maps.spec.height)[1]
    half = picture.shape[2] // 2
    two = two_polyps(picture)
    probability = maps.explain(two).probability
    count, labels = cv2.connectedComponents((probability > 0.5).astype(np.uint8))
    areas = [int((labels == number).sum()) for number in range(1, count)]
    first, second = (labels == 1 + int(place) for place in np.argsort(areas)[-2:])
    assert first.any()
    assert second.any()
    assert abs(np.nonzero(first)[1].mean() - np.nonzero(second)[1].mean()) > half / 2, "one on each side"
    for one, other in ((first, second), (second, first)):
        explained = maps.explain(two, one).maps
        for name in maps.names:
            cam = cv2.resize(explained[name], one.shape[::-1], interpolation=cv2.INTER_LINEAR)
            if name.startswith("grad-cam"):
                continue  # averaged over the picture, it shows what looks alike wherever that is
            near = cv2.dilate(one.astype(np.uint8), np.ones((65, 65), np.uint8)).astype(bool)
            assert cam[near].sum() > 0.9 * cam.sum(), name
            assert cam[one].sum() > 10 * cam[other].sum(), name


def test_a_target_of_nothing_explains_nothing(maps: MapEngine) -> None:
    picture = demo_pictures(maps.spec.height)[1]
    nothing = np.zeros((maps.spec.height, maps.spec.width), bool)
    assert all(cam.max() == 0 for cam in maps.explain(picture, nothing).maps.values())


def test_what_is_wrong_is_said(fast: Path, maps: MapEngine, tmp_path: Path) -> None:
    picture = demo_pictures(maps.spec.height)[0]
    with pytest.raises(ValueError, match="the target has the shape"):
        maps.explain(picture, np.zeros((8, 8), bool))
    graph = tmp_path / fast.name
    shutil.copy(fast, graph)
    shutil.copy(fast.with_suffix(".json"), graph.with_suffix(".json"))
    with pytest.raises(ModelNotFound, match="has no file"):
        open_map_engine(graph)
    shutil.copy(explain_file(shipped_models()[LIGHT]), explain_file(graph))
    with pytest.raises(ModelError, match="is of another graph"):
        open_map_engine(graph)
    explain_file(graph).write_bytes(explain_file(fast).read_bytes()[:-50])
    with pytest.raises(ModelError) as caught:
        open_map_engine(graph)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="the model has no weight"):
        with_borrowed(explain_file(fast).read_bytes(), graph_bytes(shipped_models()[ACCURATE]))


def test_after_its_end_it_says_so(fast: Path) -> None:
    engine = open_map_engine(fast, threads=1)
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.explain(demo_pictures(engine.spec.height)[0])
