"""The page of a live session: it shows the newest frame at once and never waits for the model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from polyplive.gui.parts.quantities import hours_text
from polyplive.gui.parts.update_signal import UpdateSignal
from polyplive.gui.recording.live_recording import LiveRecordingControls
from polyplive.gui.session.announcer import Announcer
from polyplive.gui.session.late_notice import LateNotice
from polyplive.gui.session.live_bar import LiveBar
from polyplive.gui.session.session_page import SessionPage
from polyplive.gui.session.state_banner import live_banner, waiting_message
from polyplive.sessions.recorder.recording_files import recordings_folder
from polyplive.sessions.recorder.status import RecordingEnd
from polyplive.system import spans
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PyQt6.QtCore import QObject
    from PyQt6.QtGui import QCloseEvent, QShowEvent

    from polyplive.gui.session.display import Display
    from polyplive.sessions.live import LiveSession
    from polyplive.sessions.view import View
    from polyplive.sinks.base import Mark
    from polyplive.types import ViewOption

_TEXT_EVERY_MS = 200
"""Labels are updated five times a second: enough to read them, and no delay for the picture."""


class LivePage(SessionPage):
    """Shows a live session.

    ``make_session`` takes the function to call when there is something new, and returns a session that is not started.
    ``start`` starts it, and closing the page closes it. With ``sound``, a new finding beeps. Recordings that are
    started here go into ``recordings`` (None: ``recordings_folder``).
    """

    def __init__(
        self,
        make_session: Callable[[Callable[[], None]], LiveSession],
        display: Display,
        snapshots: Path,
        sound: bool = False,
        view: ViewOption = "auto",
        recordings: Path | None = None,
    ) -> None:
        self._news = UpdateSignal()
        self.session = make_session(self._news.tell)
        self.bar = LiveBar()
        self.late = LateNotice()
        self._is_over = False
        folder = recordings or recordings_folder()
        self.recording = LiveRecordingControls(
            self.session.recording, folder, self.bar.recording, self._confirm, self._tell_of_recording
        )
        own = {"toggle_sound": self._toggle_sound, "toggle_glow": self._toggle_glow}
        below = _one_above_the_other(self.recording.marks, self.late, self.bar)
        super().__init__(self.session, display, snapshots, below, own | self.recording.commands, view)
        self.announcer = Announcer(self.video, sound=sound)
        self.panel.offer_announcements()
        self.bar.command.connect(self.run_command)
        self.late.chosen.connect(self.session.savings.take)
        self._news.arrived.connect(self._look)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.timeout.connect(self._show_text)
        self._timer.timeout.connect(self._look_for_end)
        self._timer.start(_TEXT_EVERY_MS)
        self._redraw()

    @property
    def is_recording(self) -> bool:
        """Whether a recording would end with the session."""
        return self.session.recording.status.is_recording

    def keep_outputs_in(self, folder: Path) -> None:
        """Keep snapshots and recordings below ``folder`` from now on."""
        super().keep_outputs_in(folder)
        self.recording.folder = folder / "recordings"

    @property
    def error(self) -> Exception | None:
        """What ended the session for good."""
        return self.session.summary().error

    def start(self) -> None:
        """Start the session."""
        self.session.start()

    def _disconnect(self) -> None:
        self._timer.stop()
        self._news.arrived.disconnect(self._look)

    def _look(self) -> None:
        """Show the newest frame now."""
        self._news.heard()
        view = self.session.view()
        self.display.view = view
        self.announcer.see(view.prediction if self.display.overlay.visible else None)
        began_s = time.perf_counter()
        self._redraw()
        if self.isVisible() and not self.top.isMinimized():
            self.session.drawn(view)
            _note_painted(view, began_s)
        self.log.see(view)  # the picture is on its way meanwhile

    def _look_for_end(self) -> None:
        """Say once that the session ended by itself: at its frame limit, or after an error."""
        if self.session.wait(0) and not self._is_over:
            self._is_over = True
            self.over.emit()

    def _redraw(self) -> None:
        scene = self.display.scene
        self.video.show_banner(live_banner(self.display.view, visible=self.display.overlay.visible))
        self.video.show_scene(scene)
        if scene is not None:
            self.video.repaint()  # paint at once: a delayed paint event would add to the delay
        else:
            self._show_text()

    def _show_text(self) -> None:
        """Update everything around the picture."""
        view = self.display.view
        if view.frame is None:
            self.video.show_message(*waiting_message(view), alert=view.state is SessionState.FAULT)
        self._take_notices(view)
        if view.info is not None:
            self.setWindowTitle(f"{view.info.name} - polyplive")
        self.panel.update_from(self.display)
        self.panel.show_announcements(sound=self.sound, glow=self.announcer.glow)
        self.bar.update_from(view, self.sound)
        self.recording.show()
        self.recording_strip.update_from(view.recording)
        self._take_recorded(view.recorded)
        self.late.show_late(view.late)
        self.strip.show_state(self.display.state, view.reason or view.governed)
        self.strip.show_text(_place(view))
        if self.details.isVisible():
            self.details.show_state(self.display.state, view)

    @property
    def sound(self) -> bool:
        """Whether a new finding beeps."""
        return self.announcer.sound

    def _toggle_sound(self) -> None:
        self.announcer.sound = not self.sound
        self._say("A new finding beeps." if self.sound else "New findings are silent.")

    def _confirm(self, line: str) -> None:
        """Say what a key has done, also where the picture fills the screen."""
        self._say(line)
        self.full_screen.bring()

    def _tell_of_recording(self, failure: str) -> None:
        """Say why a recording could not begin."""
        self.recording_strip.show_failure(failure)
        self.full_screen.bring()
        self.log.add(failure)

    def _toggle_glow(self) -> None:
        glow = self.announcer.glow = not self.announcer.glow
        self._say("The picture's edge glows at a new finding." if glow else "No edge glows at a new finding.")

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Watch the window that the page is in."""
        super().showEvent(event)
        self.top.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Tell the session whether anyone can see its frames."""
        if event is not None and watched is self.top and event.type() == QEvent.Type.WindowStateChange:
            self.session.set_screen_visible(not self.top.isMinimized())
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Mark the frames as hidden, then end the session."""
        self.session.set_screen_visible(False)
        super().closeEvent(event)
        summary = self.session.summary()
        self._take_end(summary.recorded, summary.notices)
        if summary.unsaved_marks:
            self.recorded.emit(RecordingEnd((), "", 0.0, summary.reason, problems=(_lost(summary.unsaved_marks),)))


def _note_painted(view: View, began_s: float) -> None:
    if view.frame is not None:
        spans.note(spans.PRESENT, view.frame.index, began_s, time.perf_counter())
    if view.prediction is not None:
        spans.note_moment(spans.ON_SCREEN, view.prediction.index)


def _one_above_the_other(*widgets: QWidget) -> QWidget:
    whole = QWidget()
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return whole


def _lost(marks: Sequence[Mark]) -> str:
    """A line about marks that no events file holds."""
    said = (f"{mark.number} at {hours_text(mark.pts_s or 0.0)} {mark.text}".rstrip() for mark in marks)
    return f"Marks that are in no file: {', '.join(said)}"


def _place(view: View) -> str:
    if view.frame is None or view.info is None:
        return ""
    return f"{view.info.name}  ·  {view.frame.width} \u00d7 {view.frame.height}"
