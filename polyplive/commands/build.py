"""``polyplive build``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.backends.auto_model import find_model
from polyplive.backends.tensorrt.cuda_device import CudaDevice
from polyplive.backends.tensorrt.flavour import import_tensorrt
from polyplive.backends.tensorrt.graph_choice import choose_graph
from polyplive.backends.tensorrt.plan import MASK, MASK_AND_CAM
from polyplive.backends.tensorrt.store import PlanStore, Target
from polyplive.commands.messages import say, stdout
from polyplive.config import DEFAULT_MODEL, EngineOptions
from polyplive.errors import BackendUnavailable
from polyplive.manifest import load_manifest
from polyplive.system.progress import progress_bar
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from polyplive.backends.tensorrt.flavour import Flavour


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The request of ``polyplive build``; ``force`` builds again what the cache already has."""

    model: str = DEFAULT_MODEL
    precision: str = "auto"
    force: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: BuildRequest) -> int:
    """Build both engines of a model, with and without the heatmap, and keep them. Returns the exit code."""
    options = EngineOptions(request.precision)
    flavour = import_tensorrt()
    choice = choose_graph(find_model(request.model, "tensorrt"), options)
    if choice.why:
        say(choice.why)
    graph = choice.graph
    manifest = load_manifest(graph)
    device, target = _device(flavour)
    try:
        store = PlanStore(graph, manifest, flavour, target, say)
        where = device.name if device is not None else "every GPU that it serves (none is in this machine)"
        stdout.print(f"{flavour.label}: {manifest.name} {manifest.version}, {manifest.precision}, for {where}")
        for outputs in (MASK_AND_CAM, MASK):
            _build(store, outputs, device, anew=request.force)
    finally:
        if device is not None:
            device.close()
    return 0


def _build(store: PlanStore, outputs: str, device: CudaDevice | None, *, anew: bool) -> None:
    started = time.monotonic()
    with progress_bar(f"building {outputs}", 100) as advance:

        def build() -> tuple[int, bool, str]:
            plan = store.plan(outputs, anew=anew, progress=lambda share: advance(int(100 * share)))
            return len(plan.data), plan.cached, str(store.cache.path(plan.key))

        if device is None:
            size, cached, path = build()
        else:
            with device.active():
                size, cached, path = build()
    how = "was there, and is sound" if cached else f"built in {time.monotonic() - started:.1f} s"
    stdout.print(f"{outputs}: {how} ({size / 1e6:.1f} MB)\n  {path}")


def _device(flavour: Flavour) -> tuple[CudaDevice | None, Target]:
    """The GPU of this machine. Without one, TensorRT-RTX can still build for any GPU."""
    try:
        device = CudaDevice()
    except BackendUnavailable as error:
        if not flavour.is_rtx:
            raise
        say(f"Not for a GPU here: {error}")
        return None, Target()
    return device, Target(device.name, device.compute_capability)
