"""A live session behind its window's page, for tests that drive it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from live_rig import PATIENT_MS, Rig
from window_driver import PATIENCE_MS

from polyplive.config import LiveSettings
from polyplive.gui.session.display import Display
from polyplive.gui.session.live_page import LivePage
from polyplive.sessions.live import LiveSession

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sessions.engine_room.messages import EngineOpener


class WindowRig(Rig):
    """The rig's session behind a window."""

    def __init__(
        self, snapshots: Path, openers: tuple[EngineOpener, ...] = (), settings: LiveSettings | None = None
    ) -> None:
        usual = LiveSettings(PATIENT_MS, no_signal_s=0.4, engine_timeout_s=0.8, governor=False)
        super().__init__({"settings": settings or usual}, openers=openers)
        self.snapshots = snapshots

    def open(self) -> LivePage:
        parts = dataclasses.replace(self.session._parts, with_screen=True)

        def make(on_news) -> LiveSession:
            self.session = LiveSession(parts, on_news)
            return self.session

        return LivePage(make, Display(), self.snapshots)


def stream(qtbot, rig: WindowRig, condition) -> None:
    def one_more() -> bool:
        rig.send()
        return bool(condition())

    qtbot.waitUntil(one_more, timeout=PATIENCE_MS)
