"""The contract of ``Engine``, over every backend that can run here."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from processes import EQUAL, PATIENCE_S

from polyplive.backends.factory import open_engine
from polyplive.backends.parallel import parallel
from polyplive.backends.registry import BACKENDS, installed_backends, resolve_backend
from polyplive.config import EngineOptions
from polyplive.errors import ConfigError, EngineClosed, ManifestError, ModelNotFound, PolypliveError
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.backends.base import Engine, Outputs, ParallelEngine

REFERENCE = EngineOptions(precision="float32")
LIMITS = ProcessLimits(PATIENCE_S, PATIENCE_S, niceness=EQUAL)

IN_A_PROCESS = "in a process"


@pytest.fixture(scope="module", params=(*BACKENDS, IN_A_PROCESS))
def engine(request: pytest.FixtureRequest, shipped_graph: Path) -> Iterator[Engine]:
    opened: Engine
    if request.param == IN_A_PROCESS:
        backend = resolve_backend("auto")
        opened = ProcessEngine(functools.partial(open_engine, shipped_graph, backend, REFERENCE), LIMITS)
    elif request.param in installed_backends():
        opened = open_engine(shipped_graph, request.param, REFERENCE)
    else:
        pytest.skip(f"{request.param} is not installed")
    yield opened
    opened.close()


def noise(engine: Engine, seed: int = 0) -> np.ndarray:
    shape = (1, engine.spec.height, engine.spec.width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def blob(engine: Engine) -> np.ndarray:
    """A reddish dome on a pale wall: enough like a polyp to be marked by some models, and a smooth input for all."""
    height, width = engine.spec.height, engine.spec.width
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot((rows - height / 2) / (height / 5), (columns - width / 2) / (width / 5))
    dome = np.clip(1.2 - distance, 0, 1)[..., None]
    wall, polyp = np.array([200, 130, 110.0]), np.array([235, 90, 80.0])
    return (wall * (1 - dome) + polyp * dome).astype(np.uint8)[None]


def test_spec_names_shapes_and_manifest(engine: Engine) -> None:
    spec = engine.spec
    assert spec.backend in BACKENDS
    assert (spec.height, spec.width) == (spec.manifest.input_height, spec.manifest.input_width)
    assert spec.device


def test_outputs_have_the_promised_shapes_and_ranges(engine: Engine) -> None:
    outputs = engine.infer(blob(engine))
    assert outputs.probability.shape == (engine.spec.height, engine.spec.width)
    assert outputs.probability.dtype == np.float32
    assert 0 <= outputs.probability.min() <= outputs.probability.max() <= 1
    assert outputs.cam is not None
    assert outputs.cam.shape == (engine.spec.cam_height, engine.spec.cam_width)
    assert outputs.cam.dtype == np.float32
    assert outputs.cam.min() >= 0


def test_without_cam_the_probability_is_the_same(engine: Engine) -> None:
    tensor = blob(engine)
    whole, mask_only = engine.infer(tensor), engine.infer(tensor, cam=False)
    assert mask_only.cam is None
    np.testing.assert_allclose(mask_only.probability, whole.probability, atol=1e-5)


def test_same_input_same_answer(engine: Engine) -> None:
    tensor = noise(engine)
    first, second = engine.infer(tensor), engine.infer(tensor)
    np.testing.assert_array_equal(first.probability, second.probability)


def test_arrays_belong_to_the_caller(engine: Engine) -> None:
    first = engine.infer(blob(engine))
    kept_probability, kept_cam = first.probability.copy(), first.cam.copy()
    engine.infer(noise(engine, seed=1))
    np.testing.assert_array_equal(first.probability, kept_probability)
    np.testing.assert_array_equal(first.cam, kept_cam)
    first.probability[:] = 7  # writing to it must not reach the next answer
    assert engine.infer(blob(engine)).probability.max() <= 1


@pytest.mark.parametrize("change", ["dtype", "batch", "size", "planes"])
def test_a_wrong_tensor_is_named_with_what_was_expected(engine: Engine, change: str) -> None:
    tensor = noise(engine)
    wrong = {
        "dtype": tensor.astype(np.float32),
        "batch": np.concatenate([tensor, tensor]),
        "size": tensor[:, :-1],
        "planes": tensor.transpose(0, 3, 1, 2),
    }[change]
    with pytest.raises(ValueError, match=rf"takes uint8 \[1, {engine.spec.height}.*not {wrong.dtype}"):
        engine.infer(wrong)


def test_a_tensor_that_is_not_contiguous_is_the_same_picture(engine: Engine) -> None:
    tensor = noise(engine)
    mirrored = np.ascontiguousarray(tensor[:, :, ::-1])
    np.testing.assert_array_equal(engine.infer(tensor[:, :, ::-1]).probability, engine.infer(mirrored).probability)


PARALLEL = [name for name in installed_backends() if BACKENDS[name].open_parallel is not None]


@pytest.mark.parametrize("backend", [*PARALLEL, IN_A_PROCESS])
@pytest.mark.parametrize("cam", [True, False], ids=["cam", "mask"])
def test_several_pictures_at_once_get_the_answers_of_one_at_a_time_bit_for_bit(
    backend: str, cam: bool, shipped_graph: Path
) -> None:
    """Whatever the number of threads, each picture has one."""
    answers = []
    for threads in (1, 2):
        options = EngineOptions(precision="float32", threads=threads)
        name = resolve_backend("auto") if backend == IN_A_PROCESS else backend
        opener = functools.partial(open_engine, shipped_graph, name, options, is_parallel=True)
        engine = parallel(ProcessEngine(opener, LIMITS) if backend == IN_A_PROCESS else opener())
        try:
            assert engine.requests > threads
            pictures = [noise(engine, seed) for seed in range(engine.requests)]
            answers.append(in_turn(engine, pictures, cam))
            answers.append([engine.infer(picture, cam=cam) for picture in pictures])
        finally:
            engine.close()
    for others in answers[1:]:
        for given, wanted in zip(others, answers[0], strict=False):
            np.testing.assert_array_equal(given.probability, wanted.probability)
            assert (given.cam is None) == (not cam)
            if cam:
                np.testing.assert_array_equal(given.cam, wanted.cam)


def in_turn(engine: ParallelEngine, pictures: list[np.ndarray], cam: bool) -> list[Outputs]:
    """All are started before the first result is taken."""
    started = [engine.start(picture, cam=cam) for picture in pictures]
    return [each.result() for each in started]


@pytest.mark.parametrize("backend", installed_backends())
def test_closing_twice_is_fine_and_use_after_close_is_clear(backend: str, shipped_graph: Path) -> None:
    engine = open_engine(shipped_graph, backend, REFERENCE)
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed, match="closed"):
        engine.infer(noise(engine))


def test_backends_agree(shipped_graph: Path) -> None:
    if len(installed_backends()) < 2:
        pytest.skip("needs two backends")
    engines = [open_engine(shipped_graph, name, REFERENCE) for name in installed_backends()]
    for make in (noise, blob):
        first, *others = (engine.infer(make(engine)) for engine in engines)
        scale = max(float(first.cam.max()), 1e-6)
        for other in others:
            np.testing.assert_allclose(other.probability, first.probability, atol=2e-3)
            np.testing.assert_allclose(other.cam, first.cam, atol=1e-2 * scale)
    for engine in engines:
        engine.close()


def test_auto_says_what_it_took_and_why() -> None:
    lines: list[str] = []
    open_engine("polyplive-fast", notify=lines.append).close()
    assert [line for line in lines if line.startswith(f"Backend {resolve_backend('auto')}: ")]
    lines.clear()
    open_engine("polyplive-fast", "onnxruntime", notify=lines.append).close()
    assert lines == [], "nothing was chosen"


def test_auto_takes_an_installed_backend_and_an_unknown_one_is_refused() -> None:
    assert resolve_backend("auto") in installed_backends()
    with pytest.raises(ConfigError, match="No backend 'abacus'"):
        resolve_backend("abacus")


@pytest.mark.parametrize("backend", installed_backends())
@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "other graph", "no manifest", "manifest of text"])
def test_a_damaged_model_is_one_clear_error(tmp_path: Path, shipped_graph: Path, damage: str, backend: str) -> None:
    graph = tmp_path / "model.onnx"
    shutil.copy(shipped_graph, graph)
    shutil.copy(shipped_graph.with_suffix(".json"), graph.with_suffix(".json"))
    whole = graph.read_bytes()
    match damage:
        case "truncated":
            graph.write_bytes(whole[: len(whole) // 2])
        case "empty":
            graph.write_bytes(b"")
        case "text":
            graph.write_text("this is no graph")
        case "other graph":
            graph.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "no manifest":
            graph.with_suffix(".json").unlink()
        case "manifest of text":
            graph.with_suffix(".json").write_text("no JSON")
    with pytest.raises(ManifestError) as caught:
        open_engine(graph, backend)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_model_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ModelNotFound, match="polyplive-fast"):
        open_engine("no-such-model")
    assert issubclass(ModelNotFound, PolypliveError)
    assert issubclass(ModelNotFound, FileNotFoundError)


def test_the_usual_precision_gives_nearly_the_reference(shipped_graph: Path) -> None:
    """On a processor with bfloat16 the default is not float32: what that costs in mask and map is bounded here."""
    if "openvino" not in installed_backends():
        pytest.skip("openvino is not installed")
    usual = open_engine(shipped_graph, "openvino")
    exact = open_engine(shipped_graph, "openvino", REFERENCE)
    try:
        for frame in demo_frames(exact):
            given, wanted = usual.infer(frame), exact.infer(frame)
            assert np.abs(given.probability - wanted.probability).mean() < 0.01
            assert wanted.cam.max() > 0, "a polyp is in view"
            assert np.abs(given.cam - wanted.cam).sum() < 0.2 * wanted.cam.sum()
            assert np.corrcoef(given.cam.ravel(), wanted.cam.ravel())[0, 1] > 0.98
    finally:
        usual.close()
        exact.close()


def demo_frames(engine: Engine) -> list[np.ndarray]:
    """A few pictures of the rendered colon with a polyp in view, as the engine takes them."""
    from polyplive.pipeline.preprocess import preprocess
    from polyplive.sources.file import FileSource
    from polyplive.types import Roi

    demo = Path(__file__).resolve().parents[2] / "assets" / "demo.mp4"
    source = FileSource(demo)
    frames = []
    for number in (100, 130, 230, 300, 410):
        source.seek(number / 25)
        frame = source.read()
        whole = Roi(0, 0, frame.width, frame.height)
        frames.append(preprocess(frame, whole, engine.spec.height, engine.spec.width))
    source.close()
    return frames
