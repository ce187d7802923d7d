"""What every window of polyplive has: picture, panel, status strip, overlay commands, snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from polyplive.errors import SinkError
from polyplive.gui.panel import Panel
from polyplive.gui.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.snapshots import save_snapshot
from polyplive.gui.status_strip import StatusStrip
from polyplive.gui.video_view import VideoView
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Protocol

    from polyplive.gui.display import Display
    from polyplive.types import OverlaySettings

    class Session(Protocol):
        """What a window tells a session, recorded or live: it returns at once."""

        def set_cam(self, cam: bool) -> None:
            """Whether to compute the heatmap."""

        def set_threshold(self, threshold: float) -> None:
            """The probability of a contour."""

        def set_overlay(self, overlay: OverlaySettings) -> None:
            """What recordings draw."""

        def close(self, timeout_s: float) -> tuple[str, ...]:
            """End its threads; the names of those that did not end."""


CLOSE_TIMEOUT_S = 5.0
CAPTIONS = ("Source", "Overlay")
_STEP = 0.05


class OverlayWindow(QMainWindow):
    """A picture with its tools around a ``session``; what is played, and how, is for subclasses to say.

    ``bar`` is the row below the picture. Nothing here waits for the session.
    """

    def __init__(self, session: Session, display: Display, snapshots: Path, bar: QWidget) -> None:
        super().__init__()
        self.display = display
        self.survivors: tuple[str, ...] = ()
        self._session = session
        self._snapshots = snapshots
        self._message = ""
        self._notices: tuple[str, ...] = ()
        self._closed = False
        self.setWindowTitle("polyplive")
        self.video, self.panel, self.strip = VideoView(), Panel(), StatusStrip()
        self._commands = self._overlay_commands() | self._own_commands()
        self._lay_out(bar)
        self.panel.command.connect(self.run_command)
        self.panel.threshold_chosen.connect(self.set_threshold)
        self.panel.opacity_chosen.connect(self.set_opacity)
        for shortcut in SHORTCUTS:
            if not self._knows(shortcut.command):
                continue
            for keys in shortcut.keys:
                made = QShortcut(QKeySequence(keys), self)
                made.activated.connect(lambda command=shortcut.command: self.run_command(command))

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for everything that failed so far."""
        view = self.display.view
        fault = (view.reason,) if view.state is SessionState.FAULT else ()
        return (*fault, *self._notices)

    def run_command(self, command: str) -> None:
        """Do what a key or a button stands for."""
        if self._is_overlay_switch(command):
            self._toggle(command.removeprefix("toggle_"))
        else:
            self._commands[command]()

    def set_threshold(self, threshold: float) -> None:
        """Take contours at another probability, in the shown frame at once."""
        self.display.threshold = threshold
        self._session.set_threshold(self.display.threshold)
        self._redraw()

    def set_opacity(self, opacity: float) -> None:
        """Of mask and heatmap, from 0 to 1."""
        self._set_overlay(opacity=min(max(opacity, 0.0), 1.0))

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
        dialog = ShortcutDialog(self, [item for item in SHORTCUTS if self._knows(item.command)])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Disappear, then end the session's threads."""
        self.hide()
        if not self._closed:
            self._closed = True
            self._let_go()
            self.survivors = self._session.close(CLOSE_TIMEOUT_S)
        super().closeEvent(event)

    # For subclasses

    def _own_commands(self) -> dict[str, Callable[[], object]]:
        """What keys and buttons of this window do, beside those of every window."""
        raise NotImplementedError

    def _redraw(self) -> None:
        """Show the display as it is now."""
        raise NotImplementedError

    def _let_go(self) -> None:
        """Take no more news of the session: the window is being closed."""
        raise NotImplementedError

    # Parts

    def _lay_out(self, bar: QWidget) -> None:
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
        layout.addWidget(bar)
        layout.addWidget(self.strip)
        self.setCentralWidget(central)
        self.setMinimumSize(800, 480)
        self.resize(1280, 800)
        self.video.setFocus()

    def _overlay_commands(self) -> dict[str, Callable[[], object]]:
        return {
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

    def _knows(self, command: str) -> bool:
        return command in self._commands or self._is_overlay_switch(command)

    def _is_overlay_switch(self, command: str) -> bool:
        return command.startswith("toggle_") and hasattr(self.display.overlay, command.removeprefix("toggle_"))

    def _toggle(self, name: str) -> None:
        on = not getattr(self.display.overlay, name)
        self._set_overlay(**({name: on, "figures": on} if name == "status" else {name: on}))

    def _set_overlay(self, **changes: object) -> None:
        self._message = ""
        self.display.set(**changes)
        self._session.set_cam(self.display.needs_cam)
        self._session.set_overlay(self.display.overlay)
        self._redraw()

    def _toggle_side_by_side(self) -> None:
        self.display.side_by_side = not self.display.side_by_side
        self._redraw()

    def _toggle_fullscreen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _take_notices(self, notices: tuple[str, ...]) -> None:
        """Show the newest line about something that failed."""
        if notices != self._notices:
            self._notices = notices
            if notices:
                self._say(notices[-1])

    def _say(self, message: str) -> None:
        """Keep one line on show until the next command."""
        self._message = message
        self.strip.show_text(message)
