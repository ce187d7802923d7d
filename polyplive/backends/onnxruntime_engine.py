"""ONNX Runtime: the reference, and the backend for processors that OpenVINO does not serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.base import EngineSpec, Outputs
from polyplive.backends.checks import check_graph, check_tensor
from polyplive.backends.mask_graph import for_output
from polyplive.backends.options import EngineOptions
from polyplive.backends.stored_weights import graph_bytes, read_graph
from polyplive.errors import BackendUnavailable, EngineClosed, InferenceError, said_by
from polyplive.manifest import load_manifest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

NAME = "onnxruntime"
CUDA_NAME = "onnxruntime-cuda"
_PROVIDER = {NAME: "CPUExecutionProvider", CUDA_NAME: "CUDAExecutionProvider"}


class OnnxRuntimeEngine:
    """A graph run by ONNX Runtime in float32, on the processor or (``CUDA_NAME``) a GPU; implements ``Engine``."""

    def __init__(self, graph: Path, options: EngineOptions | None = None, name: str = NAME) -> None:
        """Load ``graph``. Raises ``ModelError``, ``BackendUnavailable`` or ``InferenceError``."""
        manifest = load_manifest(graph)
        runtime = _import_onnxruntime()
        options = options or EngineOptions()
        whole = _open_session(runtime, _where(graph), graph.name, options, _PROVIDER[name])
        ports = (*whole.get_inputs(), *whole.get_outputs())
        check_graph({port.name: tuple(port.shape) for port in ports}, manifest)
        self._sessions: dict[bool, Any] = {True: whole}
        self._mask_source = runtime, graph, options, _PROVIDER[name]
        self._spec = EngineSpec.of(manifest, name, "CPU" if name == NAME else "CUDA")

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        if not self._sessions:
            raise EngineClosed("The engine is closed", "Open it again with open_engine().")
        check_tensor(tensor, self._spec)
        if cam not in self._sessions:
            self._sessions[cam] = self._open_mask()
        names = ["probability", "cam"] if cam else ["probability"]
        try:
            found = self._sessions[cam].run(names, {"frame": np.ascontiguousarray(tensor)})
        except Exception as error:  # the runtime's exceptions share no base class of their own
            raise _inference_error("run", self._spec.manifest.name, error) from None
        probability = found[0][0, 0]
        return Outputs(probability, found[1][0, 0] if cam else None)

    def _open_mask(self) -> Any:
        """A session of its own: asked for the mask alone, one of the whole graph computes the CAM all the same."""
        runtime, graph, options, provider = self._mask_source
        mask = for_output(graph_bytes(graph), "probability")
        return _open_session(runtime, mask, graph.name, options, provider)

    def close(self) -> None:
        """Free the sessions."""
        self._sessions.clear()


def _import_onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailable(
            f"ONNX Runtime cannot be imported ({said_by(error)})", "Install it with: pip install onnxruntime"
        ) from None
    onnxruntime.disable_telemetry_events()
    return onnxruntime  # type: ignore[no-any-return]


def _open_session(runtime: ModuleType, graph: str | bytes, name: str, options: EngineOptions, provider: str) -> Any:
    """With ``provider`` alone: ONNX Runtime would pass over one that fails without a word."""
    if provider not in runtime.get_available_providers():
        raise BackendUnavailable("This ONNX Runtime knows no CUDA", "Install the other: pip install onnxruntime-gpu")
    settings = runtime.SessionOptions()
    settings.log_severity_level = 3
    settings.intra_op_num_threads = options.threads or 0
    try:
        session = runtime.InferenceSession(graph, settings, providers=[provider])
    except Exception as error:  # the runtime's exceptions share no base class of their own
        raise _inference_error("load", name, error) from None
    if provider not in session.get_providers():
        raise BackendUnavailable("ONNX Runtime finds no CUDA device", "Check 'nvidia-smi', or use another --backend.")
    return session


def _where(graph: Path) -> str | bytes:
    """The graph's path, or the graph itself where the runtime could not take the path (it must be UTF-8) or weights."""
    source = read_graph(graph)
    if isinstance(source, bytes):
        return source
    try:
        str(graph).encode()
    except UnicodeEncodeError:
        return graph.read_bytes()
    return str(graph)


def _inference_error(verb: str, what: str, error: Exception) -> InferenceError:
    text = f"ONNX Runtime could not {verb} '{what}': {said_by(error, 300)}"
    return InferenceError(text, "Export the model again.")
