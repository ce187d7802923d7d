"""Which findings a review speaks of, whatever numbers they have: decisions go with them to the next analysis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyplive.review.merging import is_covered, match_findings
from polyplive.review.review_content import StoredFinding, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from polyplive.review.tracks import Span, Track


class Carrying:
    """Gives findings that somebody decided or wrote about a key that stays. One thread.

    The number of a finding is that of its track; below 0 where the present analysis does not have it, or not yet. A
    later analysis may find it (again).
    """

    def __init__(self) -> None:
        self._given = 0
        self._keys: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._waiting: dict[int, StoredFinding] = {}

    def wait_for(self, finding: StoredFinding) -> int:
        """Keep a finding until an analysis has it; returns its key."""
        self._given += 1
        self._waiting[self._given] = finding
        return self._given

    def key(self, number: int) -> int:
        """The key of the finding with this number; a new one where nobody has spoken of it yet."""
        if number < 0:
            return -number
        if number not in self._keys:
            self._given += 1
            self._keys[number], self._numbers[self._given] = self._given, number
        return self._keys[number]

    def known_key(self, number: int) -> int | None:
        """The same, None where nobody has spoken of it."""
        return -number if number < 0 else self._keys.get(number)

    def number(self, key: int) -> int:
        """The number that the finding has now."""
        return self._numbers.get(key, -key)

    @property
    def waiting(self) -> tuple[StoredFinding, ...]:
        """Those that the present analysis does not have, or not yet, with their numbers."""
        return tuple(replace(finding, number=-key) for key, finding in self._waiting.items())

    def lost(self, analysed: Sequence[Span]) -> tuple[StoredFinding, ...]:
        """Those of ``waiting`` that lie where the recording was ``analysed``: the analysis does not find them."""
        return tuple(one for one in self.waiting if is_covered(one.spans, analysed))

    def follow(self, before: Iterable[Track], now: Sequence[Track], apart: Callable[[int], object]) -> None:
        """The analysis has the tracks ``now`` in place of those ``before``.

        Findings for whose keys ``apart`` says different things do not become one.
        """
        old = {track.number: track for track in before}
        numbers = {key: number for key, number in self._numbers.items() if number in old}
        if not self._waiting and _are_same(old, now, numbers.values()):
            return
        known = {key: stored(old[number]) for key, number in numbers.items()} | self._waiting
        found = match_findings(known, now, {key: apart(key) for key in known})
        kept = {key: number for key, number in self._numbers.items() if key not in known}
        self._numbers = kept | found
        self._keys = {number: key for key, number in sorted(self._numbers.items(), reverse=True)}
        self._waiting = {key: finding for key, finding in known.items() if key not in found}


def _are_same(old: dict[int, Track], now: Sequence[Track], numbers: Iterable[int]) -> bool:
    new = {track.number: track for track in now}
    return all(number in new and new[number].sightings[0] == old[number].sightings[0] for number in numbers)
