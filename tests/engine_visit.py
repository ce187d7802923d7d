"""An engine room at work over real processes: frames keep coming, and all that it tells is kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from colour_engine import red_disc
from faulty_engines import EngineProcesses
from processes import PATIENCE_S, is_alive, wait_until

from polyplive.config import PipelineSettings
from polyplive.sessions.engine_room.room import EngineRoom, Request
from polyplive.types import Frame

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.sessions.engine_room.messages import EngineOpener
    from polyplive.sessions.engine_room.supervisor import EngineStatus
    from polyplive.types import Prediction

SETTINGS = PipelineSettings(roi="none")


def engines_of(*openers: EngineOpener | Exception) -> EngineProcesses:
    return EngineProcesses(*openers)


def frame(index: int) -> Frame:
    """A red disc that moves to and fro; it can be followed from any frame to any other one near by."""
    x = 60 + abs(index % 20 - 10)
    return Frame(red_disc(160, 120, (x, 60), 30), index, index / 25, time.monotonic())


class User:
    """Keeps what a room tells."""

    def __init__(self) -> None:
        self.specs: list[EngineSpec] = []
        self.answers: list[tuple[Request, Prediction]] = []
        self.failures: list[tuple[Request, Exception]] = []
        self.losses: list[tuple[Exception, EngineStatus]] = []
        self.answered_before: list[int] = []
        """How many answers had come before each loss."""

    def engine_opened(self, spec: EngineSpec) -> None:
        self.specs.append(spec)

    def engine_lost(self, error: Exception, status: EngineStatus) -> None:
        self.answered_before.append(len(self.answers))
        self.losses.append((error, status))

    def wants_cam(self, request: Request) -> bool:
        return request.cam

    def answered(self, request: Request, prediction: Prediction) -> None:
        self.answers.append((request, prediction))

    def frame_failed(self, request: Request, error: Exception) -> None:
        self.failures.append((request, error))


class Visit:
    """A room at work: frames keep coming until a condition holds, whatever the engine does."""

    def __init__(self, *openers: EngineOpener | Exception) -> None:
        self.user = User()
        self.engines = engines_of(*openers)
        self.room = EngineRoom(self.engines, SETTINGS, self.user)
        self.asked = 0
        self.replaced = 0

    def ask_until(self, condition: object, what: str) -> None:
        def ask_and_look() -> object:
            _, replaced = self.room.ask(frame(self.asked), cam=True, threshold=None)
            self.asked += 1
            self.replaced += replaced is not None
            return condition()  # type: ignore[operator]

        wait_until(ask_and_look, what)

    def __enter__(self) -> Visit:
        self.room.start()
        return self

    def __exit__(self, *_: object) -> None:
        left = self.room.stop()
        self.room.join(PATIENCE_S)
        assert not self.room.is_alive()
        assert not any(is_alive(engine.process_id) for engine in self.engines.opened)
        done = len(self.user.answers) + len(self.user.failures)
        assert self.asked == self.replaced + done + (left is not None), "every frame is accounted for"
