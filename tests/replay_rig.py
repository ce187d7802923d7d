"""What the tests of the player stand on: an audience that collects what would be shown."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from processes import PATIENCE_S

from polyplive.config import PipelineSettings
from polyplive.sessions.replay import PlayerSettings
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sessions.view import View

FRAMES = 30
FPS = 25
FAST = PlayerSettings(speed=50.0)
WHOLE = PipelineSettings(roi="none")


class Audience:
    """Collects views and waits for what it expects of one: no view is missed, however late it looks."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self._place = 0
        self._came = threading.Condition()

    def __call__(self, view: View) -> None:
        with self._came:
            self.views.append(view)
            self._came.notify_all()

    def wait(self, expected: Callable[[View], bool]) -> View:
        """The first view that is as ``expected``, beginning with the one that was waited for last."""
        with self._came:
            assert self._came.wait_for(lambda: self._is_found(expected), PATIENCE_S), self.views[-1]
            return self.views[self._place]

    def _is_found(self, expected: Callable[[View], bool]) -> bool:
        while self._place < len(self.views):
            if expected(self.views[self._place]):
                return True
            self._place += 1
        return False

    def wait_index(self, index: int, state: SessionState = SessionState.PAUSED) -> View:
        return self.wait(lambda view: view.frame is not None and view.frame.index == index and view.state is state)

    @property
    def indices(self) -> list[int]:
        """Of the frames shown, each once where it was shown again without another between."""
        found = [view.frame.index for view in self.views if view.frame is not None]
        return [index for place, index in enumerate(found) if place == 0 or found[place - 1] != index]
