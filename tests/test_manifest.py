"""Manifests: read back as written, and refused with the reason when they do not fit."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from colour_engine import MANIFEST

from polyplive.backends.auto_model import find_model
from polyplive.errors import ManifestError, ModelNotFound
from polyplive.manifest import ACCURATE, FAST, LIGHT, load_manifest, sha256_of, shipped_models
from polyplive.system import machine


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
        ({"input_height": 0}, "'input_height' is 0. It must be a whole number from 1 to 65536"),
        ({"threshold": "half"}, "threshold"),
        ({"threshold": 7}, "threshold"),
        ({"threshold": True}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"cam_full_scale": float("inf")}, "cam_full_scale"),
        ({"cam_full_scale": 10**400}, "cam_full_scale"),
        ({"input_height": 10**400}, "input_height"),
        ({"sha256": 5}, "sha256"),
        ({"tensors": 5}, "tensors"),
        ({"name": None}, "name"),
        ({"licences": "all"}, "licences"),
        ({"cam_full_scale": -1}, "cam_full_scale"),
        ({"colour": "red"}, "colour"),
        ({"treshold": 0.5}, "Did you mean 'threshold'"),
        ({"sha256": "f" * 64}, "SHA-256"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(graph: Path, change: dict, named: str) -> None:
    path = graph.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ManifestError, match=named) as caught:
        load_manifest(graph)
    assert "\n" not in str(caught.value)


def test_a_manifest_nested_too_deep_is_refused(graph: Path) -> None:
    graph.with_suffix(".json").write_text("[" * 200_000 + "]" * 200_000)
    with pytest.raises(ManifestError, match="nested"):
        load_manifest(graph)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_no_manifest(graph: Path) -> None:
    graph.with_suffix(".json").unlink()
    os.mkfifo(graph.with_suffix(".json"))
    with pytest.raises(ManifestError, match="not a file"):
        load_manifest(graph)


@pytest.mark.parametrize("name", ["~nobody-of-that-name/m.onnx", "m" * 5000, "a\0b"])
def test_what_cannot_be_a_path_is_no_model(name: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        find_model(name)
    assert len(str(caught.value)) < 250


def test_shipped_models_are_found_by_name_and_hold_what_they_say() -> None:
    assert {FAST, LIGHT, ACCURATE} == set(shipped_models())
    for name in shipped_models():
        manifest = load_manifest(find_model(name))
        assert manifest.name == name
        assert manifest.licences
        assert manifest.training
        assert manifest.metrics


def test_a_path_is_a_model_too(graph: Path) -> None:
    assert find_model(graph) == graph


@pytest.mark.parametrize(
    ("flags", "matrices", "bfloat16"),
    [("flags : fpu amx_bf16 amx_tile", True, True), ("flags : fpu avx512_bf16", False, True), ("", False, False)],
)
def test_what_a_processor_has_is_told_from_its_flags(
    monkeypatch: pytest.MonkeyPatch, flags: str, matrices: bool, bfloat16: bool
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: f"model name : x\n{flags}\n")
    assert machine.has_matrix_unit() is matrices
    assert machine.has_bfloat16() is bfloat16


@pytest.mark.parametrize("name", [FAST, LIGHT, ACCURATE])
def test_a_manifest_says_how_its_file_keeps_the_weights(name: str) -> None:
    graph = find_model(name)
    assert (load_manifest(graph).weights == "int8") == (b"DequantizeLinear" in graph.read_bytes())
