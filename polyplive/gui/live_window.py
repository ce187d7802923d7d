"""The live window: the newest frame as soon as it is there, never later for the model's sake."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication

from polyplive.gui.live_bar import LiveBar
from polyplive.gui.overlay_window import CAPTIONS, OverlayWindow
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PyQt6.QtGui import QCloseEvent

    from polyplive.gui.display import Display
    from polyplive.live import LiveSession
    from polyplive.types import Prediction
    from polyplive.view import View

_WORDS_EVERY_MS = 200
"""Labels are read by people: five times a second is enough, and costs the picture nothing."""


class News(QObject):
    """Tells Qt's thread that something new is there; news that nobody has looked at yet is not told twice."""

    arrived = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._told = False

    def tell(self) -> None:
        """Called in any thread; returns at once."""
        with self._lock:
            if self._told:
                return
            self._told = True
        try:
            self.arrived.emit()
        except RuntimeError:
            return  # the window is gone: a thread that outlived it has nobody to tell

    def heard(self) -> None:
        """The next news is told again."""
        with self._lock:
            self._told = False


class LiveWindow(OverlayWindow):
    """Shows a live session.

    ``make_session`` gets the function to call when there is something new, and gives a session that has not begun;
    the window starts it when ``start`` is called and closes it when it is closed. With ``sound``, a new finding beeps.
    """

    def __init__(
        self,
        make_session: Callable[[Callable[[], None]], LiveSession],
        display: Display,
        snapshots: Path,
        sound: bool = False,
    ) -> None:
        self._news = News()
        self.session = make_session(self._news.tell)
        self.bar = LiveBar()
        self.sound = sound
        self._highest_track = 0
        super().__init__(self.session, display, snapshots, self.bar)
        self.bar.command.connect(self.run_command)
        self._news.arrived.connect(self._look)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.timeout.connect(self._show_words)
        self._timer.timeout.connect(self._close_at_end)
        self._timer.start(_WORDS_EVERY_MS)
        self._redraw()

    def start(self) -> None:
        """Begin."""
        self.session.start()

    def _own_commands(self) -> dict[str, Callable[[], object]]:
        return {"toggle_sound": self._toggle_sound}

    def _let_go(self) -> None:
        self._timer.stop()
        self._news.arrived.disconnect(self._look)

    def _look(self) -> None:
        """Show the newest frame now."""
        self._news.heard()
        view = self.session.view()
        self.display.view = view
        self._beep_for(view.prediction)
        self._redraw()
        if self.isVisible() and not self.isMinimized():
            self.session.drawn(view)

    def _close_at_end(self) -> None:
        """The session has an end of its own only where a number of frames was asked for."""
        if self.session.wait(0):
            self.close()

    def _redraw(self) -> None:
        images = self.display.images(reuse=True)
        self.video.show_images(images, CAPTIONS if len(images) > 1 else ())
        if images:
            self.video.repaint()  # at once: a later paint would be a later picture
        else:
            self._show_words()

    def _show_words(self) -> None:
        """Everything around the picture."""
        view = self.display.view
        if view.frame is None:
            title = "Waiting for the source" if view.state is SessionState.RECONNECTING else "Opening"
            self.video.show_message(title, view.reason, alert=view.state is SessionState.FAULT)
        self._take_notices(view.notices)
        if view.info is not None:
            self.setWindowTitle(f"{view.info.name} - polyplive")
        self.panel.update_from(self.display)
        self.bar.update_from(view, self.sound)
        self.strip.show_state(self.display.state, view.reason)
        problem = view.reason if view.state is not SessionState.READY else ""
        self.strip.show_text(self._message or problem or _place(view))

    def _beep_for(self, prediction: Prediction | None) -> None:
        if prediction is None or not prediction.detections:
            return
        newest = max(detection.track for detection in prediction.detections)
        if newest > self._highest_track and self.sound and self.display.overlay.visible:
            QApplication.beep()
        self._highest_track = max(newest, self._highest_track)

    def _toggle_sound(self) -> None:
        self.sound = not self.sound
        self._say("A new finding beeps." if self.sound else "New findings are silent.")

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Tell the session whether anyone can see its frames."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.WindowStateChange:
            self.session.set_screen_visible(not self.isMinimized())

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Nobody sees it any more; then end the session."""
        self.session.set_screen_visible(False)
        super().closeEvent(event)


def _place(view: View) -> str:
    if view.frame is None or view.info is None:
        return ""
    return f"{view.info.name}  ·  {view.frame.width} \u00d7 {view.frame.height}"
