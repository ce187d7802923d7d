"""The base of both pages that show a session: picture, panel, status strip, overlay commands, snapshots."""

from __future__ import annotations

import dataclasses
import functools
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QResizeEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from polyplive.gui.parts.actions import make_actions
from polyplive.gui.parts.bar_button import show_keys
from polyplive.gui.parts.shortcuts import SHORTCUTS, ShortcutDialog
from polyplive.gui.recording.recording_strip import RecordingStrip
from polyplive.gui.session.details import Details
from polyplive.gui.session.event_log import EventLog
from polyplive.gui.session.full_screen import FullScreen
from polyplive.gui.session.heat_choice import HeatChoice
from polyplive.gui.session.panel import Panel
from polyplive.gui.session.snapshot_writer import SnapshotWriter
from polyplive.gui.session.status_strip import StatusStrip
from polyplive.gui.session.unfinished_recording import UnfinishedRecordingNotice
from polyplive.gui.view.commands import view_commands
from polyplive.gui.view.video_view import VideoView
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from typing import Protocol

    from PyQt6.QtCore import QPointF

    from polyplive.gui.parts.shortcuts import Shortcut
    from polyplive.gui.session.display import Display
    from polyplive.overlay.target import Target
    from polyplive.sessions.recorder.status import RecordingEnd
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
NARROW = 900
"""Below this width in logical pixels the panel folds away, and comes when it is asked for."""
_STEP = 0.05


OVERLAY_SWITCHES = ("visible", "contour", "mask", "heat_everywhere", "scores", "legend", "caption", "status")
"""The parts of the overlay that a key turns on and off: fields of ``OverlaySettings``."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What a page has besides: rows ``above`` its bar, tools ``beside`` the picture, left of the panel, and commands.

    Its keys are those of ``shortcuts``.
    """

    above: Sequence[QWidget] = ()
    beside: Sequence[QWidget] = ()
    commands: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    shortcuts: Sequence[Shortcut] = SHORTCUTS


class SessionPage(QWidget):
    """The picture of a ``session`` and its tools: what a window holds. Subclasses say what is played, and how.

    ``bar`` is the row below the picture. ``commands`` are the subclass's own commands for keys, menus and buttons.
    ``actions_by_command`` has one action for each; its key works wherever the page is seen. ``view`` is what draws the
    picture. ``more`` is what a page has besides.
    ``over`` says that the session ended by itself, ``recorded`` carries what a recording left. No method waits
    for the session but ``close``, which ends it. The constructor calls no method of a subclass.
    """

    over = pyqtSignal()
    _snapshot_written = pyqtSignal(str, bool)
    recorded = pyqtSignal(object)

    def __init__(
        self,
        session: Session,
        display: Display,
        snapshots: Path,
        bar: QWidget,
        commands: Mapping[str, Callable[[], object]],
        view: ViewOption = "auto",
        more: Additions | None = None,
    ) -> None:
        super().__init__()
        more = more or Additions()
        self.display = display
        self.shortcuts = more.shortcuts
        self.survivors: tuple[str, ...] = ()
        self._session = session
        self._snapshots = SnapshotWriter(snapshots, self._snapshot_written.emit)
        self._snapshot_written.connect(lambda line, is_error: self._say(line, is_error=is_error))
        self.log = EventLog()
        self._notices: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()
        self._closed = False
        self._is_narrow = False
        self.is_panel_wanted = True
        self._ends = 0
        self.setWindowTitle("polyplive")
        self.video, self.panel, self.strip = VideoView(view), Panel(), StatusStrip()
        self.recording_strip = RecordingStrip()
        self.video.contents.on_target = session.set_target
        self.video.fell_back.connect(self._tell_of_view)
        self.heat = HeatChoice(display, self.use_overlay, self._say)
        self._commands = self._overlay_commands() | view_commands(self.video)
        self._commands |= {**commands, **more.commands}
        self._lay_out(bar, more)
        self.details = Details(self.log, self)
        self.video.double_clicked.connect(self.full_screen.toggle)
        self.video.clicked.connect(self._clicked)
        self.panel.command.connect(self.run_command)
        self.strip.command.connect(self.run_command)
        self.panel.threshold_chosen.connect(self.set_threshold)
        self.panel.opacity_chosen.connect(self.set_opacity)
        self.actions_by_command = make_actions(self, self._commands, self.run_command, self.shortcuts)
        self.panel.show_keys(self.shortcuts)
        show_keys(self, self.shortcuts)

    @property
    def top(self) -> QWidget:
        """The window that the page is in; the page itself where it is in none."""
        window = self.window()
        assert window is not None
        return window

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for everything that failed so far."""
        view = self.display.view
        fault = (view.reason,) if view.state is SessionState.FAULT else ()
        return (*fault, *self._notices)

    def run_command(self, command: str) -> None:
        """Run the command of a key or a button."""
        self._commands[command]()

    def set_threshold(self, threshold: float | None) -> None:
        """Set the probability of a contour (None: the model's own); the shown frame changes at once."""
        self.display.threshold = threshold
        self._session.set_threshold(self.display.threshold)
        self._redraw()

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of mask and heatmap, from 0 to 1."""
        self._set_overlay(opacity=min(max(opacity, 0.0), 1.0))

    def keep_outputs_in(self, folder: Path) -> None:
        """Keep snapshots below ``folder`` from now on, and recordings where the page makes any."""
        self._snapshots.folder = folder / "snapshots"

    def use_overlay(self, overlay: OverlaySettings) -> None:
        """Draw what ``overlay`` says."""
        self.strip.clear()
        self.display.overlay = overlay
        self._session.set_cam(self.display.needs_cam)
        self._session.set_overlay(overlay)
        self._redraw()

    def save_snapshot(self) -> Future[tuple[Path, Path] | None] | None:
        """Have the frame saved, clean and marked, at source resolution; the strip says where, or why it was not.

        Returns at once: the paths, or None, are the result. None where there is no frame.
        """
        view = self.display.view
        snapshot = self.display.snapshot()
        if snapshot is None or view.info is None:
            self._say("There is no frame to save yet.")
            return None
        return self._snapshots.save(snapshot, view.info.name, view.position_s)

    def show_help(self) -> None:
        """Show the list of shortcuts; the video continues."""
        known = self._commands.keys() | {str(action.data()) for action in self.top.actions()}
        dialog = ShortcutDialog(self, [item for item in self.shortcuts if item.command in known])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Hide the page, then end the session's threads, once accepted frames of a recording are written."""
        self.hide()
        self.details.close()
        if not self._closed:
            self._closed = True
            self._disconnect()
            notice = UnfinishedRecordingNotice()
            self.survivors = self._session.close(CLOSE_TIMEOUT_S, notice)
            self._snapshots.close()
            notice.close()
        super().closeEvent(event)

    # For subclasses

    @property
    def error(self) -> Exception | None:
        """What ended the session for good; None while it could go on."""
        return None

    def start(self) -> None:
        """Begin the session."""
        raise NotImplementedError

    def _redraw(self) -> None:
        """Show the display as it is now."""
        raise NotImplementedError

    def _disconnect(self) -> None:
        """Stop receiving updates of the session: the page is closing."""
        raise NotImplementedError

    # Parts

    def _lay_out(self, bar: QWidget, more: Additions) -> None:
        recording = QWidget()  # which the strip in it shows or not by itself, also where it comes with the pointer
        row = QVBoxLayout(recording)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.recording_strip)
        beside, below = (*more.beside, self.panel), (recording, *more.above, bar, self.strip)
        self.full_screen = FullScreen(self, self.video, beside=beside, below=below)
        self.resize(1280, 800)
        self.video.setFocus()

    def _overlay_commands(self) -> dict[str, Callable[[], object]]:
        return {
            **{f"toggle_{name}": functools.partial(self._toggle, name) for name in OVERLAY_SWITCHES},
            "threshold_down": lambda: self.set_threshold(self.display.threshold - _STEP),
            "threshold_up": lambda: self.set_threshold(self.display.threshold + _STEP),
            "threshold_reset": lambda: self.set_threshold(None),
            "opacity_down": lambda: self.set_opacity(self.display.overlay.opacity - _STEP),
            "opacity_up": lambda: self.set_opacity(self.display.overlay.opacity + _STEP),
            "toggle_heatmap": self._toggle_heatmap,
            "toggle_heat_lines": self._toggle_heat_lines,
            "next_heat": self.heat.choose_next,
            "toggle_side_by_side": self._toggle_side_by_side,
            "toggle_panel": self._toggle_panel,
            "toggle_fullscreen": lambda: self.full_screen.toggle(),
            "leave_fullscreen": self._leave_top,
            "snapshot": self.save_snapshot,
            "details": self._show_details,
            "help": self.show_help,
        }

    def _toggle(self, name: str) -> None:
        on = not getattr(self.display.overlay, name)
        self._set_overlay(**({name: on, "figures": on} if name == "status" else {name: on}))

    def _toggle_heatmap(self) -> None:
        """On or off for all findings: the choice of one finding's heat ends."""
        self._set_overlay(heatmap=self.display.overlay.heatmap is False, heat_of=None)

    def _toggle_heat_lines(self) -> None:
        self._set_overlay(heat_style="filled" if self.display.overlay.heat_style == "lines" else "lines")

    def _clicked(self, place: QPointF) -> None:
        """A click on a finding means its heat; elsewhere it ends that, or else plays and pauses a recording."""
        if not self.heat.clicked(self.video.finding_at(place)) and "toggle_play" in self._commands:
            self.run_command("toggle_play")

    def _set_overlay(self, **changes: Any) -> None:
        self.use_overlay(dataclasses.replace(self.display.overlay, **changes))

    def show_panel(self, shown: bool) -> None:
        """Show the panel where there is room for it, or not at all."""
        self.is_panel_wanted = shown
        self.full_screen.show_tool(self.panel, shown and not self._is_narrow)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Fold the panel away where the page becomes narrow, and show it again where it becomes wide."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        if narrow is not self._is_narrow:
            self._is_narrow = narrow
            self.show_panel(self.is_panel_wanted)

    def _toggle_panel(self) -> None:
        shown = not self.panel.isVisible()
        self.full_screen.show_tool(self.panel, shown)
        self.full_screen.bring()
        if not self._is_narrow:
            self.is_panel_wanted = shown

    def _leave_top(self) -> None:
        """Put away what is over the picture: the loupe first, then the choice of a finding's heat, then full screen."""
        if self.video.has_loupe:
            self.video.set_loupe(False)
        elif self.heat.chosen is not None:
            self.heat.choose(None)
        else:
            self.full_screen.leave()

    def _toggle_side_by_side(self) -> None:
        self.display.side_by_side = not self.display.side_by_side
        self._redraw()

    def _take_notices(self, view: View) -> None:
        """Show what is to be known of the source, once, and the newest line about something that failed."""
        self.heat.look()
        told = view.info.notices if view.info is not None else ()
        if told != self._told:
            self._told = told
            if told:
                self._say("  \u00b7  ".join(told))
        if view.notices != self._notices:
            self._notices = view.notices
            if view.notices:
                self.strip.say(view.notices[-1], is_error=True)
                self.full_screen.bring()
        self.strip.show_notices((*told, *view.notices))

    def _show_details(self) -> None:
        """Show all that has happened; what was said counts as read."""
        self.strip.read()
        self.details.show_state(self.display.state, self.display.view)
        self.details.open_over(self.top)

    def _take_recorded(self, ends: Sequence[RecordingEnd]) -> None:
        """Pass on what recordings left that ended since the last call."""
        new, self._ends = ends[self._ends :], len(ends)
        for end in new:
            self.recorded.emit(end)

    def _take_end(self, ends: Sequence[RecordingEnd], notices: Sequence[str]) -> None:
        """The same when the session has ended, with all that failed until then."""
        self._notices = tuple(notices)
        self._take_recorded(ends)

    def _tell_of_view(self, line: str) -> None:
        """Say that the picture is drawn in another way than was meant: in the window, and where it was started."""
        self._say(line)
        print(f"polyplive: {line}", file=sys.stderr)

    def _say(self, message: str, *, is_error: bool = False) -> None:
        """Show one line for some seconds, or until it was read; it stays among the details."""
        self.log.add(message)
        self.strip.say(message, is_error=is_error)
        if is_error:
            self.full_screen.bring()
