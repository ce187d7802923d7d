"""Where a review is done: which finding is selected, what is decided and written, and which keys can act."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from polyplive.gui.review.arrays import TimelineArrays
from polyplive.gui.review.naming import same_track
from polyplive.gui.review.shown import Flag, Shown
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from polyplive.review.review import Review
    from polyplive.review.tracks import Track

HERE_S = 0.75
"""Seconds. A note so near to the picture that is shown is the one that is meant."""


class ReviewDesk(QObject):
    """A ``review`` as the window shows and changes it. Qt's thread.

    ``changed`` says that ``shown`` is another one, ``selection`` that ``selected`` is. ``go_to`` carries the second of
    the video that is to be shown. ``at_s`` is the second that is shown; whoever plays sets it.
    """

    changed = pyqtSignal()
    selection = pyqtSignal()
    go_to = pyqtSignal(float)

    def __init__(self, review: Review) -> None:
        super().__init__()
        self.review = review
        self.at_s = 0.0
        self.listed: Collection[Verdict] = frozenset(Verdict)
        """The verdicts of the findings that the list shows: from one to the next of them N and P go."""
        self._shown = Shown()
        self._selected: int | None = None

    @property
    def shown(self) -> Shown:
        """What there is to see."""
        return self._shown

    @property
    def selected(self) -> int | None:
        """The number of the selected finding."""
        return self._selected

    @property
    def target(self) -> Track | None:
        """The finding that a verdict is for: the selected one, or the one that is in view."""
        chosen = self._shown.track(self._selected)
        if chosen is not None:
            return chosen
        here = self._shown.arrays.tracks_at(self.at_s)
        return max(here, key=lambda track: track.peak_score, default=None)

    def take_arrays(self, arrays: TimelineArrays) -> None:
        """Show what the analysis has found since."""
        chosen = self._shown.track(self._selected)
        self.review.timeline = arrays.timeline
        if chosen is not None:
            self._selected = same_track(chosen, arrays)
        self._show(arrays)
        if chosen is not None and self._selected != chosen.number:
            self.selection.emit()

    def lengthen(self, duration_s: float) -> None:
        """Take the player's word for how long the recording is, before the analysis knows it."""
        timeline = self._shown.timeline
        if not timeline.duration_s and duration_s:
            self.take_arrays(TimelineArrays.of(dataclasses.replace(timeline, duration_s=duration_s)))

    def refresh(self) -> None:
        """Show the review as it is now."""
        self._show(self._shown.arrays)

    def select(self, number: int | None, *, go: bool = True) -> None:
        """Select a finding, and have its best frame shown where ``go`` is set."""
        track = self._shown.track(number)
        if number != self._selected:
            self._selected = number if track is not None else None
            self.selection.emit()
        if track is not None and go:
            self.go_to.emit(track.best.time_s)

    def step(self, by: int) -> None:
        """Select the next finding (1) or the previous one (-1) that the list shows."""
        track = self.neighbour(by)
        if track is not None:
            self.select(track.number)

    def neighbour(self, by: int) -> Track | None:
        """That finding; None at the end.

        It counts from the selected one while that is in view, and otherwise from the place in the video.
        """
        shown, chosen = self._shown, self._shown.track(self._selected)
        if chosen is not None and chosen.first_s - HERE_S <= self.at_s <= chosen.last_s + HERE_S:
            at_s, number = chosen.first_s, chosen.number
        else:
            at_s, number = self.at_s, 0
        first_s, numbers = shown.arrays.extent[:, 0], shown.arrays.numbers
        if by > 0:
            beyond = (first_s > at_s) | ((first_s == at_s) & (numbers > number))
        else:
            beyond = (first_s < at_s) | ((first_s == at_s) & (numbers < number))
        places = np.flatnonzero(beyond & shown.has_one_of(self.listed))
        return shown.timeline.tracks[places[0 if by > 0 else -1]] if len(places) else None

    def decide(self, verdict: Verdict) -> str:
        """Give a verdict to the ``target``; the same again takes it back. Returns what was done, in one line."""
        track = self.target
        if track is None:
            return ""
        self.select(track.number, go=False)
        taken_back = self._shown.verdict(track.number) is verdict
        self.review.decide(track.number, Verdict.UNSEEN if taken_back else verdict)
        self.refresh()
        return f"Finding {track.number}: {self._shown.verdict(track.number).value}"

    # Notes

    @property
    def note_here(self) -> Flag | None:
        """The note at the place in the video; of several the nearest."""
        near = [flag for flag in self._shown.flags if abs(flag.at_s - self.at_s) <= HERE_S]
        return min(near, key=lambda flag: abs(flag.at_s - self.at_s), default=None)

    def write(self, text: str, flag: Flag | None, at_s: float, track: int | None) -> str:
        """Write a new note, or change the one of ``flag``; an empty text removes it. Returns what was done."""
        if flag is not None:
            if text != flag.text:
                self.review.edit_note(flag.number, text)
                self.refresh()
            return f"Note {flag.number}: {text}" if text else f"Note {flag.number} is removed"
        if not text:
            return ""
        note = self.review.add_note(at_s, text, track)
        self.refresh()
        return f"Note {note.number}: {text}"

    def flag_beside(self, by: int) -> Flag | None:
        """The next note or mark (1) or the previous one (-1), from the place in the video."""
        after = [flag for flag in self._shown.flags if flag.at_s > self.at_s + 0.02]
        before = [flag for flag in self._shown.flags if flag.at_s < self.at_s - 0.02]
        return (after[0] if after else None) if by > 0 else (before[-1] if before else None)

    # What can be done

    def undo(self) -> None:
        """Take back the last action."""
        self.review.undo()
        self.refresh()

    def redo(self) -> None:
        """Do it again."""
        self.review.redo()
        self.refresh()

    def use_earlier(self) -> str:
        """Use decisions that were made before the video changed. Returns what was done, in one line."""
        is_used = self.review.apply_earlier()
        self.refresh()
        return "Decisions of the video as it was are used where findings are at the same place" if is_used else ""

    def reasons(self) -> dict[str, str]:
        """Why each command of the table of shortcuts cannot act now; empty where it can."""
        nothing = "" if self._shown.timeline.tracks else "There are no findings so far"
        target = "" if self.target is not None else nothing or "No finding is selected or in view"
        return {
            "next_finding": nothing or _unless(self.neighbour(1), "There is no finding behind this place"),
            "previous_finding": nothing or _unless(self.neighbour(-1), "There is no finding before this place"),
            "accept": target,
            "reject": target,
            "next_note": _unless(self.flag_beside(1), "There is no note behind this place"),
            "previous_note": _unless(self.flag_beside(-1), "There is no note before this place"),
            "undo": "" if self.review.can_undo else "Nothing was decided or written that could be taken back",
            "use_earlier": "" if self.review.has_earlier else "The video has not changed since it was reviewed",
            "redo": "" if self.review.can_redo else "Nothing was taken back",
        }

    def _show(self, arrays: TimelineArrays) -> None:
        review = self.review
        marked = {mark.pts_s for mark in arrays.timeline.marks}
        flags = [Flag(note.at_s, note.text, note.at_s in marked, note.number, note.track) for note in review.notes]
        verdicts = {number: decision.verdict for number, decision in review.decisions().items()}
        self._shown = Shown(arrays, tuple(flags), verdicts)
        self.changed.emit()


def _unless(found: object, reason: str) -> str:
    return "" if found is not None else reason
