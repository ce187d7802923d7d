"""One engine for all recordings of a worker: opening it takes longer than a short recording."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from polyplive.sessions.engine_room.opening import OFFLINE, SameModelOpener

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec, Outputs, Pending
    from polyplive.config import Settings
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.engine_room.process_engine import ProcessEngine


class KeptEngine:
    """Opens engines for one recording after another, in processes of their own. One thread.

    An engine that went through a recording without a failure is kept for the next one.
    """

    def __init__(self, settings: Settings) -> None:
        self._open = SameModelOpener(settings, lambda _: None, OFFLINE, is_parallel=True)
        self._engine: ProcessEngine | None = None
        self._is_lent = False
        self._failures = 0

    def __call__(self, _interrupt: Interrupt) -> _Lent:
        """The kept engine, or a new one where one failed. Raises the errors of opening."""
        if self._is_lent:
            self._failures += 1
            self.close()
        self._is_lent = True
        if self._engine is None:
            self._engine = self._open(None)
        return _Lent(self._engine)

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Around the work on one recording: after a failure the engine is closed."""
        self._failures = 0
        try:
            yield
        except BaseException:
            self.close()
            raise
        finally:
            if self._failures:
                self.close()
            self._is_lent = False

    def close(self) -> None:
        """Close the engine; the next recording has a new one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None


@functools.lru_cache(maxsize=1)
def kept_engine(settings: Settings) -> KeptEngine:
    """The one of this process for ``settings``."""
    return KeptEngine(settings)


class _Lent:
    """A ``ParallelEngine`` whose ``close`` leaves the engine open for its owner."""

    def __init__(self, engine: ProcessEngine) -> None:
        self._engine = engine

    @property
    def spec(self) -> EngineSpec:
        return self._engine.spec

    @property
    def requests(self) -> int:
        return self._engine.requests

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        return self._engine.infer(tensor, cam=cam)

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        return self._engine.start(tensor, cam=cam)

    def close(self) -> None:
        return None
