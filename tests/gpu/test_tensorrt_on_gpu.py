"""TensorRT and PyCUDA for real: parity, memory, the cache of engines and of kernels, threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from polyplive.backends.factory import open_engine
from polyplive.backends.tensorrt.cuda_device import CudaDevice, import_cuda
from polyplive.backends.tensorrt.flavour import import_tensorrt
from polyplive.config import EngineOptions

sys.path.insert(0, str(Path(__file__).parent))
from parity import parity, pictures


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POLYPLIVE_CACHE", str(tmp_path))
    return tmp_path


def free_mib() -> float:
    device = CudaDevice()
    with device.active():
        free, _ = import_cuda().mem_get_info()
    device.close()
    return free / (1 << 20)


@pytest.mark.parametrize(
    ("precision", "probability", "other_side", "cam"), [("float32", 2e-2, 1e-3, 5e-2), ("float16", 1e-1, 5e-3, 2e-1)]
)
def test_it_agrees_with_the_reference(precision: str, probability: float, other_side: float, cam: float) -> None:
    found = parity(precision)
    assert found["with_map"] >= 3
    assert found["probability"] < probability, found
    assert found["other_side"] < other_side, found
    assert found["cam"] < cam, found
    assert found["cam_correlation"] > 0.98, found


def test_the_mask_alone_is_the_same_mask() -> None:
    engine = open_engine("polyplive-fast", "tensorrt")
    for picture in pictures(engine.spec.height):
        whole, mask = engine.infer(picture), engine.infer(picture, cam=False)
        assert mask.cam is None
        assert np.abs(whole.probability - mask.probability).max() < 2e-2
    engine.close()


def test_the_same_frame_gives_the_same_answer_however_often() -> None:
    engine = open_engine("polyplive-fast", "tensorrt")
    picture = pictures(engine.spec.height)[0]
    first = engine.infer(picture)
    for _ in range(50):
        again = engine.infer(picture)
        np.testing.assert_array_equal(again.probability, first.probability)
        np.testing.assert_array_equal(again.cam, first.cam)
    engine.close()


def test_memory_does_not_grow_over_frames_and_comes_back_at_the_end() -> None:
    open_engine("polyplive-fast", "tensorrt").close()  # what the driver itself keeps
    before = free_mib()
    engine = open_engine("polyplive-fast", "tensorrt")
    shown = pictures(engine.spec.height)
    for number in range(50):
        engine.infer(shown[number % len(shown)])
    running = free_mib()
    for number in range(1000):
        engine.infer(shown[number % len(shown)])
    assert free_mib() > running - 4
    engine.close()
    assert free_mib() > before - 32


def test_the_second_start_builds_nothing(own_cache: Path) -> None:
    lines: list[str] = []
    open_engine("polyplive-fast", "tensorrt", notify=lines.append).close()
    before = {path: path.stat().st_mtime_ns for path in own_cache.glob("*-engine-*.engine")}
    assert before
    open_engine("polyplive-fast", "tensorrt", notify=lines.append).close()
    assert {path: path.stat().st_mtime_ns for path in own_cache.glob("*-engine-*.engine")} == before


def test_rtx_keeps_the_kernels_that_it_compiled(own_cache: Path) -> None:
    if not import_tensorrt().is_rtx:
        pytest.skip("full TensorRT compiles its kernels while it builds")
    engine = open_engine("polyplive-fast", "tensorrt")
    engine.infer(pictures(engine.spec.height)[0])
    engine.close()
    assert list(own_cache.glob("*-kernels-*.engine"))
    again = open_engine("polyplive-fast", "tensorrt")
    assert again.infer(pictures(again.spec.height)[0]).cam is not None
    again.close()


def test_a_thread_of_its_own_opens_runs_and_closes_while_another_does_too() -> None:
    problems: list[BaseException] = []

    def work() -> None:
        try:
            engine = open_engine("polyplive-fast", "tensorrt")
            for picture in pictures(engine.spec.height) * 10:
                engine.infer(picture)
            engine.close()
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not problems


def test_auto_takes_the_gpu() -> None:
    engine = open_engine("polyplive-fast", "auto")
    assert engine.spec.backend == "tensorrt"
    engine.close()


def test_the_command_builds_for_this_gpu(own_cache: Path) -> None:
    command = [sys.executable, "-m", "polyplive", "build"]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False) for _ in range(2)
    )
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "built in" in first.stdout
    assert second.stdout.count("is sound") == 2


def test_a_precision_is_what_was_asked_for() -> None:
    names = []
    for precision in ("float32", "float16"):
        engine = open_engine("polyplive-fast", "tensorrt", EngineOptions(precision=precision))
        names.append(engine.spec.manifest.precision)
        engine.close()
    assert names == ["float32", "float16"]
