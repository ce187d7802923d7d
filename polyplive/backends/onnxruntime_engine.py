"""ONNX Runtime: the reference, and the backend for processors that OpenVINO does not serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.base import EngineSpec, Outputs
from polyplive.backends.checks import check_finite, check_graph, check_tensor
from polyplive.backends.options import EngineOptions
from polyplive.errors import BackendUnavailable, EngineClosed, InferenceError
from polyplive.manifest import load_manifest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

NAME = "onnxruntime"


class OnnxRuntimeEngine:
    """A graph run by ONNX Runtime on the processor in float32; implements ``Engine``."""

    def __init__(self, graph: Path, options: EngineOptions | None = None) -> None:
        """Load ``graph``. Raises ``ModelError``, ``BackendUnavailable`` or ``InferenceError``."""
        manifest = load_manifest(graph)
        runtime = _import_onnxruntime()
        self._session: Any = _open_session(runtime, graph, options or EngineOptions())
        ports = (*self._session.get_inputs(), *self._session.get_outputs())
        check_graph({port.name: tuple(port.shape) for port in ports}, manifest)
        self._mask_only = runtime.RunOptions()
        self._mask_only.only_execute_path_to_fetches = True
        self._spec = EngineSpec(
            backend=NAME,
            device="CPU",
            height=manifest.input_height,
            width=manifest.input_width,
            cam_height=manifest.cam_height,
            cam_width=manifest.cam_width,
            manifest=manifest,
        )

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        if self._session is None:
            raise EngineClosed("The engine is closed", "Open it again with open_engine().")
        check_tensor(tensor, self._spec)
        feed = {"frame": np.ascontiguousarray(tensor)}
        try:
            if cam:
                probability, activation_map = self._session.run(["probability", "cam"], feed)
            else:
                (probability,) = self._session.run(["probability"], feed, self._mask_only)
        except Exception as error:  # the runtime's exceptions share no base class of their own
            raise _inference_error("run", self._spec.manifest.name, error) from None
        check_finite(probability, NAME)
        return Outputs(probability[0, 0], activation_map[0, 0] if cam else None)

    def close(self) -> None:
        """Free the session."""
        self._session = None


def _import_onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailable(
            f"ONNX Runtime cannot be imported ({error})", "Install it with: pip install onnxruntime"
        ) from None
    onnxruntime.disable_telemetry_events()
    return onnxruntime  # type: ignore[no-any-return]


def _open_session(runtime: ModuleType, graph: Path, options: EngineOptions) -> Any:
    settings = runtime.SessionOptions()
    settings.log_severity_level = 3
    settings.intra_op_num_threads = options.threads or 0
    try:
        return runtime.InferenceSession(_where(graph), settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions share no base class of their own
        raise _inference_error("load", graph.name, error) from None


def _where(graph: Path) -> str | bytes:
    """The graph's path, or the graph itself where the runtime could not take the path: it must be UTF-8."""
    try:
        str(graph).encode()
    except UnicodeEncodeError:
        return graph.read_bytes()
    return str(graph)


def _inference_error(verb: str, what: str, error: Exception) -> InferenceError:
    text = " ".join(str(error).split())
    return InferenceError(f"ONNX Runtime could not {verb} '{what}': {text[:300]}", "Export the model again.")
