"""A review: a recording's findings with what a person decided and wrote, every action undoable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from polyplive.review.decisions import Decision, ReviewNote, Verdict
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What was decided and written: decisions by the number of the track, notes by their own number."""

    decisions: Mapping[int, Decision]
    notes: Mapping[int, ReviewNote]


class Review:
    """The review of one recording; one thread.

    ``by`` is the name that decisions and notes carry (empty: none). ``on_changed`` is called after every change.
    """

    def __init__(self, by: str = "", on_changed: Callable[[], None] = lambda: None) -> None:
        self.by = by
        self.timeline = Timeline(0.0)
        """Set anew as the analysis proceeds."""
        self._on_changed = on_changed
        self._state = ReviewState({}, {})
        self._done: list[ReviewState] = []
        self._undone: list[ReviewState] = []
        self._notes_given = 0

    @property
    def notes(self) -> tuple[ReviewNote, ...]:
        """All notes, by their time."""
        return tuple(sorted(self._state.notes.values(), key=lambda note: (note.at_s, note.number)))

    def decision(self, track: int) -> Decision:
        """What was decided of the track with this number."""
        return self._state.decisions.get(track, Decision())

    def decide(self, track: int, verdict: Verdict) -> None:
        """Give a verdict; one that stands already changes nothing."""
        if self.decision(track).verdict is not verdict:
            decision = Decision(verdict, _now(), self.by)
            self._change(replace(self._state, decisions={**self._state.decisions, track: decision}))

    def add_note(self, at_s: float, text: str, track: int | None = None) -> ReviewNote:
        """Write a note at ``at_s`` seconds of the video."""
        self._notes_given += 1
        note = ReviewNote(self._notes_given, at_s, text, track, _now(), self.by)
        self._change(replace(self._state, notes={**self._state.notes, note.number: note}))
        return note

    def edit_note(self, number: int, text: str) -> None:
        """Change a note's text; an empty one removes the note."""
        notes = dict(self._state.notes)
        note = notes.pop(number)
        if text:
            notes[number] = replace(note, text=text, written=_now(), by=self.by)
        self._change(replace(self._state, notes=notes))

    @property
    def can_undo(self) -> bool:
        """Whether there is an action to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether an action was taken back and nothing else was done since."""
        return bool(self._undone)

    def undo(self) -> None:
        """Take back the last action, if there is one."""
        self._step(self._done, self._undone)

    def redo(self) -> None:
        """Do again what was taken back last, if there is anything."""
        self._step(self._undone, self._done)

    def _step(self, source: list[ReviewState], target: list[ReviewState]) -> None:
        if source:
            target.append(self._state)
            self._state = source.pop()
            self._on_changed()

    def _change(self, state: ReviewState) -> None:
        self._done.append(self._state)
        self._undone.clear()
        self._state = state
        self._on_changed()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
