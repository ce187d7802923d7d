"""From an ONNX graph to the bytes of a TensorRT engine: building alone, running is another file's job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.backends.stored_weights import graph_bytes
from polyplive.backends.tensorrt_flavour import Log
from polyplive.errors import BuildError, said_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.backends.tensorrt_flavour import Flavour

MASK_AND_CAM, MASK = "mask+cam", "mask"
"""What an engine computes. Leaving the CAM out takes its whole branch out of the engine."""


def build_plan(
    flavour: Flavour,
    graph: Path,
    outputs: str = MASK_AND_CAM,
    *,
    for_this_gpu: bool = True,
    progress: Callable[[float], None] | None = None,
) -> bytes:
    """Compile ``graph``; its own types decide the precision (the network is strongly typed).

    ``for_this_gpu`` False, with TensorRT-RTX only, builds for every GPU that it serves and needs none. ``progress``
    gets the share that is done, from 0 to 1, in the calling thread. Raises ``BuildError`` with TensorRT's own words.
    """
    # Raised here, not where TensorRT's objects are: a traceback would keep them, to be freed in any order later.
    plan, problem, hint = _compile(flavour, graph, outputs, for_this_gpu, progress)
    if plan is None:
        raise BuildError(f"{flavour.label} {problem}", hint)
    return plan


def _compile(
    flavour: Flavour, graph: Path, outputs: str, for_this_gpu: bool, progress: Callable[[float], None] | None
) -> tuple[bytes | None, str, str]:
    """The engine, or None with the problem and what to do."""
    trt, log = flavour.module, Log(flavour.module)
    builder = trt.Builder(log.logger)
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, log.logger)
    if not parser.parse(graph_bytes(graph)) or not network.num_outputs:  # text parses as a graph of nothing
        reasons = [said_by(parser.get_error(number), 300) for number in range(parser.num_errors)]
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
    del plan, config, monitor, parser, network, builder  # what was made last goes first; the log outlives them all
    hint = "Use --backend openvino meanwhile; 'polyplive doctor' says what this machine lacks."
    return found, f"could not build '{graph.name}': {log.reason()}", hint


def _network_flags(trt: Any) -> int:
    """Strongly typed: the only kind in TensorRT-RTX and from TensorRT 11 on, a flag before."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _leave_out(network: Any, name: str) -> None:
    for tensor in [network.get_output(place) for place in range(network.num_outputs)]:
        if tensor.name == name:
            network.unmark_output(tensor)


def _monitor(trt: Any, progress: Callable[[float], None]) -> Any:
    """TensorRT's nested phases as one number: each step of a phase is an equal share of its parent's step."""

    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            super().__init__()
            self.reached = 0.0
            self.begun: dict[str, tuple[float, float, int]] = {}  # where it begins, the width of a step, steps done
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
