"""``polyplive build``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from polyplive.backends.choice import choose_graph
from polyplive.backends.cuda_device import CudaDevice
from polyplive.backends.options import EngineOptions
from polyplive.backends.tensorrt_flavour import import_tensorrt
from polyplive.backends.tensorrt_plan import MASK, MASK_AND_CAM
from polyplive.backends.tensorrt_store import PlanStore, Target
from polyplive.commands.messages import say, stdout
from polyplive.errors import BackendUnavailable
from polyplive.manifest import DEFAULT_MODEL, find_model, load_manifest
from polyplive.progress import progress_bar

if TYPE_CHECKING:
    from polyplive.backends.tensorrt_flavour import Flavour


def build(given: dict[str, Any]) -> int:
    """Build and keep both engines of a model: whole, and without the heatmap."""
    options = EngineOptions(precision=given["precision"] or "auto")
    flavour = import_tensorrt()
    choice = choose_graph(find_model(given["model"] or DEFAULT_MODEL, "tensorrt"), options)
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
            _build(store, outputs, device, anew=given["force"])
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
    stdout.print(f"{outputs}: {how} ({size / 1e6:.1f} MB)\n  {path}", markup=False)


def _device(flavour: Flavour) -> tuple[CudaDevice | None, Target]:
    """The GPU here; without one, TensorRT-RTX can still build for all."""
    try:
        device = CudaDevice()
    except BackendUnavailable as error:
        if not flavour.is_rtx:
            raise
        say(f"Not for a GPU here: {error}")
        return None, Target()
    return device, Target(device.name, device.compute_capability)
