"""Every backend, in the order in which ``auto`` tries them. A new one is one file, and one line here."""

from __future__ import annotations

from polyplive.backends.base import Backend, Notify
from polyplive.backends.onnxruntime import ONNXRUNTIME, ONNXRUNTIME_CUDA
from polyplive.backends.openvino import OPENVINO
from polyplive.backends.tensorrt.backend import TENSORRT
from polyplive.backends.torch import TORCH
from polyplive.errors import BackendUnavailable, ConfigError
from polyplive.system.machine import has_nvidia_gpu

AUTO = "auto"

BACKENDS: dict[str, Backend] = {
    backend.name: backend
    for backend in (
        TENSORRT,
        OPENVINO,
        ONNXRUNTIME,
        ONNXRUNTIME_CUDA,
        TORCH,
    )
}


def find_backend(name: str) -> Backend:
    """The backend of that name. Raises ``ConfigError`` for an unknown name."""
    if name not in BACKENDS:
        raise ConfigError(f"No backend '{name}'", f"Choose {AUTO}, {', '.join(BACKENDS)}.")
    return BACKENDS[name]


def installed_backends() -> tuple[str, ...]:
    """The backends that this machine can run, in the order of ``BACKENDS``; nothing is imported.

    Their packages are installed, and there is an NVIDIA GPU for those that need one.
    """
    return tuple(backend.name for backend in BACKENDS.values() if _runs_here(backend))


def candidates(name: str, notify: Notify = lambda _: None) -> tuple[Backend, ...]:
    """The backends to try for ``name`` on this machine: one, or for ``auto`` several in order.

    ``notify`` gets a line if there is a GPU that cannot be used. Raises ``ConfigError`` for an unknown name, and
    ``BackendUnavailable`` where nothing is installed.
    """
    if name != AUTO:
        return (find_backend(name),)
    found = tuple(backend for backend in BACKENDS.values() if _runs_here(backend) and not backend.baseline)
    if not found:
        raise BackendUnavailable("No inference runtime is installed", "Install one with: pip install openvino")
    if has_nvidia_gpu() and TENSORRT not in found:
        lacking = " and ".join(TENSORRT.missing())
        notify(f"This machine's NVIDIA GPU is not used: {lacking} is missing (see 'polyplive doctor')")
    return found


def resolve_backend(name: str) -> str:
    """The name of the backend that ``name`` (``auto``, or one of ``BACKENDS``) stands for on this machine."""
    return candidates(name)[0].name


def _runs_here(backend: Backend) -> bool:
    return not backend.missing() and (has_nvidia_gpu() or not backend.needs_gpu)
