"""``polyplive doctor``."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.backends.cuda_device import CudaDevice
from polyplive.backends.factory import open_engine, resolve_backend
from polyplive.backends.tensorrt_flavour import import_tensorrt
from polyplive.commands.messages import stdout
from polyplive.errors import BackendUnavailable, PolypliveError
from polyplive.machine import (
    has_nvidia_gpu,
    package_version,
    processor_count,
    processor_name,
    window_problem,
)
from polyplive.manifest import DEFAULT_MODEL, default_model, find_model, load_manifest, shipped_models
from polyplive.sinks.h264 import quickest
from polyplive.sources.devices import list_devices

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``needed`` says whether the main job fails without it."""

    what: str
    works: bool
    detail: str
    needed: bool = False


def doctor() -> int:
    """Print what works here; 1 when something that every command needs does not."""
    findings = list(examine())
    table = Table("", "what", "found, or what to do", title=f"polyplive {__version__}", title_justify="left")
    for finding in findings:
        sign = "[green]ok[/]" if finding.works else "[red]missing[/]" if finding.needed else "[yellow]absent[/]"
        table.add_row(sign, finding.what, finding.detail)
    stdout.print(table)
    stdout.print(RESEARCH_NOTICE)
    return 1 if any(finding.needed and not finding.works for finding in findings) else 0


def examine() -> Iterator[Finding]:
    """Look at everything, one finding at a time; changes nothing."""
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("Python", True, python)
    yield Finding("processor", True, f"{processor_name()}, {processor_count()} usable")
    yield from _packages()
    yield _encoder()
    yield _gpu()
    yield from _models()
    yield _window()
    yield _capture()


def _packages() -> Iterator[Finding]:
    needed = {"numpy": "numpy", "opencv-python-headless": "OpenCV", "av": "PyAV", "PyQt6": "PyQt6"}
    for distribution, label in needed.items():
        yield _package(distribution, label, f"pip install {distribution}", needed=True)
    yield _package("openvino", "OpenVINO (default backend)", "pip install openvino", needed=True)
    yield _package("onnxruntime", "ONNX Runtime (second backend)", "pip install onnxruntime")
    yield _package("torch", "PyTorch (train, export)", "pip install 'polyplive[train]'")


def _package(distribution: str, label: str, command: str, *, needed: bool = False) -> Finding:
    version = package_version(distribution)
    return Finding(label, version is not None, version or f"install with: {command}", needed)


def _encoder() -> Finding:
    import av

    found = "libx264" in av.codecs_available
    names = "libx264" if quickest().name == "libx264" else f"libx264; live: {quickest().name}"
    return Finding("H.264 encoder (--record)", found, names if found else "reinstall PyAV: pip install --force av")


def _gpu() -> Finding:
    """The whole way to TensorRT, as far as it goes: the first thing that is missing is named."""
    label = "NVIDIA GPU (TensorRT)"
    if not has_nvidia_gpu():
        return Finding(label, False, "no NVIDIA driver is loaded; OpenVINO serves the processor")
    try:
        flavour = import_tensorrt()
        device = CudaDevice()
    except BackendUnavailable as error:
        return Finding(label, False, str(error))
    detail = f"{device.name}, compute capability {device.compute_capability}, {flavour.label}"
    device.close()
    return Finding(label, True, detail)


def _models() -> Iterator[Finding]:
    yield _default_model()
    models = shipped_models()
    if not models:
        yield Finding("models", False, "none was installed: reinstall polyplive", needed=True)
    for name, graph in models.items():
        try:
            manifest = load_manifest(graph)
            engine = open_engine(name)
            engine.close()
        except PolypliveError as error:
            yield Finding(f"model {name}", False, str(error), needed=True)
            continue
        size = f"{manifest.input_width}x{manifest.input_height}"
        yield Finding(f"model {name}", True, f"{manifest.version}, {size}, runs on {engine.spec.backend}")


def _default_model() -> Finding:
    """What a command without ``--model`` runs here."""
    label = "model by default"
    try:
        backend = resolve_backend("auto")
        find_model(DEFAULT_MODEL, backend)
    except PolypliveError as error:
        return Finding(label, False, str(error), needed=True)
    chosen = default_model(backend)
    return Finding(label, True, f"{chosen.name}: {chosen.why}")


def _capture() -> Finding:
    found = list_devices()
    names = ", ".join(device.name for device in found)
    return Finding("capture device (live)", bool(found), names or "none is connected; files and streams need none")


def _window() -> Finding:
    problem = window_problem()
    return Finding("window", problem is None, f"{problem}; --headless needs none" if problem else "a display is there")
