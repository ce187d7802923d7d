"""What the adapter asks of CUDA and TensorRT, of either flavour, checked on an imitation that computes for real."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from export_helpers import exporting_once, overflowing_network, tiny_checkpoint
from fake_gpu.driver import FakeDriver
from fake_gpu.tensorrt import FakeTensorRt
from polyplive.export.graph.export_model import ExportSettings, export_model

from polyplive.backends.factory import open_engine
from polyplive.backends.tensorrt import backend as tensorrt_backend
from polyplive.backends.tensorrt.engine import TensorRtEngine
from polyplive.config import EngineOptions
from polyplive.errors import (
    BackendUnavailable,
    BuildError,
    ConfigError,
    DeviceLost,
    EngineClosed,
    InferenceError,
)

FLOAT32 = EngineOptions(precision="float32")


def picture(engine, seed: int = 0) -> np.ndarray:
    side = engine.spec.height
    rows, columns = np.mgrid[:side, :side]
    dome = np.clip(1.2 - np.hypot(rows - 150 - 9 * seed, columns - 170) / 70, 0, 1)[..., None]
    return (np.array([200, 130, 110.0]) * (1 - dome) + np.array([235, 90, 80.0]) * dome).astype(np.uint8)[None]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that computes in no time, where it does not matter what it answers."""
    folder = tmp_path_factory.mktemp("small")
    with exporting_once():
        return export_model(ExportSettings(tiny_checkpoint(folder / "best.pt"), "tiny", folder)).graph


@pytest.fixture(scope="module")
def overflowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made before there is an imitation, which the exporter would ask for what no imitation has."""
    folder = tmp_path_factory.mktemp("overflowing")
    checkpoint = tiny_checkpoint(folder / "best.pt", overflowing_network())
    with exporting_once():
        return export_model(ExportSettings(checkpoint, "tiny", folder)).graph


def test_it_gives_what_the_reference_gives(tensorrt: FakeTensorRt, shipped_graph: Path) -> None:
    engine = open_engine(shipped_graph, "tensorrt", FLOAT32)
    reference = open_engine(shipped_graph, "onnxruntime")
    for seed in (0, 3):
        given, wanted = engine.infer(picture(engine, seed)), reference.infer(picture(engine, seed))
        np.testing.assert_array_equal(given.probability, wanted.probability)
        np.testing.assert_array_equal(given.cam, wanted.cam)
    mask = engine.infer(picture(engine), cam=False)
    assert mask.cam is None
    np.testing.assert_allclose(mask.probability, engine.infer(picture(engine)).probability, atol=1e-6)
    assert (engine.spec.backend, "Imitation 1000" in engine.spec.device) == ("tensorrt", True)
    engine.close()


def test_everything_is_given_back_and_closing_twice_is_fine(
    small: Path, tensorrt: FakeTensorRt, driver: FakeDriver
) -> None:
    engine = open_engine(small, "tensorrt")
    kept = engine.infer(picture(engine)).probability
    copy = kept.copy()
    engine.infer(picture(engine, 5))
    np.testing.assert_array_equal(kept, copy)
    assert not driver.clean
    engine.close()
    engine.close()
    assert driver.clean
    with pytest.raises(EngineClosed):
        engine.infer(picture(engine))


def test_nothing_is_allocated_for_a_frame_and_the_context_is_current_only_during_it(
    small: Path, tensorrt: FakeTensorRt, driver: FakeDriver
) -> None:
    engine = open_engine(small, "tensorrt")
    engine.infer(picture(engine))
    driver.calls.clear()
    engine.infer(picture(engine))
    assert driver.calls == ["push", "htod", "execute", "dtoh", "dtoh", "synchronize", "pop"]
    engine.infer(picture(engine), cam=False)  # opens the second engine
    driver.calls.clear()
    engine.infer(picture(engine), cam=False)
    assert driver.calls == ["push", "htod", "execute", "dtoh", "synchronize", "pop"]
    assert not driver.stack
    engine.close()


def test_two_engines_in_one_thread_do_not_meet(small: Path, tensorrt: FakeTensorRt, driver: FakeDriver) -> None:
    first, second = open_engine(small, "tensorrt"), open_engine(small, "tensorrt")
    first.infer(picture(first))
    first.close()
    second.infer(picture(second))
    second.close()
    assert driver.clean


def test_a_thread_of_its_own_opens_runs_and_closes(small: Path, tensorrt: FakeTensorRt, driver: FakeDriver) -> None:
    problems: list[BaseException] = []

    def work() -> None:
        try:
            engine = open_engine(small, "tensorrt")
            engine.infer(picture(engine))
            engine.close()
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not problems
    assert driver.clean


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("an illegal memory access was encountered", DeviceLost),
        ("the launch timed out and was terminated", DeviceLost),
        ("out of memory", InferenceError),
        ("invalid argument", InferenceError),
    ],
)
def test_the_drivers_errors_are_ours(
    small: Path, tensorrt: FakeTensorRt, driver: FakeDriver, words: str, kind: type[Exception]
) -> None:
    engine = open_engine(small, "tensorrt")
    driver.fail["synchronize"] = words
    with pytest.raises(kind, match=words) as caught:
        engine.infer(picture(engine))
    assert type(caught.value) is kind
    assert caught.value.hint
    assert not driver.stack
    driver.fail.clear()
    engine.close()
    assert driver.clean


def test_a_device_that_is_gone_does_not_keep_the_engine_from_closing(
    small: Path, tensorrt: FakeTensorRt, driver: FakeDriver
) -> None:
    engine = open_engine(small, "tensorrt")
    driver.fail["push"] = "device lost"
    with pytest.raises(DeviceLost):
        engine.infer(picture(engine))
    engine.close()
    with pytest.raises(EngineClosed):
        engine.infer(picture(engine))


def test_what_failed_to_open_leaves_nothing_behind(tensorrt: FakeTensorRt, driver: FakeDriver) -> None:
    tensorrt.complaint = "Conv_7 has no implementation"
    with pytest.raises(BuildError, match="Conv_7 has no implementation"):
        open_engine("polyplive-fast", "tensorrt")
    assert driver.clean


def test_auto_falls_back_and_says_why(tensorrt: FakeTensorRt, driver: FakeDriver) -> None:
    driver.fail["init"] = "no CUDA-capable device is detected"
    lines: list[str] = []
    engine = open_engine("polyplive-fast", "auto", notify=lines.append)
    assert engine.spec.backend == "openvino"
    *_, passed_over, chosen = lines
    assert "no CUDA-capable device" in passed_over
    assert passed_over.endswith("running on openvino")
    assert chosen == "Backend openvino: the fastest on a processor; the GPU is not used"
    engine.close()
    with pytest.raises(BackendUnavailable, match="no CUDA-capable device"):
        open_engine("polyplive-fast", "tensorrt")


def test_auto_takes_the_gpu_in_float16_and_says_so(tensorrt: FakeTensorRt) -> None:
    lines: list[str] = []
    engine = open_engine("polyplive-fast", "auto", notify=lines.append)
    assert (engine.spec.backend, engine.spec.manifest.name) == ("tensorrt", "polyplive-fast-fp16")
    assert "float16" in lines[0]
    assert lines[1].startswith("Backend tensorrt: an NVIDIA GPU is here")
    engine.close()


def test_a_model_that_overflows_in_float16_runs_in_float32_and_says_so(
    overflowing: Path, tensorrt: FakeTensorRt
) -> None:
    tensorrt.rounds = True
    lines: list[str] = []
    engine = open_engine(overflowing, "tensorrt", notify=lines.append)
    assert engine.spec.manifest.name == "tiny"
    assert lines[-1] == "In float16 the answers of 'tiny' are not numbers: TensorRT runs it in float32"
    engine.close()
    with pytest.raises(BackendUnavailable, match="are not numbers"):
        open_engine(overflowing, "tensorrt", EngineOptions(precision="float16"))


def test_a_gpu_that_is_lost_while_float16_is_tried_is_given_back(
    tensorrt: FakeTensorRt, driver: FakeDriver, shipped_graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(engine: TensorRtEngine) -> bool:
        assert not driver.clean
        raise DeviceLost("The GPU is gone")

    monkeypatch.setattr(tensorrt_backend, "stays_finite", lose)
    with pytest.raises(DeviceLost):
        open_engine(shipped_graph, "tensorrt")
    assert driver.clean


def test_a_precision_that_is_not_there_is_one_clear_error(
    tensorrt: FakeTensorRt, shipped_graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("precision.float16_file", "graph.model_file", "precision.narrow_graph"):
        monkeypatch.delitem(sys.modules, f"polyplive.export.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)  # as where it is not installed
    with pytest.raises(BackendUnavailable, match=r"no float16 of .* making it needs the package onnx"):
        open_engine(shipped_graph, "tensorrt", EngineOptions(precision="float16"))
    lines: list[str] = []
    engine = open_engine(shipped_graph, "tensorrt", notify=lines.append)
    assert engine.spec.manifest.precision == "float32"
    assert "needs the package onnx" in lines[0]
    engine.close()
    with pytest.raises(ConfigError, match="bfloat16"):
        open_engine("polyplive-fast", "tensorrt", EngineOptions(precision="bfloat16"))
    assert open_engine("polyplive-fast", "auto", EngineOptions(precision="bfloat16")).spec.backend == "openvino"


def test_the_second_start_builds_nothing_and_a_broken_engine_is_built_again(
    tensorrt: FakeTensorRt, tmp_path: Path
) -> None:
    lines: list[str] = []
    TensorRtEngine(shipped("polyplive-fast"), notify=lines.append).close()
    TensorRtEngine(shipped("polyplive-fast"), notify=lines.append).close()
    assert (len(tensorrt.built), lines) == (1, [])
    (plan,) = (tmp_path / "cache").glob("*-engine-*.engine")
    data = bytearray(plan.read_bytes())
    data[len(data) // 2] ^= 1
    plan.write_bytes(data)
    TensorRtEngine(shipped("polyplive-fast"), notify=lines.append).close()
    assert len(tensorrt.built) == 2
    assert len(lines) == 1
    assert "checksum" in lines[0]


def test_only_rtx_keeps_kernels_and_captures_the_run_as_a_graph(small: Path, tensorrt: FakeTensorRt) -> None:
    for _ in range(2):
        engine = open_engine(small, "tensorrt")
        engine.infer(picture(engine))
        engine.close()
    rtx = tensorrt.__name__ == "tensorrt_rtx"
    assert tensorrt.strategies == (["whole", "whole"] if rtx else [])
    assert tensorrt.kernels_given == ([None, b"compiled kernels"] if rtx else [])
    assert tensorrt.built[0].capabilities == (["current"] if rtx else [])


def shipped(name: str) -> Path:
    from polyplive.backends.auto_model import find_model

    return find_model(name)
