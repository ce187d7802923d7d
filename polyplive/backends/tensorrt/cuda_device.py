"""The GPU through PyCUDA: the primary context, one stream, page-locked buffers, and translated errors."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.errors import BackendUnavailable, DeviceLost, EngineError, InferenceError, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import DTypeLike, NDArray

_SIGNS_OF_LOSS = (
    "illegal",
    "launch failed",
    "timed out",
    "lost",
    "ecc error",
    "is destroyed",
    "assert",
    "device context",
)
"""Words in those driver errors after which the context cannot be used; see CUresult in CUDA's driver API."""


class Buffer:
    """A tensor in two places: ``host`` (page-locked, C-contiguous) and on the GPU at ``address``."""

    def __init__(self, cuda: Any, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.host: NDArray[Any] = cuda.pagelocked_empty(shape, dtype)
        self.memory = cuda.mem_alloc(self.host.nbytes)
        self.address = int(self.memory)

    def free(self) -> None:
        """Free both; the context must be current."""
        memory, base = self.memory, self.host.base
        self.memory = None
        self.host = np.empty(0)
        memory.free()
        base.free()  # type: ignore[union-attr]


class CudaDevice:
    """One GPU, its primary context and one stream; all of it belongs to the thread that made it.

    The context is current only inside ``active()``. So engines in one thread, and other users of the primary context
    (PyTorch is one), do not disturb each other. Raises ``BackendUnavailable`` if no GPU can be used.
    """

    def __init__(self, ordinal: int = 0) -> None:
        self._cuda: Any = import_cuda()
        try:
            self._cuda.init()
            device = self._cuda.Device(ordinal)
            self.name = str(device.name())
            self.compute_capability = ".".join(str(part) for part in device.compute_capability())
            self._context: Any = device.retain_primary_context()
        except self._cuda.Error as error:
            raise BackendUnavailable(
                f"No NVIDIA GPU answers ({text_of(error)})",
                "Check it with 'nvidia-smi', or use --backend openvino.",
            ) from None
        self._buffers: list[Buffer] = []
        self.stream: Any = None

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make the context current for the block, and translate the driver's errors.

        Raises ``DeviceLost`` where the device or its context is gone, ``InferenceError`` for the rest.
        """
        try:
            self._context.push()
        except self._cuda.Error as error:
            raise _translated(error) from None
        try:
            yield
        except self._cuda.Error as error:
            raise _translated(error) from None
        finally:
            with contextlib.suppress(self._cuda.Error):  # the device is lost: the first error says more
                self._cuda.Context.pop()

    def allocate(self, shape: tuple[int, ...], dtype: DTypeLike) -> Buffer:
        """A buffer that lives until ``close``; inside ``active()``."""
        buffer = Buffer(self._cuda, shape, dtype)
        self._buffers.append(buffer)
        return buffer

    def make_stream(self) -> int:
        """Make the device's one stream, inside ``active()``; gives the handle that TensorRT takes."""
        self.stream = self._cuda.Stream()
        return int(self.stream.handle)

    def upload(self, buffer: Buffer) -> None:
        """Host to GPU in the stream; inside ``active()``, as the next two."""
        self._cuda.memcpy_htod_async(buffer.memory, buffer.host, self.stream)

    def download(self, buffer: Buffer) -> None:
        """GPU to host in the stream."""
        self._cuda.memcpy_dtoh_async(buffer.host, buffer.memory, self.stream)

    def wait(self) -> None:
        """Wait until the stream has done all its work."""
        self.stream.synchronize()

    def close(self) -> None:
        """Free every buffer, the stream and the context, in the thread that made them. A second call does nothing."""
        if self._context is None:
            return
        context, self._context = self._context, None
        try:
            context.push()
        except self._cuda.Error:
            return  # the device is lost, with everything on it
        try:
            for buffer in self._buffers:
                with contextlib.suppress(self._cuda.Error):
                    buffer.free()
            self._buffers.clear()
            self.stream = None
        finally:
            with contextlib.suppress(self._cuda.Error):
                self._cuda.Context.pop()
                context.detach()


def import_cuda() -> ModuleType:
    """PyCUDA's driver module. Raises ``BackendUnavailable``, which says in one line what is missing."""
    try:
        import pycuda.driver
    except ModuleNotFoundError:
        raise BackendUnavailable(
            "PyCUDA is not installed",
            "Install NVIDIA's CUDA toolkit (PyCUDA is compiled with its nvcc), then: pip install pycuda",
        ) from None
    except (ImportError, OSError) as error:
        raise BackendUnavailable(
            f"PyCUDA cannot be imported ({text_of(error)})",
            "Install NVIDIA's driver, then: pip install --force pycuda",
        ) from None
    return pycuda.driver  # type: ignore[no-any-return]


def _translated(error: Exception) -> EngineError:
    text = text_of(error)
    if any(sign in text.lower() for sign in _SIGNS_OF_LOSS):
        return DeviceLost(f"The GPU is lost ({text})", "Start polyplive again; if that fails, see 'nvidia-smi'.")
    if "out of memory" in text.lower():
        return InferenceError(f"The GPU has too little free memory ({text})", "Close other programs that use it.")
    return InferenceError(f"The GPU's driver failed ({text})", "Try --backend openvino, and 'polyplive doctor'.")
