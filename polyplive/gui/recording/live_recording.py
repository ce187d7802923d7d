"""Records a live session from its page: the key and the button, the marks, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import PolypliveError
from polyplive.gui.recording.mark_row import MarkRow
from polyplive.sessions.recorder.recording_files import new_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.gui.recording.record_buttons import RecordButtons
    from polyplive.sessions.live.recording_commands import RecordingCommands


class LiveRecordingControls:
    """Runs the commands of ``buttons`` and of their keys on a session. Qt's thread.

    Recordings that are started from now on go into ``folder``. ``say`` shows one line, ``fail``
    says why nothing is recorded.
    """

    def __init__(
        self,
        session: RecordingCommands,
        folder: Path,
        buttons: RecordButtons,
        say: Callable[[str], object],
        fail: Callable[[str], object],
    ) -> None:
        self._session = session
        self.folder = folder
        self._buttons = buttons
        self._say, self._fail = say, fail
        self.marks = MarkRow()
        self.marks.described.connect(self._describe)
        self.commands: dict[str, Callable[[], object]] = {
            "toggle_recording": self._toggle,
            "mark": self._mark,
            "describe_mark": self.marks.begin_note,
        }

    def show(self) -> None:
        """Show what is being recorded."""
        self._buttons.update_from(self._session.status)

    def _toggle(self) -> None:
        if self._session.status.is_recording:
            self._session.stop()
            self._say("The recording has stopped.")
        else:
            self._start()
        self.show()

    def _start(self) -> None:
        try:
            files = new_files(self.folder, self._buttons.contents)
            self._session.start(files)
        except PolypliveError as error:
            self._fail(str(error))
        else:
            self._say(f"Recording to {self.folder}")

    def _mark(self) -> None:
        mark = self._session.mark()
        self.marks.show_mark(mark, is_taken=self._session.status.takes_marks)
        self._say(self.marks.text.text())

    def _describe(self, number: int, text: str) -> None:
        self._session.describe(number, text)
        self._say(f"Mark {number}: {text}")
