"""TensorRT or TensorRT-RTX on an NVIDIA GPU, run through PyCUDA."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.base import EngineSpec, Outputs
from polyplive.backends.checks import check_graph, check_tensor
from polyplive.backends.tensorrt.cuda_device import CudaDevice
from polyplive.backends.tensorrt.flavour import Log, import_tensorrt
from polyplive.backends.tensorrt.plan import MASK, MASK_AND_CAM
from polyplive.backends.tensorrt.store import PlanStore, Target
from polyplive.errors import EngineCacheError, EngineClosed, InferenceError
from polyplive.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from polyplive.backends.tensorrt.flavour import Flavour

NAME = "tensorrt"


class TensorRtEngine:
    """A graph compiled for the GPU in this machine; implements ``Engine``.

    There are two engines, with and without the CAM's branch; the second is opened on first use. All memory is allocated
    before the first frame. A call copies the frame to page-locked memory. It then queues the copy to the GPU, the run
    and the copies back in one stream, and waits for it.
    """

    def __init__(self, graph: Path, notify: Callable[[str], None] = lambda _: None) -> None:
        """Take the engine of ``graph`` from the cache or build it; ``notify`` gets a line if that takes long.

        Raises ``ModelError``, ``BackendUnavailable``, ``InferenceError`` or ``EngineCacheError``.
        """
        manifest = load_manifest(graph)
        flavour = import_tensorrt()
        self._device = CudaDevice()
        self._runs: dict[str, _Run] = {}
        target = Target(self._device.name, self._device.compute_capability)
        self._store = PlanStore(graph, manifest, flavour, target, notify)
        self._flavour = flavour
        try:
            with self._device.active():
                self._stream = self._device.make_stream()
                self._buffers = {
                    "frame": self._device.allocate((1, manifest.input_height, manifest.input_width, 3), np.uint8),
                    "probability": self._device.allocate(
                        (1, 1, manifest.input_height, manifest.input_width), np.float32
                    ),
                    "cam": self._device.allocate((1, 1, manifest.cam_height, manifest.cam_width), np.float32),
                }
                check_graph(self._run(MASK_AND_CAM).shapes, manifest)
        except BaseException:
            self._device.close()
            raise
        self._spec = EngineSpec.of(manifest, NAME, f"{self._device.name}, {flavour.label}, {manifest.precision}")
        self._closed = False

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``; also raises ``DeviceLost``."""
        if self._closed:
            raise EngineClosed("The engine is closed", "Open it again.")
        check_tensor(tensor, self._spec)
        buffers, device = self._buffers, self._device
        wanted = ("probability", "cam") if cam else ("probability",)
        with device.active():
            run = self._run(MASK_AND_CAM if cam else MASK)
            np.copyto(buffers["frame"].host, tensor)
            device.upload(buffers["frame"])
            run.enqueue(self._stream)
            for name in wanted:
                device.download(buffers[name])
            device.wait()
        probability = buffers["probability"].host[0, 0].copy()
        return Outputs(probability, buffers["cam"].host[0, 0].copy() if cam else None)

    def close(self) -> None:
        """Keep the compiled kernels for the next start, then free everything, in this thread."""
        if self._closed:
            return
        self._closed = True
        # a lost device or a full disk must not prevent the session from ending
        with contextlib.suppress(InferenceError, EngineCacheError), self._device.active():
            for outputs, run in self._runs.items():
                if (kernels := run.new_kernels()) is not None:
                    self._store.keep_kernels(outputs, kernels)
        with contextlib.suppress(InferenceError), self._device.active():
            self._runs.clear()
        self._device.close()

    def _run(self, outputs: str) -> _Run:
        if outputs not in self._runs:
            plan = self._store.plan(outputs)
            addresses = {name: buffer.address for name, buffer in self._buffers.items()}
            self._runs[outputs] = _Run(self._flavour, plan.data, self._store.kernels(outputs), addresses)
        return self._runs[outputs]


class _Run:
    """One engine with its execution context, bound to fixed addresses; the CUDA context is current in every call."""

    def __init__(self, flavour: Flavour, plan: bytes, kernels: bytes | None, addresses: dict[str, int]) -> None:
        trt = flavour.module
        self._log = Log(trt)
        self._label = flavour.label
        self._kernels: Any = None
        self._known = kernels
        runtime = trt.Runtime(self._log.logger)
        self._engine = runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise self._error("load its engine")
        self._context = self._make_context(trt, kernels) if flavour.is_rtx else self._engine.create_execution_context()
        if self._context is None:
            raise self._error("prepare its engine")
        names = [self._engine.get_tensor_name(place) for place in range(self._engine.num_io_tensors)]
        self.shapes = {name: tuple(self._engine.get_tensor_shape(name)) for name in names}
        for name in names:
            if name not in addresses or not self._context.set_tensor_address(name, addresses[name]):
                raise self._error(f"bind '{name}'")

    def _make_context(self, trt: Any, kernels: bytes | None) -> Any:
        """Make the execution context.

        TensorRT-RTX uses the kernels of the last start, and one CUDA graph for the whole run.
        """
        config = self._engine.create_runtime_config()
        self._kernels = config.create_runtime_cache()
        if kernels is not None:
            self._kernels.deserialize(kernels)
        config.set_runtime_cache(self._kernels)
        config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        return self._engine.create_execution_context(config)

    def enqueue(self, stream: int) -> None:
        """Queue one run."""
        if not self._context.execute_async_v3(stream):
            raise self._error("run its engine")

    def new_kernels(self) -> bytes | None:
        """The kernels compiled since the start, None if there are none."""
        if self._kernels is None:
            return None
        data = bytes(self._kernels.serialize())
        return data if data != self._known else None

    def _error(self, verb: str) -> InferenceError:
        return InferenceError(
            f"{self._label} could not {verb}: {self._log.reason()}",
            "Build it again with 'polyplive build --force', or use --backend openvino.",
        )
