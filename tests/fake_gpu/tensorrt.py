"""``tensorrt`` and ``tensorrt_rtx``: a plan is the ONNX graph itself with the names of its outputs before it."""

from __future__ import annotations

import json
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime

if TYPE_CHECKING:
    from fake_gpu.driver import FakeDriver

MARK = b"imitation plan "


class ILogger:
    Severity = SimpleNamespace(INTERNAL_ERROR=0, ERROR=1, WARNING=2, INFO=3)


class IProgressMonitor:
    pass


class FakeTensorRt(ModuleType):
    """``driver`` is where its engines' memory lies; ``built`` are the settings of every build."""

    ILogger, IProgressMonitor = ILogger, IProgressMonitor
    NetworkDefinitionCreationFlag = SimpleNamespace()
    ComputeCapability = SimpleNamespace(CURRENT="current")
    CudaGraphStrategy = SimpleNamespace(WHOLE_GRAPH_CAPTURE="whole", DISABLED="off")

    def __init__(self, name: str, driver: FakeDriver, version: str = "9.9") -> None:
        super().__init__(name)
        self.__version__ = version
        self.driver = driver
        self.built: list[SimpleNamespace] = []
        self.complaint = ""
        self.strategies: list[object] = []
        self.kernels_given: list[bytes | None] = []
        self.rounds = False
        """Whether float16 overflows as on a GPU; ONNX Runtime computes it in float32 on a processor."""

    def Builder(self, logger: ILogger) -> FakeBuilder:  # noqa: N802
        return FakeBuilder(self, logger)

    def OnnxParser(self, network: SimpleNamespace, logger: ILogger) -> FakeParser:  # noqa: N802
        return FakeParser(network)

    def Runtime(self, logger: ILogger) -> FakeRuntime:  # noqa: N802
        return FakeRuntime(self, logger)


class FakeNetwork:
    def __init__(self) -> None:
        self.data, self.outputs = b"", ["probability", "cam"]

    @property
    def num_outputs(self) -> int:
        return len(self.outputs)

    def get_output(self, place: int) -> SimpleNamespace:
        return SimpleNamespace(name=self.outputs[place])

    def unmark_output(self, tensor: SimpleNamespace) -> None:
        self.outputs.remove(tensor.name)


class FakeParser:
    def __init__(self, network: FakeNetwork) -> None:
        self.network, self.num_errors = network, 1

    def parse(self, data: bytes) -> bool:
        self.network.data = data
        return data[:1] == b"\x08"  # the first field of every ONNX file

    def get_error(self, number: int) -> str:
        return "no graph"


class FakeBuilder:
    def __init__(self, module: FakeTensorRt, logger: ILogger) -> None:
        self.module, self.logger = module, logger

    def create_network(self, flags: int) -> FakeNetwork:
        return FakeNetwork()

    def create_builder_config(self) -> SimpleNamespace:
        config = SimpleNamespace(progress_monitor=None, num_compute_capabilities=0, capabilities=[])
        config.set_compute_capability = lambda which, place: config.capabilities.append(which)
        return config

    def build_serialized_network(self, network: FakeNetwork, config: SimpleNamespace) -> bytes | None:
        self.module.built.append(config)
        if self.module.complaint:
            self.logger.log(ILogger.Severity.WARNING, "beside the point")
            self.logger.log(ILogger.Severity.ERROR, self.module.complaint)
            return None
        if config.progress_monitor is not None:
            monitor = config.progress_monitor
            monitor.phase_start("all", None, 2)
            monitor.phase_start("half", "all", 4)
            for step in range(4):
                assert monitor.step_complete("half", step)
            monitor.phase_finish("half")
            for step in range(2):
                assert monitor.step_complete("all", step)
            monitor.phase_finish("all")
        return MARK + json.dumps(network.outputs).encode() + b"\n" + network.data


class FakeRuntime:
    def __init__(self, module: FakeTensorRt, logger: ILogger) -> None:
        self.module, self.logger = module, logger

    def deserialize_cuda_engine(self, plan: bytes) -> FakeEngine | None:
        self.module.driver.inside("deserialize")
        if not plan.startswith(MARK):
            self.logger.log(ILogger.Severity.ERROR, "magic tag does not match")
            return None
        head, _, graph = plan[len(MARK) :].partition(b"\n")
        return FakeEngine(self.module, json.loads(head), graph)


class FakeEngine:
    def __init__(self, module: FakeTensorRt, outputs: list[str], graph: bytes) -> None:
        self.module, self.outputs = module, outputs
        if module.rounds:
            from polyplive.export.precision.narrow_graph import rounded_graph

            graph = rounded_graph(onnx.load_from_string(graph)).SerializeToString()
        self.session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        ports = (*self.session.get_inputs(), *self.session.get_outputs())
        self.shapes = {port.name: tuple(port.shape) for port in ports if port.name in ("frame", *outputs)}
        self.names = list(self.shapes)
        self.num_io_tensors = len(self.names)

    def get_tensor_name(self, place: int) -> str:
        return self.names[place]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def create_runtime_config(self) -> SimpleNamespace:
        assert self.module.__name__ == "tensorrt_rtx", "only TensorRT-RTX compiles kernels as it runs"
        config = SimpleNamespace(cuda_graph_strategy=None, kept=None)
        config.create_runtime_cache = lambda: FakeKernels(self.module)
        config.set_runtime_cache = lambda kernels: setattr(config, "kept", kernels)
        return config

    def create_execution_context(self, config: SimpleNamespace | None = None) -> FakeRun:
        self.module.driver.inside("create context")
        if config is not None:
            self.module.strategies.append(config.cuda_graph_strategy)
        return FakeRun(self, config)


class FakeKernels:
    """Grows by a byte at the first run of an engine that it did not know."""

    def __init__(self, module: FakeTensorRt) -> None:
        self.module, self.data = module, b""
        module.kernels_given.append(None)

    def deserialize(self, data: bytes) -> bool:
        self.data = data
        self.module.kernels_given[-1] = data
        return True

    def serialize(self) -> bytes:
        return self.data


class FakeRun:
    def __init__(self, engine: FakeEngine, config: SimpleNamespace | None) -> None:
        self.engine, self.config = engine, config
        self.addresses: dict[str, int] = {}

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        driver = self.engine.module.driver
        driver.inside("execute")
        assert stream == 77
        if self.config is not None and self.config.kept is not None and not self.config.kept.data:
            self.config.kept.data = b"compiled kernels"
        memory = driver.memory
        shape = self.engine.shapes["frame"]
        frame = np.frombuffer(memory[self.addresses["frame"]], np.uint8).reshape(shape)
        for name, values in zip(
            self.engine.outputs, self.engine.session.run(self.engine.outputs, {"frame": frame}), strict=True
        ):
            memory[self.addresses[name]][:] = values.tobytes()
        return True
