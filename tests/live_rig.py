"""Parts for live sessions in tests: a source that is fed by hand, and an engine whose faults come on a schedule."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
from colour_engine import ColourEngine

from polyplive.backends.base import Outputs
from polyplive.config import LiveSettings, PipelineSettings
from polyplive.errors import InferenceError, SourceLost
from polyplive.live import LiveParts, LiveSession
from polyplive.pipeline import Pipeline
from polyplive.types import Frame, SessionState, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.view import View

WIDTH, HEIGHT = 128, 96


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """uint8 [H, W, 3] BGR: noise that differs from picture to picture, with a red disc in the middle."""
    image = np.random.default_rng(number).integers(90, 130, (height, width, 3), dtype=np.uint8)
    image[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = (40, 40, 220)
    image[0, 0] = number % 251
    return image


class FedSource:
    """Gives what the test puts into ``feed``: pictures, errors (raised), or functions (called, to block)."""

    warnings: tuple[str, ...] = ()

    def __init__(self, feed: queue.Queue[object], ending: threading.Event) -> None:
        self.info = SourceInfo("fed", WIDTH, HEIGHT, 30.0, None, None, live=True)
        self.lost: dict[str, int] = {}
        self.closed = False
        self._feed = feed
        self._ending = ending
        self._count = 0

    @property
    def dropped(self) -> Mapping[str, int]:
        return dict(self.lost)

    def read(self) -> Frame | None:
        while not self.closed and not self._ending.is_set():
            try:
                item = self._feed.get(timeout=0.02)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            if callable(item):
                item()
                continue
            frame = Frame(item, self._count, self._count / 30.0, time.monotonic())  # type: ignore[arg-type]
            self._count += 1
            return frame
        return None

    def seek(self, pts_s: float) -> None:
        raise SourceLost("live")

    def close(self) -> None:
        self.closed = True


class FaultyEngine(ColourEngine):
    """The colour engine with a fault before each answer that ``faults`` names by the call's number, from 1."""

    def __init__(self, faults: Callable[[int], object]) -> None:
        super().__init__()
        self._faults = faults
        self.calls = 0

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        self.calls += 1
        answer = self._faults(self.calls)
        if answer == "raise":
            raise InferenceError("The runtime failed", "Try another backend.")
        outputs = super().infer(tensor, cam=cam)
        if answer == "nan":
            outputs.probability[3, 3] = np.nan
        return outputs


def faulty_pipeline(faults: Callable[[int], object] = lambda _: None) -> Pipeline:
    return Pipeline(FaultyEngine(faults), PipelineSettings(roi="none"))


class Rig:
    """A live session in a test: ``feed`` it, ask it, end it."""

    def __init__(
        self, parts: dict[str, object] | None = None, faults: Callable[[int], object] = lambda _: None
    ) -> None:
        self.feed: queue.Queue[object] = queue.Queue()
        self.ending = threading.Event()
        self.sources: list[FedSource] = []
        self.pipelines: list[Pipeline] = []
        self.faults = faults
        self.refusals: list[Exception] = []
        options = {"settings": LiveSettings(), **(parts or {})}
        self.session = LiveSession(LiveParts(self.open_source, self.open_pipeline, **options))  # type: ignore[arg-type]
        self.sent = 0

    def open_source(self) -> FedSource:
        if self.refusals:
            raise self.refusals.pop(0)
        self.sources.append(FedSource(self.feed, self.ending))
        return self.sources[-1]

    def open_pipeline(self) -> Pipeline:
        self.pipelines.append(faulty_pipeline(lambda call: self.faults(call)))
        return self.pipelines[-1]

    def send(self, count: int = 1, every_s: float = 0.0) -> None:
        for _ in range(count):
            self.feed.put(picture(self.sent))
            self.sent += 1
            if every_s:
                time.sleep(every_s)

    def wait(self, condition: Callable[[], object], what: str = "", timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {what} {self.session.state} {self.session.summary()}"
            time.sleep(0.005)

    def wait_state(self, state: SessionState) -> str:
        """Send nothing, wait until the session is in ``state``; its reason."""
        self.wait(lambda: self.session.view().state is state, state.value)
        return self.session.view().reason

    def stream_until(self, condition: Callable[[], object], what: str = "", timeout_s: float = 20.0) -> None:
        """Keep frames coming until ``condition`` holds."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"streamed in vain: {what} {self.session.state}"
            self.send(every_s=0.01)
            self.show()

    def show(self) -> View:
        """What a window does."""
        view = self.session.view()
        self.session.drawn(view)
        return view

    def __enter__(self) -> Rig:
        self.session.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.session.close()
