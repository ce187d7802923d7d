"""OpenVINO: the default on machines without an NVIDIA GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.base import EngineSpec, Outputs
from polyplive.backends.checks import check_graph, check_tensor
from polyplive.backends.options import EngineOptions
from polyplive.backends.quiet_openvino import import_openvino, shared_core
from polyplive.backends.stored_weights import read_graph
from polyplive.errors import EngineClosed, InferenceError
from polyplive.manifest import load_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAME = "openvino"
_PRECISION = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoEngine:
    """A graph compiled for the processor; implements ``Engine``.

    The graph is compiled twice, on first use of each: whole, and without the CAM's branch, so that a hidden heatmap
    costs nothing.
    """

    def __init__(self, graph: Path, options: EngineOptions | None = None) -> None:
        """Compile ``graph``. Raises ``ModelError``, ``BackendUnavailable`` or ``InferenceError``."""
        manifest = load_manifest(graph)
        self._runtime = import_openvino()
        self._config = _compile_config(options or EngineOptions())
        self._requests: dict[bool, Any] = {}
        try:
            self._core = shared_core()
            self._model = self._core.read_model(read_graph(graph))
            shapes = {port.any_name: tuple(port.shape) for port in (*self._model.inputs, *self._model.outputs)}
            check_graph(shapes, manifest)
            self._request(cam=True)
        except RuntimeError as error:
            raise _inference_error("build", graph.name, error) from None
        self._spec = EngineSpec.of(manifest, NAME, self._core.get_property("CPU", "FULL_DEVICE_NAME").strip())
        self._closed = False

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._spec

    @property
    def precision(self) -> str:
        """The arithmetic in use, as OpenVINO names it: ``f32`` or ``bf16``."""
        compiled = self._requests[True].get_compiled_model()
        return str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        if self._closed:
            raise EngineClosed("The engine is closed", "Open it again with open_engine().")
        check_tensor(tensor, self._spec)
        try:
            request = self._request(cam=cam)
            request.infer({0: np.ascontiguousarray(tensor)}, share_inputs=True)
        except RuntimeError as error:
            raise _inference_error("run", self._spec.manifest.name, error) from None
        probability = np.array(request.get_tensor("probability").data[0, 0])
        return Outputs(probability, np.array(request.get_tensor("cam").data[0, 0]) if cam else None)

    def close(self) -> None:
        """Free the compiled graphs."""
        self._closed = True
        self._requests.clear()

    def _request(self, *, cam: bool) -> Any:
        if cam not in self._requests:
            model = self._model
            if not cam:
                clone = model.clone()
                model = self._runtime.Model([clone.output("probability")], clone.get_parameters(), "mask")
            self._requests[cam] = self._core.compile_model(model, "CPU", self._config).create_infer_request()
        return self._requests[cam]


def _compile_config(options: EngineOptions) -> dict[str, Any]:
    config: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if options.precision in _PRECISION:
        config["INFERENCE_PRECISION_HINT"] = _PRECISION[options.precision]
    if options.threads is not None:
        config["INFERENCE_NUM_THREADS"] = options.threads
    return config


def _inference_error(verb: str, what: str, error: RuntimeError) -> InferenceError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return InferenceError(
        f"OpenVINO could not {verb} '{what}': {lines[-1] if lines else error!r}",
        "Try --backend onnxruntime, or export the model again.",
    )
