"""``polyplive doctor``: checks what works on this machine. It changes nothing, unless it is asked to measure."""

from __future__ import annotations

import platform
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.backends.auto_model import auto_model, find_model
from polyplive.backends.factory import open_engine
from polyplive.backends.openvino import OPENVINO
from polyplive.backends.registry import AUTO, BACKENDS, candidates, resolve_backend
from polyplive.backends.tensorrt.backend import TENSORRT
from polyplive.backends.tensorrt.cuda_device import CudaDevice
from polyplive.backends.tensorrt.flavour import Flavour, import_tensorrt
from polyplive.backends.tensorrt.inventory import unbuilt
from polyplive.backends.tensorrt.store import Target
from polyplive.commands.doctor_measurement import AGAIN, kept_measurement, measure_now, measurement_table
from polyplive.commands.messages import print_tables, say, stdout
from polyplive.config import DEFAULT_MODEL
from polyplive.errors import BackendUnavailable, PolypliveError
from polyplive.manifest import load_manifest, shipped_models
from polyplive.sinks.h264 import quickest
from polyplive.sources.capture.devices import list_devices
from polyplive.system.machine import (
    has_nvidia_gpu,
    package_version,
    processor_count,
    processor_name,
    window_problem,
)
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_S = 20.0
"""For a driver that is asked what it draws with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``needed`` says whether no command works without it."""

    what: str
    works: bool
    detail: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """The request of ``polyplive doctor``.

    With ``measure`` the setups for live video are measured anew, and what is found is kept.
    """

    measure: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: DoctorRequest) -> int:
    """Print what works on this machine; 1 when something that every command needs does not work."""
    if request.measure:
        say("Measuring which model and runtime keep up with live video; this takes a few seconds.")
        measure_now()
    findings = list(examine())
    table = Table("", "what", "found, or what to do", title=f"polyplive {__version__}", title_justify="left")
    for finding in findings:
        word, colour = (
            ("ok", "green") if finding.works else ("missing", "red") if finding.needed else ("absent", "yellow")
        )
        table.add_row(Text(word, style=colour), finding.what, finding.detail)
    stdout.print(table)
    if (measured := kept_measurement()[0]) is not None:
        print_tables([measurement_table(measured)])
        stdout.print(AGAIN)
    stdout.print(RESEARCH_NOTICE)
    return 1 if any(finding.needed and not finding.works for finding in findings) else 0


def examine() -> Iterator[Finding]:
    """Check everything, one finding after another; builds and writes nothing."""
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("Python", True, python)
    yield Finding("processor", True, f"{processor_name()}, {processor_count()} usable")
    yield from _packages()
    yield _encoder()
    gpu = _find_gpu()
    yield _gpu(gpu)
    yield from _models(gpu)
    measured, detail = kept_measurement()
    yield Finding("live video", measured is not None, detail)
    yield _window()
    yield _capture()


def _packages() -> Iterator[Finding]:
    needed = {"numpy": "numpy", "opencv-python-headless": "OpenCV", "av": "PyAV", "PyQt6": "PyQt6"}
    for distribution, label in needed.items():
        yield _package(distribution, label, f"pip install {distribution}", needed=True)
    yield _package("pydicom", "pydicom (DICOM files)", "pip install 'polyplive[dicom]'")
    for backend in BACKENDS.values():
        if not backend.needs_gpu:
            missing = backend.missing()
            detail = (
                backend.install if missing else ", ".join(package_version(names[0]) or "" for names in backend.needs)
            )
            yield Finding(f"backend {backend.name}", not missing, detail, needed=backend is OPENVINO)


def _package(distribution: str, label: str, command: str, *, needed: bool = False) -> Finding:
    version = package_version(distribution)
    return Finding(label, version is not None, version or f"install with: {command}", needed)


def _encoder() -> Finding:
    import av

    found = "libx264" in av.codecs_available
    live = quickest(1920, 1080).name
    names = "libx264" if live == "libx264" else f"libx264; live: {live}"
    return Finding("H.264 encoder (--record)", found, names if found else "reinstall PyAV: pip install --force av")


@dataclass(frozen=True, slots=True)
class _Gpu:
    """A GPU that TensorRT can use."""

    flavour: Flavour
    target: Target


def _find_gpu() -> _Gpu | str:
    """The GPU for TensorRT, or in words the first thing that is missing."""
    if not has_nvidia_gpu():
        return "no NVIDIA driver is loaded; OpenVINO serves the processor"
    try:
        flavour = import_tensorrt()
        device = CudaDevice()
    except BackendUnavailable as error:
        return str(error)
    target = Target(device.name, device.compute_capability)
    device.close()
    return _Gpu(flavour, target)


def _gpu(found: _Gpu | str) -> Finding:
    label = "NVIDIA GPU (TensorRT)"
    if isinstance(found, str):
        return Finding(label, False, found)
    gpu = found.target
    return Finding(label, True, f"{gpu.gpu}, compute capability {gpu.compute_capability}, {found.flavour.label}")


def _models(gpu: _Gpu | str) -> Iterator[Finding]:
    yield _default_model()
    models = shipped_models()
    if not models:
        yield Finding("models", False, "none was installed: reinstall polyplive", needed=True)
    for name, graph in models.items():
        try:
            manifest = load_manifest(graph)
            runs = _opened(name) if isinstance(gpu, str) else _kept(name, graph, gpu)
        except PolypliveError as error:
            yield Finding(f"model {name}", False, str(error), needed=True)
            continue
        size = f"{manifest.input_width}x{manifest.input_height}"
        yield Finding(f"model {name}", True, f"{manifest.version}, {size}, {runs}")


def _opened(name: str) -> str:
    """Open and close the model on the backend that ``auto`` takes without TensorRT."""
    backend = next((each for each in candidates(AUTO) if each is not TENSORRT), TENSORRT)
    engine = open_engine(name, backend.name)
    engine.close()
    return f"runs on {engine.spec.backend}"


def _kept(name: str, graph: Path, gpu: _Gpu) -> str:
    """What TensorRT has in its cache for the model. Nothing is opened, as that could build engines for minutes."""
    left = unbuilt(graph, gpu.flavour, gpu.target)
    if not left:
        return f"its engines are kept for {gpu.flavour.label}"
    return f"not built yet for {gpu.flavour.label}: {', '.join(left)} ('polyplive build {name}', or the first start)"


def _default_model() -> Finding:
    """Which model a command without ``--model`` runs on this machine."""
    label = "model by default"
    try:
        backend = resolve_backend("auto")
        find_model(DEFAULT_MODEL, backend)
    except PolypliveError as error:
        return Finding(label, False, str(error), needed=True)
    chosen = auto_model(backend)
    return Finding(label, True, f"{chosen.name}: {chosen.why}")


def _capture() -> Finding:
    found = list_devices()
    names = ", ".join(device.name for device in found)
    return Finding("capture device (live)", bool(found), names or "none is connected; files and streams need none")


def _window() -> Finding:
    problem = window_problem()
    if problem is not None:
        return Finding("window", False, f"{problem}; --headless needs none")
    return Finding("window", True, f"a display is there; its picture is drawn by {_view()}")


def _view() -> str:
    """What ``--view auto`` takes here, and why. Asked in a process of its own, as drivers and displays may end it."""
    command = [sys.executable, "-m", "polyplive.gui.view.choice"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return "the processor: OpenGL could not be tried"
    return done.stdout.strip()
