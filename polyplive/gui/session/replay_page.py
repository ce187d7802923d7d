"""The page of a recording: the picture of a player, with the playback controls below."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from polyplive.config import Settings
from polyplive.gui.explain.opener import Explainer
from polyplive.gui.session.pace import ShownPace, pace_text
from polyplive.gui.session.session_page import SessionPage
from polyplive.gui.session.state_banner import replay_banner
from polyplive.gui.session.transport import Transport
from polyplive.sessions.replay.player_settings import SPEEDS, Mode
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QCloseEvent

    from polyplive.gui.explain.panel import ReportPictures
    from polyplive.gui.session.display import Display
    from polyplive.gui.session.session_page import Additions
    from polyplive.sessions.replay import Player
    from polyplive.sessions.view import View
    from polyplive.types import Frame, Prediction, ViewOption

JUMP_S = 5.0


class Bridge(QObject):
    """Passes views from the player's thread to Qt's thread, in order."""

    arrived = pyqtSignal(object)

    def deliver(self, view: View) -> None:
        """Called in the player's thread; returns at once."""
        try:
            self.arrived.emit(view)
        except RuntimeError:
            return  # the window is gone: a thread that outlived it has nobody to tell


class ReplayPage(SessionPage):
    """Shows what the player plays.

    ``make_player`` takes the function that receives views, and returns a player that is not started. ``start`` starts
    it, and closing the page closes it. ``more`` is what a page has besides. ``settings`` say how findings are made. No
    method waits for the player.
    """

    def __init__(
        self,
        make_player: Callable[[Callable[[View], None]], Player],
        display: Display,
        snapshots: Path,
        view: ViewOption = "auto",
        more: Additions | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.explainer = Explainer(
            display, settings or Settings(), self._chosen_finding, self._finding_names, self._report_pictures()
        )
        self._size: tuple[int, int] | None = None
        self._told_of_repairs = False
        self._speed = 1.0
        self._mode = Mode.EVERY_FRAME
        self._pace = ShownPace()
        self._bridge = Bridge()
        self.player = make_player(self._bridge.deliver)
        self.transport = Transport()
        super().__init__(self.player, display, snapshots, self.transport, self._playback_commands(), view, more)
        self._bridge.arrived.connect(self._take)
        self.transport.command.connect(self.run_command)
        self.transport.sought.connect(self.player.seek)
        self.transport.speed_chosen.connect(self._set_speed)
        self.transport.mode_chosen.connect(self._set_mode)
        self._redraw()

    def start(self) -> None:
        """Begin to play."""
        self.player.start()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """End the player, and say what was recorded until now."""
        self.explainer.close()
        super().closeEvent(event)
        ends = self.player.recorded
        late = [line for end in ends for line in end.problems if line not in self._notices]
        self._take_end(ends, (*self._notices, *late))

    def _playback_commands(self) -> dict[str, Callable[[], object]]:
        """The commands of the playback controls and their keys."""
        return {
            "toggle_play": self._toggle_play,
            "step_forward": lambda: self.player.step(1),
            "step_back": lambda: self.player.step(-1),
            "jump_forward": lambda: self.player.skip(JUMP_S),
            "jump_back": lambda: self.player.skip(-JUMP_S),
            "go_start": lambda: self.player.seek(0.0),
            "go_end": lambda: self.player.seek(self._end_s()),
            "slower": lambda: self._change_speed(-1),
            "faster": lambda: self._change_speed(1),
            "toggle_mode": self._toggle_mode,
            "explain": self._explain,
        }

    def _disconnect(self) -> None:
        self._bridge.arrived.disconnect(self._take)

    def _take(self, view: View) -> None:
        """Show one view, and tell the player that it was taken."""
        first = self.display.view.info is None and view.info is not None
        self._note_pace(view)
        self.display.view = view
        self.explainer.look()
        self.log.see(view)
        self._take_notices(view)
        self._take_frame(view.frame)
        if first and view.info is not None:
            self.setWindowTitle(f"{Path(view.info.name).name} - polyplive")
        self._redraw()
        self.player.shown()

    def _explain(self) -> None:
        """Explain the frame that is shown, where it stands still."""
        why_not = self.explainer.open(self.top, self._snapshots.folder)
        if why_not:
            self._say(why_not)

    def _chosen_finding(self) -> int | None:
        """The number of the finding that is meant; None where no one is chosen."""
        return self.display.overlay.heat_of

    def _finding_names(self, prediction: Prediction) -> tuple[tuple[int, str], ...]:
        """What findings are called in an explanation."""
        return self.display.names(prediction)

    def _report_pictures(self) -> ReportPictures | None:
        """Where pictures for a report go; None where there is no report."""
        return None

    def _note_pace(self, view: View) -> None:
        if view.playing and view.frame is not None and view.engine is not None:
            self._pace.see(view.position_s, time.monotonic())
        else:
            self._pace.restart()

    def _take_frame(self, frame: Frame | None) -> None:
        """Say where the picture changes its size, and once that time stamps are repaired."""
        if frame is None:
            return
        size, before = (frame.width, frame.height), self._size
        self._size = size
        if before is not None and size != before:
            self.strip.say(f"The picture's size changed: {size[0]} \u00d7 {size[1]}")  # the details know it
        elif frame.is_repaired and not self._told_of_repairs:
            self._told_of_repairs = True
            self._say("Time stamps of this recording are wrong in places, and repaired")

    def _redraw(self) -> None:
        display, view = self.display, self.display.view
        scene = display.scene
        self.video.show_banner(replay_banner(view, visible=display.overlay.visible))
        self.video.show_scene(scene)
        if scene is None:
            fault = view.state is SessionState.FAULT
            title = "This cannot be played" if fault else "Opening"
            self.video.show_message(title, view.reason or "The video and the model are being opened.", alert=fault)
        self.recording_strip.update_from(view.recording)
        self._take_recorded(view.recorded)
        self.transport.update_from(view)
        self.panel.update_from(display)
        opening = view.frame is None and view.state is SessionState.READY
        state = SessionState.RECONNECTING if opening else display.state
        self.strip.show_state(state, view.reason, "Opening" if opening else "")
        self.strip.show_text(self._place())
        if self.details.isVisible():
            self.details.show_state(state, view)

    def _place(self) -> str:
        """Which frame is shown, and how fast they go by."""
        view = self.display.view
        if view.frame is None or view.info is None:
            return ""
        total = f" of {view.info.frames}" if view.info.frames else ""
        parts = (f"Frame {view.frame.index + 1}{total}", pace_text(self._pace.ratio), Path(view.info.name).name)
        return "  \u00b7  ".join(filter(None, parts))

    def _end_s(self) -> float:
        """Where to seek for the end; of a file that is still being written, the newest frame."""
        view = self.display.view
        grows = view.info is not None and view.info.duration_s is None
        return math.inf if grows else view.duration_s or 0.0

    def _toggle_play(self) -> None:
        self.strip.clear()
        self.player.toggle()

    def _change_speed(self, places: int) -> None:
        place = SPEEDS.index(self._speed) + places
        self._set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])

    def _set_speed(self, speed: float) -> None:
        self._speed = speed
        self.transport.show_speed(speed)
        self.player.set_speed(speed)

    def _toggle_mode(self) -> None:
        self._set_mode(Mode.KEEP_PACE if self._mode is Mode.EVERY_FRAME else Mode.EVERY_FRAME)

    def _set_mode(self, mode: Mode) -> None:
        self._mode = mode
        self.transport.show_mode(mode)
        self.player.set_mode(mode)
