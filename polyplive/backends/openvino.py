"""OpenVINO: the default on machines without an NVIDIA GPU."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.base import Backend, EngineSpec, Notify, Outputs, Pending
from polyplive.backends.checks import check_graph, check_tensor
from polyplive.backends.onnx_file.stored_weights import read_graph
from polyplive.backends.parallel import WAITING, WorkTimes, streams
from polyplive.backends.quiet_openvino import import_openvino, shared_core
from polyplive.config import EngineOptions
from polyplive.errors import EngineClosed, InferenceError
from polyplive.manifest import load_manifest
from polyplive.system.machine import has_nvidia_gpu

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAME = "openvino"
_PRECISION = {"float32": "f32", "bfloat16": "bf16"}
_NAMES = {name: ours for ours, name in _PRECISION.items()} | {"f16": "float16"}


class OpenVinoEngine:
    """A graph compiled for the processor; implements ``ParallelEngine``.

    The graph is compiled twice, on first use of each: whole, and without the CAM's branch. So a hidden heatmap costs
    nothing.
    """

    def __init__(self, graph: Path, options: EngineOptions | None = None, at_once: int = 1) -> None:
        """Compile ``graph``, for so many pictures ``at_once``: one has all threads, of several each has one.

        Raises ``ModelError``, ``BackendUnavailable`` or ``InferenceError``.
        """
        manifest = load_manifest(graph)
        self._runtime = import_openvino()
        self._config = _compile_config(options or EngineOptions(), at_once)
        self._times = WorkTimes(at_once)
        self.requests = at_once + WAITING
        self._free: dict[bool, deque[Any]] = {}
        try:
            self._core = shared_core()
            self._model = self._core.read_model(read_graph(graph))
            shapes = {port.any_name: tuple(port.shape) for port in (*self._model.inputs, *self._model.outputs)}
            check_graph(shapes, manifest)
            self._free_requests(cam=True)
        except RuntimeError as error:
            raise _inference_error("build", graph.name, error) from None
        device = self._core.get_property("CPU", "FULL_DEVICE_NAME").strip()
        self._spec = EngineSpec.of(manifest, NAME, device, self._precision())
        self._closed = False

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        return self.start(tensor, cam=cam).result()

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        """See ``ParallelEngine.start``."""
        if self._closed:
            raise EngineClosed("The engine is closed", "Open it again.")
        check_tensor(tensor, self._spec)
        try:
            return _Request(self, self._free_requests(cam=cam), np.ascontiguousarray(tensor), cam)
        except RuntimeError as error:
            raise _inference_error("run", self._spec.manifest.name, error) from None

    def close(self) -> None:
        """Free the compiled graphs."""
        self._closed = True
        self._free.clear()

    def worked_s(self, started_s: float, done_s: float) -> float:
        """Seconds of work on the next picture in the order of starts."""
        return self._times.add(started_s, done_s)

    def _precision(self) -> str:
        """The precision in use; OpenVINO names it ``f32``, ``bf16`` or ``f16``."""
        compiled = self._free[True][0].get_compiled_model()
        return _NAMES[str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())]

    def _free_requests(self, *, cam: bool) -> deque[Any]:
        if cam not in self._free:
            model = self._model
            if not cam:
                clone = model.clone()
                model = self._runtime.Model([clone.output("probability")], clone.get_parameters(), "mask")
            compiled = self._core.compile_model(model, "CPU", self._config)
            self._free[cam] = deque(compiled.create_infer_request() for _ in range(self.requests))
        return self._free[cam]


class _Request:
    """A picture at work, in a request of ``free``, which gets it back with the result."""

    def __init__(self, engine: OpenVinoEngine, free: deque[Any], tensor: NDArray[np.uint8], cam: bool) -> None:
        self._engine, self._free, self._cam = engine, free, cam
        self._tensor = tensor  # which the runtime reads where it lies
        self._request = free.popleft()
        self._started_s = time.perf_counter()
        self._request.start_async({0: tensor}, share_inputs=True)

    def result(self) -> Outputs:
        """See ``Pending.result``."""
        request = self._request
        try:
            request.wait()
            done_s = self._started_s + request.latency / 1e3
            probability = np.array(request.get_tensor("probability").data[0, 0])
            cam = np.array(request.get_tensor("cam").data[0, 0]) if self._cam else None
        except RuntimeError as error:
            raise _inference_error("run", self._engine.spec.manifest.name, error) from None
        finally:
            self._free.append(request)
        return Outputs(probability, cam, self._engine.worked_s(self._started_s, done_s))


def _compile_config(options: EngineOptions, at_once: int) -> dict[str, Any]:
    config: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if at_once > 1:  # one thread each: two that share a picture wait for each other
        config = {"NUM_STREAMS": at_once, "INFERENCE_NUM_THREADS": at_once}
    elif options.threads is not None:
        config["INFERENCE_NUM_THREADS"] = options.threads
        config["ENABLE_CPU_PINNING"] = False  # else the threads of several processes wait on the same cores
    if options.precision in _PRECISION:
        config["INFERENCE_PRECISION_HINT"] = _PRECISION[options.precision]
    return config


def _inference_error(verb: str, what: str, error: RuntimeError) -> InferenceError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return InferenceError(
        f"OpenVINO could not {verb} '{what}': {lines[-1] if lines else error!r}",
        "Try --backend onnxruntime, or export the model again.",
    )


def _open(graph: Path, options: EngineOptions, notify: Notify) -> OpenVinoEngine:
    return OpenVinoEngine(graph, options)


def _open_parallel(graph: Path, options: EngineOptions, notify: Notify) -> OpenVinoEngine:
    return OpenVinoEngine(graph, options, streams(options))


def _why() -> str:
    return "the fastest on a processor; the GPU is not used" if has_nvidia_gpu() else "no NVIDIA GPU is here"


OPENVINO = Backend(
    name=NAME,
    needs=(("openvino",),),
    install="Install it with: pip install openvino",
    precisions=("auto", *_PRECISION),
    open=_open,
    open_parallel=_open_parallel,
    why=_why,
)
