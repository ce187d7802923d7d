"""Manifests: read back as written, and refused with the reason when they do not fit."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from colour_engine import MANIFEST

from polyplive.errors import ManifestError
from polyplive.manifest import find_model, load_manifest, sha256_of, shipped_models


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"a graph")
    manifest = dataclasses.replace(MANIFEST, sha256=sha256_of(path))
    path.with_suffix(".json").write_text(manifest.to_json(), encoding="utf-8")
    return path


def test_what_is_written_is_read_back(graph: Path) -> None:
    assert load_manifest(graph) == dataclasses.replace(MANIFEST, sha256=sha256_of(graph))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"schema": 99}, "99"),
        ({"input_height": 0}, "size"),
        ({"threshold": "half"}, "threshold"),
        ({"cam_full_scale": -1}, "CAM scale"),
        ({"colour": "red"}, "colour"),
        ({"sha256": "f" * 64}, "SHA-256"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(graph: Path, change: dict, named: str) -> None:
    path = graph.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ManifestError, match=named) as caught:
        load_manifest(graph)
    assert "\n" not in str(caught.value)


def test_shipped_models_are_found_by_name_and_hold_what_they_say() -> None:
    assert "unet-lite0" in shipped_models()
    for name in shipped_models():
        manifest = load_manifest(find_model(name))
        assert manifest.name == name
        assert manifest.licences
        assert manifest.training
        assert manifest.metrics


def test_a_path_is_a_model_too(graph: Path) -> None:
    assert find_model(graph) == graph
