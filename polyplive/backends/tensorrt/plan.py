"""Builds the bytes of a TensorRT engine from an ONNX graph; ``engine.py`` runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.backends.tensorrt.flavour import Log
from polyplive.errors import BuildError, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.backends.tensorrt.flavour import Flavour

MASK_AND_CAM, MASK = "mask+cam", "mask"
"""What an engine computes. Without the CAM its whole branch is left out of the engine."""


def build_plan(
    flavour: Flavour,
    graph: Path,
    outputs: str = MASK_AND_CAM,
    *,
    for_this_gpu: bool = True,
    progress: Callable[[float], None] | None = None,
) -> bytes:
    """Compile ``graph``; its own types decide the precision (the network is strongly typed).

    ``for_this_gpu`` False, only with TensorRT-RTX, builds for every supported GPU and needs none. ``progress`` gets the
    share done, from 0 to 1, in the calling thread. Raises ``BuildError`` with TensorRT's own words.
    """
    # Raised here: a traceback from the other function would keep TensorRT's objects and free them in any order.
    plan, problem, hint = _compile(flavour, graph, outputs, for_this_gpu, progress)
    if plan is None:
        raise BuildError(f"{flavour.label} {problem}", hint)
    return plan


def _compile(
    flavour: Flavour, graph: Path, outputs: str, for_this_gpu: bool, progress: Callable[[float], None] | None
) -> tuple[bytes | None, str, str]:
    """The engine, or None with the problem and a hint."""
    trt, log = flavour.module, Log(flavour.module)
    builder = trt.Builder(log.logger)
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, log.logger)
    if not parser.parse(graph_bytes(graph)) or not network.num_outputs:  # a text file parses as an empty graph
        reasons = [text_of(parser.get_error(number), 300) for number in range(parser.num_errors)]
        problem = f"does not take '{graph.name}': {reasons[0] if reasons else 'it holds nothing'}"
        return None, problem, "Export the model again with 'polyplive export'."
    if outputs == MASK:
        _leave_out(network, "cam")
    config = builder.create_builder_config()
    if flavour.is_rtx and for_this_gpu:
        config.num_compute_capabilities = 1
        config.set_compute_capability(trt.ComputeCapability.CURRENT, 0)
    monitor = _monitor(trt, progress) if progress is not None else None
    if monitor is not None:
        config.progress_monitor = monitor
    plan = builder.build_serialized_network(network, config)
    found = None if plan is None else bytes(plan)
    del plan, config, monitor, parser, network, builder  # free in reverse order; the log last
    hint = "Use --backend openvino meanwhile; 'polyplive doctor' says what this machine lacks."
    return found, f"could not build '{graph.name}': {log.reason()}", hint


def _network_flags(trt: Any) -> int:
    """The flag for strong typing; TensorRT-RTX, and TensorRT from 11 on, have no other kind and no flag."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _leave_out(network: Any, name: str) -> None:
    for tensor in [network.get_output(place) for place in range(network.num_outputs)]:
        if tensor.name == name:
            network.unmark_output(tensor)


def _monitor(trt: Any, progress: Callable[[float], None]) -> Any:
    """Turns TensorRT's nested phases into one share: each step of a phase is an equal part of its parent's step."""

    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            super().__init__()
            self.reached = 0.0
            self.begun: dict[str, tuple[float, float, int]] = {}  # start, width of a step, steps done
            self.ends: dict[str, float] = {}

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            begin, width, done = self.begun.get(parent or "", (0.0, 1.0, 0))
            self.begun[name] = (begin + width * done, width / max(steps, 1), 0)
            self.ends[name] = begin + width * (done + 1)

        def step_complete(self, name: str, step: int) -> bool:
            begin, width, _ = self.begun[name]
            self.begun[name] = (begin, width, step + 1)
            self.reach(begin + width * (step + 1))
            return True

        def phase_finish(self, name: str) -> None:
            self.reach(self.ends.get(name, 0.0))

        def reach(self, share: float) -> None:
            self.reached = max(self.reached, min(share, 1.0))
            progress(self.reached)

    return Monitor()
