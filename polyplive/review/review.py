"""A review: a recording's findings with what a person decided and wrote, every action undoable and kept on disk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from polyplive import __version__
from polyplive.review.carrying import Carrying
from polyplive.review.decisions import Decision, ReviewNote, ReviewPicture, Verdict
from polyplive.review.history import History, ReviewState
from polyplive.review.review_content import SCHEMA, ReviewContent, encode
from polyplive.review.timeline import Timeline
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.review.kept_review import KeptReview
    from polyplive.review.review_content import Analysis, StoredFinding
    from polyplive.sinks.base import Mark


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a recording: decisions by the number of the track, notes and pictures by their time."""

    decisions: Mapping[int, Decision]
    notes: tuple[ReviewNote, ...]
    pictures: tuple[ReviewPicture, ...] = ()


class Review:
    """The review of one recording; one thread.

    ``by`` is the name that decisions and notes carry (empty: none). ``on_changed`` is called after every change. With
    ``storage`` it begins as it was kept, and every action is written at once, in another thread; without, it lives in
    memory.
    """

    def __init__(
        self, by: str = "", on_changed: Callable[[], None] = lambda: None, storage: KeptReview | None = None
    ) -> None:
        self.by = by
        self.analysis: Analysis | None = None
        """What the findings come from; set where it is known."""
        self._on_changed = on_changed
        self._storage = storage
        self._timeline = Timeline(0.0)
        self._carrying = Carrying()
        self._history = History(ReviewState({}, {}))
        self._marks: frozenset[int] = frozenset()
        self._notes_given = 0
        self._earlier_analysis: Analysis | None = None
        self._loaded = 0
        if storage is not None and storage.content is not None:
            self._history.state = self._taken_in(storage.content)
            self._marks = frozenset(storage.content.marks)
            self._earlier_analysis = storage.content.analysis
            self._loaded = len(self._history.state.decisions)

    @property
    def timeline(self) -> Timeline:
        """Set anew as the analysis proceeds; decisions go to the same findings, whatever their numbers are then.

        Marks become notes, each once.
        """
        return self._timeline

    @timeline.setter
    def timeline(self, timeline: Timeline) -> None:
        before, self._timeline = self._timeline, timeline
        self._carrying.follow(before.tracks, timeline.tracks, self._verdict)
        for mark in timeline.marks:
            if mark.number not in self._marks:
                self._add_mark(mark)

    @property
    def notes(self) -> tuple[ReviewNote, ...]:
        """All notes, by their time. Those of findings that the analysis does not have belong to the place alone."""
        shown = (replace(note, track=self._track_of(note)) for note in self._history.state.notes.values())
        return tuple(sorted(shown, key=lambda note: (note.at_s, note.number)))

    @property
    def lost(self) -> tuple[StoredFinding, ...]:
        """Findings with a decision that this analysis does not find, where it looked; by their time."""
        decisions = self._history.state.decisions
        found = [
            one.with_decision(decision)
            for one in self._carrying.lost(self._timeline.analysed)
            if (decision := decisions.get(-one.number)) is not None
        ]
        return tuple(sorted(found, key=lambda one: one.spans[0]))

    def said(self) -> Said:
        """What was decided of the tracks of the timeline as it is now, and written; for any thread."""
        return Said(self.decisions(), self.notes, self.pictures)

    def said_of(self, timeline: Timeline) -> Said:
        """The same, of the tracks of another analysis."""
        self.timeline = timeline
        return self.said()

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each thing that the user should know now, such as that nothing can be written."""
        lines = (self._carried_line(), *(self._storage.notices if self._storage is not None else ()))
        return tuple(filter(None, lines))

    def decision(self, track: int) -> Decision:
        """What was decided of the track with this number."""
        key = self._carrying.known_key(track)
        return self._history.state.decisions.get(key, Decision()) if key is not None else Decision()

    def decisions(self) -> dict[int, Decision]:
        """What was decided, by the number of the track; without those on findings that the analysis does not have."""
        numbered = ((self._carrying.number(key), one) for key, one in self._history.state.decisions.items())
        return {number: one for number, one in sorted(numbered) if number > 0 and one != Decision()}

    def decide(self, track: int, verdict: Verdict) -> None:
        """Give a verdict; one that stands already changes nothing."""
        if self.decision(track).verdict is not verdict:
            state = self._history.state
            decision = Decision(verdict, _now(), self.by)
            self._change(replace(state, decisions={**state.decisions, self._carrying.key(track): decision}))

    def add_note(self, at_s: float, text: str, track: int | None = None) -> ReviewNote:
        """Write a note at ``at_s`` seconds of the video."""
        note = self._new_note(at_s, text)
        kept = note if track is None else replace(note, track=self._carrying.key(track))
        state = self._history.state
        self._change(replace(state, notes={**state.notes, note.number: kept}))
        return replace(note, track=track)

    def edit_note(self, number: int, text: str) -> None:
        """Change a note's text; an empty one removes the note."""
        notes = dict(self._history.state.notes)
        note = notes.pop(number)
        if text:
            notes[number] = replace(note, text=text, written=_now(), by=self.by)
        self._change(replace(self._history.state, notes=notes))

    @property
    def pictures(self) -> tuple[ReviewPicture, ...]:
        """The pictures for the report, by their time."""
        return tuple(sorted(self._history.state.pictures, key=lambda picture: picture.key))

    def has_picture(self, at_s: float, name: str) -> bool:
        """Whether the report has the picture of this name, of the frame at ``at_s`` seconds."""
        return any(each.key == (at_s, name) for each in self._history.state.pictures)

    def add_picture(self, at_s: float, name: str, caption: str, jpeg: bytes) -> None:
        """Put a picture into the report, in the place of the same one."""
        self._change_pictures((at_s, name), (ReviewPicture(at_s, name, caption, jpeg, _now(), self.by),))

    def remove_picture(self, at_s: float, name: str) -> None:
        """Take a picture out of the report again."""
        self._change_pictures((at_s, name), ())

    @property
    def can_undo(self) -> bool:
        """Whether there is an action to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether an action was taken back and nothing else was done since."""
        return self._history.can_redo

    def undo(self) -> None:
        """Take back the last action, if there is one."""
        if self._history.undo():
            self._changed()

    def redo(self) -> None:
        """Do again what was taken back last, if there is anything."""
        if self._history.redo():
            self._changed()

    @property
    def has_earlier(self) -> bool:
        """Whether there are decisions that were made of other bytes under the video's name."""
        return self._storage is not None and self._storage.has_earlier

    def apply_earlier(self) -> bool:
        """Use the decisions that were made of other bytes under the video's name, which were kept aside.

        False where there are none. They go to findings at the same place and time; what is decided here already stays.
        """
        earlier = self._storage.take_earlier() if self._storage is not None else None
        if earlier is None:
            return False
        now, taken = self._history.state, self._taken_in(earlier)
        pictures = {each.key: each for each in (*taken.pictures, *now.pictures)}
        state = ReviewState(
            {**taken.decisions, **now.decisions}, {**taken.notes, **now.notes}, tuple(pictures.values())
        )
        self._history.change(state)
        self._carrying.follow(self._timeline.tracks, self._timeline.tracks, self._verdict)
        self._changed()
        return True

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until every action is on the disk; False where one could not be written."""
        return self._storage is None or self._storage.flush(timeout_s)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Write what is left, and let other windows write; False where something could not be written."""
        return self._storage is None or self._storage.close(timeout_s)

    def _taken_in(self, content: ReviewContent) -> ReviewState:
        """What ``content`` says; its findings wait for the analysis that finds them."""
        decisions: dict[int, Decision] = {}
        keys: dict[int, int] = {}
        named = {note.track for note in content.notes}
        for finding in content.findings:
            if finding.decision == Decision() and finding.number not in named:
                continue
            keys[finding.number] = key = self._carrying.wait_for(finding)
            if finding.decision != Decision():
                decisions[key] = finding.decision
        first = self._notes_given
        notes = {
            first + note.number: replace(
                note, number=first + note.number, track=None if note.track is None else keys.get(note.track)
            )
            for note in content.notes
        }
        self._notes_given = max((first, *notes))
        return ReviewState(decisions, notes, content.pictures)

    def _change_pictures(self, key: tuple[float, str], new: tuple[ReviewPicture, ...]) -> None:
        state = self._history.state
        others = tuple(each for each in state.pictures if each.key != key)
        self._change(replace(state, pictures=(*others, *new)))

    def _add_mark(self, mark: Mark) -> None:
        self._marks |= {mark.number}
        note = self._new_note(mark.pts_s or 0.0, mark.text or f"Mark {mark.number}")
        self._history.rewrite(lambda state: replace(state, notes={**state.notes, note.number: note}))

    def _new_note(self, at_s: float, text: str) -> ReviewNote:
        self._notes_given += 1
        return ReviewNote(self._notes_given, at_s, text, None, _now(), self.by)

    def _verdict(self, key: int) -> Verdict:
        return self._history.state.decisions.get(key, Decision()).verdict

    def _track_of(self, note: ReviewNote) -> int | None:
        """The number of the track that a note is about; None where the analysis does not have it."""
        number = self._carrying.number(note.track) if note.track is not None else -1
        return number if number > 0 else None

    def _change(self, state: ReviewState) -> None:
        self._history.change(state)
        self._changed()

    def _changed(self) -> None:
        if self._storage is not None:
            self._storage.put(self._content_later(self._storage))
        self._on_changed()

    def _content_later(self, storage: KeptReview) -> Callable[[], bytes]:
        """How to make the file's bytes of what is so now, in any thread: all values are frozen."""
        tracks, waiting = self._timeline.tracks, self._carrying.waiting
        decisions = {self._carrying.number(key): each for key, each in self._history.state.decisions.items()}
        notes = tuple(
            note if note.track is None else replace(note, track=self._carrying.number(note.track))
            for note in self._history.state.notes.values()
        )
        analysis, marks = self.analysis or self._earlier_analysis, tuple(sorted(self._marks))
        pictures = self.pictures

        def content() -> bytes:
            found = (*storage.stored(tracks), *waiting)
            findings = tuple(one.with_decision(decisions.get(one.number, Decision())) for one in found)
            return encode(
                ReviewContent(SCHEMA, __version__, _now(), storage.identity, analysis, findings, notes, marks, pictures)
            )

        return content

    def _carried_line(self) -> str:
        """What became of decisions that were made of another analysis."""
        earlier, now = self._earlier_analysis, self.analysis
        if earlier is None or now is None or not self._loaded:
            return ""
        if (earlier.model_sha256, earlier.settings) == (now.model_sha256, now.settings):
            return ""
        lost = len(self.lost)
        kept = self._loaded - lost
        line = f"{counted(kept, 'decision')} of an analysis with {earlier.model} {'was' if kept == 1 else 'were'} kept"
        return f"{line}; {counted(lost, 'decision')} on findings that this one does not have." if lost else f"{line}."


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
