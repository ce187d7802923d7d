"""ONNX Runtime: the reference, and the backend for processors that OpenVINO does not support."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.base import Backend, Engine, EngineSpec, Notify, Outputs, Pending
from polyplive.backends.checks import check_graph, check_tensor
from polyplive.backends.onnx_file.mask_graph import graph_for_output
from polyplive.backends.onnx_file.stored_weights import graph_bytes, read_graph
from polyplive.backends.parallel import WAITING, streams
from polyplive.backends.quiet_onnxruntime import import_onnxruntime
from polyplive.config import EngineOptions
from polyplive.errors import BackendUnavailable, EngineClosed, InferenceError, text_of
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
        runtime = import_onnxruntime()
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
        self.make_ready(cam=cam)
        check_tensor(tensor, self._spec)
        names = ["probability", "cam"] if cam else ["probability"]
        try:
            found = self._sessions[cam].run(names, {"frame": np.ascontiguousarray(tensor)})
        except Exception as error:  # the runtime's exceptions have no common base class
            raise _inference_error("run", self._spec.manifest.name, error) from None
        probability = found[0][0, 0]
        return Outputs(probability, found[1][0, 0] if cam else None)

    def make_ready(self, *, cam: bool) -> None:
        """Open what ``infer`` needs, where it is not open yet. Raises ``EngineClosed``, or ``InferenceError``."""
        if not self._sessions:
            raise EngineClosed("The engine is closed", "Open it again.")
        if cam not in self._sessions:
            self._sessions[cam] = self._open_mask()

    def _open_mask(self) -> Any:
        """A session for the mask alone: a session of the whole graph would compute the CAM as well."""
        runtime, graph, options, provider = self._mask_source
        mask = graph_for_output(graph_bytes(graph), "probability")
        return _open_session(runtime, mask, graph.name, options, provider)

    def close(self) -> None:
        """Free the sessions."""
        self._sessions.clear()


class ParallelOnnxRuntimeEngine:
    """The same graph on several pictures at once, one thread each; implements ``ParallelEngine``."""

    def __init__(self, graph: Path, options: EngineOptions) -> None:
        """Load ``graph``. Raises what ``OnnxRuntimeEngine`` raises."""
        at_once = streams(options)
        self._engine = OnnxRuntimeEngine(graph, dataclasses.replace(options, threads=1))
        self._threads = ThreadPoolExecutor(at_once, "polyplive-onnxruntime")
        self.requests = at_once + WAITING

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._engine.spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        return self._engine.infer(tensor, cam=cam)

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        """See ``ParallelEngine.start``."""
        self._engine.make_ready(cam=cam)
        check_tensor(tensor, self.spec)
        return self._threads.submit(self._timed, tensor, cam)

    def close(self) -> None:
        """Finish what was started, and free the sessions."""
        self._threads.shutdown()
        self._engine.close()

    def _timed(self, tensor: NDArray[np.uint8], cam: bool) -> Outputs:
        began_s = time.perf_counter()
        outputs = self._engine.infer(tensor, cam=cam)
        return dataclasses.replace(outputs, infer_s=time.perf_counter() - began_s)


def _open_session(runtime: ModuleType, graph: str | bytes, name: str, options: EngineOptions, provider: str) -> Any:
    """Open a session with only ``provider``, as ONNX Runtime silently skips a provider that fails."""
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
    text = f"ONNX Runtime could not {verb} '{what}': {text_of(error, 300)}"
    return InferenceError(text, "Export the model again.")


def _open(graph: Path, options: EngineOptions, notify: Notify) -> Engine:
    return OnnxRuntimeEngine(graph, options)


def _open_parallel(graph: Path, options: EngineOptions, notify: Notify) -> ParallelOnnxRuntimeEngine:
    return ParallelOnnxRuntimeEngine(graph, options)


def _open_cuda(graph: Path, options: EngineOptions, notify: Notify) -> Engine:
    return OnnxRuntimeEngine(graph, options, CUDA_NAME)


ONNXRUNTIME = Backend(
    name=NAME,
    needs=(("onnxruntime",),),
    install="Install it with: pip install onnxruntime",
    precisions=("auto", "float32"),
    open=_open,
    open_parallel=_open_parallel,
    why=lambda: "OpenVINO is not installed or does not work",
)

ONNXRUNTIME_CUDA = Backend(
    name=CUDA_NAME,
    needs=(("onnxruntime",),),
    install="Install it with: pip install onnxruntime-gpu",
    precisions=("auto", "float32"),
    open=_open_cuda,
    needs_gpu=True,
    baseline=True,
)
