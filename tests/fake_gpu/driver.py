"""``pycuda.driver``: memory is bytes in a dictionary, and every rule that is broken is an error."""

from __future__ import annotations

import threading
from types import ModuleType

import numpy as np


class Error(Exception):
    """As PyCUDA's root of all errors."""


class FakeDriver(ModuleType):
    """One GPU. ``calls`` is what was asked, in order; ``fail`` names calls that fail, with the driver's words."""

    Error = Error

    def __init__(self) -> None:
        super().__init__("pycuda.driver")
        self.calls: list[str] = []
        self.fail: dict[str, str] = {}
        self.stack: list[FakeContext] = []
        self.memory: dict[int, bytearray] = {}
        self.pinned = 0
        self.retained = 0
        self.thread: int | None = None
        self.next_address = 0x1000
        driver = self

        class Context:
            @staticmethod
            def pop() -> None:
                driver.note("pop")
                assert driver.stack, "popped more often than pushed"
                driver.stack.pop()

        class Stream:
            def __init__(self) -> None:
                driver.inside("Stream")
                self.handle = 77

            def synchronize(self) -> None:
                driver.inside("synchronize")

        self.Context, self.Stream = Context, Stream

    def note(self, call: str) -> None:
        self.calls.append(call)
        if call in self.fail:
            raise Error(f"{call} failed: {self.fail[call]}")

    def inside(self, call: str) -> None:
        """A call that needs the context to be current, and the thread that retained it."""
        assert self.stack, f"{call} without a current context"
        assert self.thread == threading.get_ident(), f"{call} from another thread"
        self.note(call)

    def init(self) -> None:
        self.note("init")

    def Device(self, ordinal: int) -> FakeDevice:  # noqa: N802
        return FakeDevice(self, ordinal)

    def mem_alloc(self, size: int) -> FakeMemory:
        self.inside("mem_alloc")
        return FakeMemory(self, size)

    def pagelocked_empty(self, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        self.inside("pagelocked_empty")
        self.pinned += 1
        return np.asarray(FakePinned(self, shape, np.dtype(dtype)))

    def memcpy_htod_async(self, memory: FakeMemory, host: np.ndarray, stream: object) -> None:
        self.inside("htod")
        assert stream is not None
        self.memory[int(memory)][:] = host.tobytes()

    def memcpy_dtoh_async(self, host: np.ndarray, memory: FakeMemory, stream: object) -> None:
        self.inside("dtoh")
        host[...] = np.frombuffer(self.memory[int(memory)], host.dtype).reshape(host.shape)

    @property
    def clean(self) -> bool:
        """Whether everything that was taken was given back."""
        return not (self.stack or self.memory or self.pinned or self.retained)


class FakeDevice:
    def __init__(self, driver: FakeDriver, ordinal: int) -> None:
        assert ordinal == 0
        self.driver = driver

    def name(self) -> str:
        return "Imitation 1000"

    def compute_capability(self) -> tuple[int, int]:
        return 8, 9

    def retain_primary_context(self) -> FakeContext:
        self.driver.note("retain")
        self.driver.retained += 1
        self.driver.thread = threading.get_ident()
        return FakeContext(self.driver)


class FakeContext:
    def __init__(self, driver: FakeDriver) -> None:
        self.driver = driver

    def push(self) -> None:
        self.driver.note("push")
        self.driver.stack.append(self)

    def detach(self) -> None:
        assert self.driver.thread == threading.get_ident(), "detached from another thread"
        self.driver.note("detach")
        self.driver.retained -= 1


class FakeMemory:
    def __init__(self, driver: FakeDriver, size: int) -> None:
        self.driver, self.address = driver, driver.next_address
        driver.next_address += size + 256
        driver.memory[self.address] = bytearray(size)

    def __int__(self) -> int:
        return self.address

    def free(self) -> None:
        self.driver.inside("free")
        del self.driver.memory[self.address]


class FakePinned:
    """What stands behind a page-locked array: ``free`` gives it back, as PyCUDA's ``base`` does."""

    def __init__(self, driver: FakeDriver, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.driver = driver
        self.store = np.zeros(shape, dtype)

    @property
    def __array_interface__(self) -> dict:
        return self.store.__array_interface__

    def free(self) -> None:
        self.driver.inside("free pinned")
        self.driver.pinned -= 1
