"""Carries decisions from one analysis to the next, and keeps those whose finding is not there, or not yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyplive.review.decisions import Decision
from polyplive.review.history import ReviewState
from polyplive.review.merging import is_covered, match_findings
from polyplive.review.review_content import StoredFinding, stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyplive.review.history import History
    from polyplive.review.tracks import Span, Track


class Carrying:
    """Findings that somebody decided or wrote about and that the present analysis does not have; one thread.

    They have numbers below 0. A later analysis may find them (again).
    """

    def __init__(self, findings: Iterable[StoredFinding] = ()) -> None:
        self._waiting: dict[int, StoredFinding] = {}
        for finding in findings:
            self.add(finding)

    def add(self, finding: StoredFinding) -> int:
        """Keep a finding; returns the number that it has here."""
        key = min(self._waiting, default=0) - 1
        self._waiting[key] = replace(finding, number=key)
        return key

    @property
    def findings(self) -> tuple[StoredFinding, ...]:
        """All of them."""
        return tuple(self._waiting.values())

    def lost(self, analysed: Sequence[Span]) -> tuple[StoredFinding, ...]:
        """Those that lie where the recording was ``analysed``: the analysis does not find them."""
        return tuple(one for one in self._waiting.values() if is_covered(one.spans, analysed))

    def renumber(self, before: Sequence[Track], now: Sequence[Track], history: History) -> None:
        """Give what ``history`` says of the tracks ``before``, and of what waits, the numbers of the tracks ``now``."""
        old = {track.number: track for track in before}
        new = {track.number: track for track in now}
        used = history.findings
        if not self._waiting and all(number in new and _is_same(old[number], new[number]) for number in used & {*old}):
            return
        known = {number: stored(old[number]) for number in used if number in old} | self._waiting
        decisions = history.state.decisions
        apart = {number: decisions.get(number, Decision()).verdict for number in known}
        numbers: dict[int, int] = match_findings(known, now, apart=apart)
        self._waiting = {key: finding for key, finding in self._waiting.items() if key not in numbers}
        for number in sorted(known.keys() - numbers.keys()):
            numbers[number] = number if number < 0 else self.add(known[number])
        history.rewrite(lambda state: _renumbered(state, numbers))


def _is_same(one: Track, other: Track) -> bool:
    return one is other or one.sightings[0] == other.sightings[0]


def _renumbered(state: ReviewState, numbers: Mapping[int, int]) -> ReviewState:
    decisions = {numbers.get(number, number): decision for number, decision in state.decisions.items()}
    notes = {
        key: note if note.track is None else replace(note, track=numbers.get(note.track, note.track))
        for key, note in state.notes.items()
    }
    return ReviewState(decisions, notes)
