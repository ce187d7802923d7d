"""The real TensorRT-RTX builder, which needs no GPU: every shipped graph becomes an engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from polyplive.export.precision.float16_file import float16_file

from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.backends.tensorrt.plan import MASK, MASK_AND_CAM, build_plan
from polyplive.errors import BuildError
from polyplive.manifest import shipped_models

pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed (extra 'tensorrt')")


@pytest.fixture(scope="module")
def flavour():
    import tensorrt_rtx

    from polyplive.backends.tensorrt.flavour import Flavour

    return Flavour("tensorrt_rtx", tensorrt_rtx.__version__, tensorrt_rtx)


@pytest.mark.parametrize("name", shipped_models())
def test_every_shipped_graph_builds_and_the_mask_alone_is_smaller(flavour, name: str) -> None:
    shares: list[float] = []
    graph = shipped_models()[name]
    whole = build_plan(flavour, graph, MASK_AND_CAM, for_this_gpu=False, progress=shares.append)
    mask = build_plan(flavour, graph, MASK, for_this_gpu=False)
    assert 0.4 * len(graph_bytes(graph)) < len(mask) < len(whole)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize("name", shipped_models())
def test_in_float16_every_shipped_graph_is_half_the_engine(flavour, name: str, tmp_path: Path) -> None:
    graph = shipped_models()[name]
    whole, half = (build_plan(flavour, path, for_this_gpu=False) for path in (graph, float16_file(graph, tmp_path)))
    assert len(half) < 0.65 * len(whole)


def test_what_is_no_graph_is_one_clear_error(flavour, tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("this is no graph")
    with pytest.raises(BuildError, match=r"does not take 'text.onnx'") as caught:
        build_plan(flavour, tmp_path / "text.onnx", for_this_gpu=False)
    assert "\n" not in str(caught.value)


def test_without_a_gpu_an_engine_for_this_gpu_is_one_clear_error(flavour, shipped_graph: Path) -> None:
    from polyplive.system.machine import has_nvidia_gpu

    if has_nvidia_gpu():
        pytest.skip("there is a GPU")
    with pytest.raises(BuildError, match="could not build"):
        build_plan(flavour, shipped_graph)


def test_the_command_builds_once_and_then_finds_it(tmp_path: Path) -> None:
    from polyplive.system.machine import has_nvidia_gpu

    if has_nvidia_gpu():
        pytest.skip("tests/gpu tries it on the GPU")
    environment = os.environ | {"POLYPLIVE_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "polyplive", "build", "--precision", "float32"]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, env=environment, check=False) for _ in range(2)
    )
    assert first.returncode == second.returncode == 0, first.stderr
    assert "polyplive-fast " in first.stdout
    assert first.stdout.count("built in") == 2
    assert second.stdout.count("is sound") == 2
    assert len(list(tmp_path.glob("*.engine"))) == 2
