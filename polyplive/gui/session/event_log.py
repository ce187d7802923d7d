"""What has happened in a session, as lines with the time of day; without Qt."""

from __future__ import annotations

import datetime
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.sessions.recorder.status import RecordingEnd
    from polyplive.sessions.view import View

MOST = 1000
"""Older lines are forgotten."""
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Event:
    """One line: when it happened, and what."""

    at: datetime.datetime
    text: str

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S}  {self.text}"


class EventLog:
    """Keeps the newest events of one session, each said once. One thread.

    It is shown every view, and keeps what differs from the last one: state and reason, what the governor did, notices,
    sizes, the model, delays that last, recordings and marks. A reason is a new one where its first sentence is, but for
    numbers.
    """

    def __init__(self) -> None:
        self.count = 0
        """How many events there were, those that are forgotten among them."""
        self._events: deque[Event] = deque(maxlen=MOST)
        self._said: dict[str, object] = {}
        self._recorded: tuple[RecordingEnd, ...] = ()

    def newest(self, count: int = MOST) -> list[Event]:
        """The newest ``count`` of them, the newest first."""
        events = list(self._events)
        return events[: -count - 1 : -1] if count else []

    def add(self, text: str) -> None:
        """Something happened now."""
        self._events.append(Event(datetime.datetime.now(), " ".join(text.split())))
        self.count += 1

    def see(self, view: View) -> None:
        """Keep what ``view`` tells that the last one did not."""
        reason = view.reason if view.state is not SessionState.READY or not view.governed else ""
        is_late = view.state is SessionState.STALE and view.engine is not None  # whatever holds it up at the moment
        if self._is_new("state", (view.state, "" if is_late else _NUMBER.sub("", reason.split(". ")[0].rstrip(".")))):
            is_opening = view.state is SessionState.READY and view.frame is None
            word = "Opening" if is_opening else view.state.value.capitalize()
            self.add(f"{word}: {reason}" if reason and not is_opening else reason or word)
        if self._is_new("governed", view.governed) and view.governed:
            self.add(view.governed)
        if self._is_new("late", view.late is not None) and view.late is not None:
            self.add(str(view.late))
        if view.engine is not None and self._is_new("engine", view.engine):
            engine, model = view.engine, view.engine.manifest
            self.add(f"Model: {model.name} {model.version}, {engine.backend} on {engine.device}")
        if self._said.get("notices", ()) != view.notices:
            before = self._said.get("notices", ())
            assert isinstance(before, tuple)
            for line in view.notices:
                if line not in before:
                    self.add(f"Notice: {line}")
            self._said["notices"] = view.notices
        if view.frame is not None and self._is_new("size", (view.frame.width, view.frame.height)):
            self.add(f"The picture is {view.frame.width} \u00d7 {view.frame.height}")
        self._see_recording(view)

    def _see_recording(self, view: View) -> None:
        now = view.recording
        if self._is_new("recording", now.is_recording) and now.is_recording:
            what = ", ".join(content.value for content in now.contents if content.is_video)
            self.add(f"Recording began: {what}")
        if self._is_new("marks", now.marks) and now.marks:
            self.add(f"Mark {now.marks}")
        before = len(self._recorded)
        self._recorded = view.recorded
        for end in view.recorded[before:]:
            files = ", ".join(file.path.name for file in end.files)
            self.add(f"Recording ended ({end.reason}) after {end.duration_s:.0f} s: {files or 'no file'}")

    def _is_new(self, name: str, value: object) -> bool:
        is_new = name not in self._said or self._said[name] != value
        self._said[name] = value
        return is_new
