"""The base of both windows: picture, panel, status strip, overlay commands, snapshots."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from polyplive.errors import SinkError
from polyplive.gui.panel import Panel
from polyplive.gui.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.snapshots import save_snapshot
from polyplive.gui.status_strip import StatusStrip
from polyplive.gui.unfinished_recording import UnfinishedRecordingNotice
from polyplive.gui.view.video_view import VideoView
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Protocol

    from polyplive.gui.display import Display
    from polyplive.overlay.target import Target
    from polyplive.sessions.view import View
    from polyplive.types import OverlaySettings, ViewOption

    class Session(Protocol):
        """What a window tells a session, recorded or live: it returns at once."""

        def set_cam(self, cam: bool) -> None:
            """Whether to compute the heatmap."""

        def set_threshold(self, threshold: float) -> None:
            """The probability of a contour."""

        def set_overlay(self, overlay: OverlaySettings) -> None:
            """What recordings draw."""

        def set_target(self, target: Target) -> None:
            """At which size frames are shown, so that overlays are drawn for it beforehand."""

        def close(self, timeout_s: float, on_waiting: Callable[[int], None]) -> tuple[str, ...]:
            """End its threads, telling how many frames are still to be written; the names of those that did not end."""


CLOSE_TIMEOUT_S = 5.0
_STEP = 0.05


OVERLAY_SWITCHES = ("visible", "contour", "mask", "heatmap", "scores", "legend", "status")
"""The parts of the overlay that a key turns on and off: fields of ``OverlaySettings``."""


class OverlayWindow(QMainWindow):
    """A window with the picture of a ``session`` and its tools. Subclasses say what is played, and how.

    ``bar`` is the row below the picture. ``commands`` are the subclass's own commands for keys and buttons. ``view`` is
    what draws the picture. No method waits for the session, and the constructor calls no method of a subclass.
    """

    def __init__(
        self,
        session: Session,
        display: Display,
        snapshots: Path,
        bar: QWidget,
        commands: Mapping[str, Callable[[], object]],
        view: ViewOption = "auto",
    ) -> None:
        super().__init__()
        self.display = display
        self.survivors: tuple[str, ...] = ()
        self._session = session
        self._snapshots = snapshots
        self._message = ""
        self._notices: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()
        self._closed = False
        self.setWindowTitle("polyplive")
        self.video, self.panel, self.strip = VideoView(view), Panel(), StatusStrip()
        self.video.contents.on_target = session.set_target
        self.video.fell_back.connect(self._tell_of_view)
        self._commands = self._overlay_commands() | dict(commands)
        self._lay_out(bar)
        self.panel.command.connect(self.run_command)
        self.panel.threshold_chosen.connect(self.set_threshold)
        self.panel.opacity_chosen.connect(self.set_opacity)
        for shortcut in SHORTCUTS:
            for keys in shortcut.keys if shortcut.command in self._commands else ():
                made = QShortcut(QKeySequence(keys), self)
                made.activated.connect(lambda command=shortcut.command: self.run_command(command))

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for everything that failed so far."""
        view = self.display.view
        fault = (view.reason,) if view.state is SessionState.FAULT else ()
        return (*fault, *self._notices)

    def run_command(self, command: str) -> None:
        """Run the command of a key or a button."""
        self._commands[command]()

    def set_threshold(self, threshold: float) -> None:
        """Set the probability of a contour; the shown frame changes at once."""
        self.display.threshold = threshold
        self._session.set_threshold(self.display.threshold)
        self._redraw()

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of mask and heatmap, from 0 to 1."""
        self._set_overlay(opacity=min(max(opacity, 0.0), 1.0))

    def save_snapshot(self) -> Path | None:
        """Save the displayed picture at source resolution. None if that failed; the strip then says why."""
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
        """Show the list of shortcuts; the video continues."""
        dialog = ShortcutDialog(self, [item for item in SHORTCUTS if item.command in self._commands])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Hide the window, then end the session's threads, once accepted frames of a recording are written."""
        self.hide()
        if not self._closed:
            self._closed = True
            self._disconnect()
            notice = UnfinishedRecordingNotice()
            self.survivors = self._session.close(CLOSE_TIMEOUT_S, notice)
            notice.close()
        super().closeEvent(event)

    # For subclasses

    def _redraw(self) -> None:
        """Show the display as it is now."""
        raise NotImplementedError

    def _disconnect(self) -> None:
        """Stop receiving updates of the session: the window is closing."""
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
            **{f"toggle_{name}": functools.partial(self._toggle, name) for name in OVERLAY_SWITCHES},
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

    def _take_notices(self, view: View) -> None:
        """Show what is to be known of the source, once, and the newest line about something that failed."""
        told = view.info.notices if view.info is not None else ()
        if told != self._told:
            self._told = told
            if told:
                self._say("  \u00b7  ".join(told))
        if view.notices != self._notices:
            self._notices = view.notices
            if view.notices:
                self._say(view.notices[-1])

    def _tell_of_view(self, line: str) -> None:
        """Say that the picture is drawn in another way than was meant: in the window, and where it was started."""
        self._say(line)
        print(f"polyplive: {line}", file=sys.stderr)

    def _say(self, message: str) -> None:
        """Show one line until the next command."""
        self._message = message
        self.strip.show_text(message)
