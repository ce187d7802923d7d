"""The notice that stays on screen while a closed window's recording is still being written."""

from __future__ import annotations

import sys
import time

from PyQt6.QtCore import QEventLoop, Qt
from PyQt6.QtWidgets import QApplication, QLabel

from polyplive.system.progress import NOTICE_AFTER_S, WaitingNotice, still_to_write


class UnfinishedRecordingNotice:
    """Shows, on screen and on stderr, how many frames are still to be written; nothing if that takes only a moment."""

    def __init__(self) -> None:
        self._terminal = WaitingNotice(lambda line: print(f"polyplive: {line}", file=sys.stderr, flush=True))
        self._due_s = time.monotonic() + NOTICE_AFTER_S
        self.label: QLabel | None = None

    def __call__(self, frames: int) -> None:
        """Show that ``frames`` are left; call it in Qt's thread."""
        self._terminal(frames)
        if not frames or time.monotonic() < self._due_s:
            return
        if self.label is None:
            self.label = QLabel()
            self.label.setWindowTitle("polyplive")
            self.label.setMargin(24)
            self.label.setWindowFlag(Qt.WindowType.WindowCloseButtonHint, on=False)
            self.label.show()
        self.label.setText(still_to_write(frames))
        # Qt's loop no longer runs: without this call the label would stay empty.
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    def close(self) -> None:
        """Disappear."""
        if self.label is not None:
            self.label.close()
