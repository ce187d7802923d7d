"""The replay window: puts the parts together and turns commands into what player and display do."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from polyplive.errors import SinkError
from polyplive.gui.panel import Panel
from polyplive.gui.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.snapshots import save_snapshot
from polyplive.gui.status_strip import StatusStrip
from polyplive.gui.transport import Transport
from polyplive.gui.video_view import VideoView
from polyplive.player.values import SPEEDS, Mode
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.display import Display
    from polyplive.player import Player, View

JUMP_S = 5.0
CLOSE_TIMEOUT_S = 5.0
_CAPTIONS = ("Source", "Overlay")
_STEP = 0.05


class Bridge(QObject):
    """Carries views from the player's thread into Qt's, in order."""

    arrived = pyqtSignal(object)

    def deliver(self, view: View) -> None:
        """Called in the player's thread; returns at once."""
        try:
            self.arrived.emit(view)
        except RuntimeError:
            return  # the window is gone: a thread that outlived it has nobody to tell


class ReplayWindow(QMainWindow):
    """Shows what the player plays.

    ``make_player`` gets the function that takes views and gives a player, not started yet; the window starts it when
    ``start`` is called and closes it when it is closed. Nothing here waits for the player.
    """

    def __init__(
        self, make_player: Callable[[Callable[[View], None]], Player], display: Display, snapshots: Path
    ) -> None:
        super().__init__()
        self.display = display
        self.survivors: tuple[str, ...] = ()
        self._snapshots = snapshots
        self._speed = 1.0
        self._mode = Mode.EVERY_FRAME
        self._message = ""
        self._notices: tuple[str, ...] = ()
        self._closed = False
        self._bridge = Bridge()
        self._bridge.arrived.connect(self._take)
        self.player = make_player(self._bridge.deliver)
        self.setWindowTitle("polyplive")
        self.video, self.panel, self.transport, self.strip = VideoView(), Panel(), Transport(), StatusStrip()
        self._lay_out()
        self._connect()
        self._redraw()

    def start(self) -> None:
        """Begin to play."""
        self.player.start()

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for everything that failed so far."""
        view = self.display.view
        fault = (view.reason,) if view.state is SessionState.FAULT else ()
        return (*fault, *self._notices)

    def run_command(self, command: str) -> None:
        """Do what a key or a button stands for."""
        if command.startswith("toggle_") and hasattr(self.display.overlay, command.removeprefix("toggle_")):
            self._toggle(command.removeprefix("toggle_"))
        else:
            self._commands[command]()

    def set_threshold(self, threshold: float) -> None:
        """Take contours at another probability, in the shown frame at once."""
        self.display.threshold = threshold
        self.player.set_threshold(self.display.threshold)
        self._redraw()

    def set_opacity(self, opacity: float) -> None:
        """Of mask and heatmap, from 0 to 1."""
        self._set_overlay(opacity=min(max(opacity, 0.0), 1.0))

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Disappear, then end the player's threads."""
        self.hide()
        if not self._closed:
            self._closed = True
            self._bridge.arrived.disconnect(self._take)
            self.survivors = self.player.close(CLOSE_TIMEOUT_S)
        super().closeEvent(event)

    # Making

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(0)
        above.addWidget(self.video, 1)
        above.addWidget(self.panel)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above, 1)
        layout.addWidget(self.transport)
        layout.addWidget(self.strip)
        self.setCentralWidget(central)
        self.setMinimumSize(800, 480)
        self.resize(1280, 800)
        self.video.setFocus()

    def _connect(self) -> None:
        self.transport.command.connect(self.run_command)
        self.panel.command.connect(self.run_command)
        self.transport.sought.connect(self.player.seek)
        self.transport.speed_chosen.connect(self._set_speed)
        self.transport.mode_chosen.connect(self._set_mode)
        self.panel.threshold_chosen.connect(self.set_threshold)
        self.panel.opacity_chosen.connect(self.set_opacity)
        self._commands: dict[str, Callable[[], object]] = {
            "toggle_play": self._toggle_play,
            "step_forward": lambda: self.player.step(1),
            "step_back": lambda: self.player.step(-1),
            "jump_forward": lambda: self.player.skip(JUMP_S),
            "jump_back": lambda: self.player.skip(-JUMP_S),
            "go_start": lambda: self.player.seek(0.0),
            "go_end": lambda: self.player.seek(self.display.view.duration_s or 0.0),
            "slower": lambda: self._change_speed(-1),
            "faster": lambda: self._change_speed(1),
            "toggle_mode": self._toggle_mode,
            "threshold_down": lambda: self.set_threshold(self.display.threshold - _STEP),
            "threshold_up": lambda: self.set_threshold(self.display.threshold + _STEP),
            "opacity_down": lambda: self.set_opacity(self.display.overlay.opacity - _STEP),
            "opacity_up": lambda: self.set_opacity(self.display.overlay.opacity + _STEP),
            "toggle_side_by_side": self._toggle_side_by_side,
            "toggle_panel": lambda: self.panel.setVisible(not self.panel.isVisible()),
            "toggle_fullscreen": self._toggle_fullscreen,
            "leave_fullscreen": lambda: self.showNormal() if self.isFullScreen() else None,
            "snapshot": self.save_snapshot,
            "help": self.show_help,
            "quit": self.close,
        }
        for shortcut in SHORTCUTS:
            for keys in shortcut.keys:
                made = QShortcut(QKeySequence(keys), self)
                made.activated.connect(lambda command=shortcut.command: self.run_command(command))

    # Views

    def _take(self, view: View) -> None:
        """Show one view, and say so to the player."""
        first = self.display.view.info is None and view.info is not None
        self.display.view = _with_video_delay(view)
        if view.notices != self._notices:
            self._notices = view.notices
            self._say(view.notices[-1])
        if first and view.info is not None:
            self.setWindowTitle(f"{Path(view.info.name).name} - polyplive")
        self._redraw()
        self.player.shown()

    def _redraw(self) -> None:
        display, view = self.display, self.display.view
        images = display.images()
        self.video.show_images(images, _CAPTIONS if len(images) > 1 else ())
        if not images:
            fault = view.state is SessionState.FAULT
            title = "This cannot be played" if fault else "Opening"
            self.video.show_message(title, view.reason or "The video and the model are being opened.", alert=fault)
        self.transport.update_from(view)
        self.panel.update_from(display)
        opening = view.frame is None and view.state is SessionState.READY
        state = SessionState.RECONNECTING if opening else display.state
        self.strip.show_state(state, view.reason, "Opening" if opening else "")
        self.strip.show_text(self._message or (view.reason if view.state is SessionState.FAULT else self._place()))

    def _place(self) -> str:
        view = self.display.view
        if view.frame is None or view.info is None:
            return ""
        total = f" of {view.info.frames}" if view.info.frames else ""
        return f"Frame {view.frame.index + 1}{total}  ·  {Path(view.info.name).name}"

    def _say(self, message: str) -> None:
        """Keep one line on show until the next command."""
        self._message = message
        self.strip.show_text(message)

    # Commands

    def _toggle_play(self) -> None:
        self._message = ""
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

    def _toggle(self, name: str) -> None:
        on = not getattr(self.display.overlay, name)
        self._set_overlay(**({name: on, "figures": on} if name == "status" else {name: on}))

    def _set_overlay(self, **changes: object) -> None:
        self._message = ""
        self.display.set(**changes)
        self.player.set_cam(self.display.needs_cam)
        self.player.set_overlay(self.display.overlay)
        self._redraw()

    def _toggle_side_by_side(self) -> None:
        self.display.side_by_side = not self.display.side_by_side
        self._redraw()

    def _toggle_fullscreen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def save_snapshot(self) -> Path | None:
        """Save what is on show at source resolution; None where that failed, which the strip says."""
        view = self.display.view
        image = self.display.snapshot()
        if image is None or view.info is None:
            self._say("There is no frame to save yet.")
            return None
        try:
            path = save_snapshot(image, self._snapshots, view.info.name, view.position_s)
        except SinkError as error:
            self._say(str(error))
            return None
        self._say(f"Saved {path}")
        return path

    def show_help(self) -> None:
        """List the shortcuts; the video plays on."""
        dialog = ShortcutDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


def _with_video_delay(view: View) -> View:
    """While playing, the time from the frame's read until now, when it goes to the screen.

    It includes the wait for the frame's own result and, since frames are read ahead, for the moment it is due.
    """
    if view.frame is None or not view.playing:
        return view
    delay_ms = (time.monotonic() - view.frame.captured_s) * 1e3
    return dataclasses.replace(view, figures=dataclasses.replace(view.figures, video_delay_ms=delay_ms))
