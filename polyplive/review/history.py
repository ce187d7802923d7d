"""What was decided and written, with every earlier state, so that each action can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.review.decisions import Decision, ReviewNote, ReviewPicture


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What was decided and written: decisions by the key of the finding, notes by their own number.

    A note's ``track`` is a key too (``Carrying``).
    """

    decisions: Mapping[int, Decision]
    notes: Mapping[int, ReviewNote]
    pictures: tuple[ReviewPicture, ...] = ()


class History:
    """The present state, what came before, and what was taken back. One thread."""

    def __init__(self, state: ReviewState) -> None:
        self.state = state
        self._done: list[ReviewState] = []
        self._undone: list[ReviewState] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is an action to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether an action was taken back and nothing else was done since."""
        return bool(self._undone)

    def change(self, state: ReviewState) -> None:
        """An action: ``state`` is the present one."""
        self._done.append(self.state)
        self._undone.clear()
        self.state = state

    def undo(self) -> bool:
        """Take back the last action; False where there is none."""
        return self._step(self._done, self._undone)

    def redo(self) -> bool:
        """Do again what was taken back last; False where there is nothing."""
        return self._step(self._undone, self._done)

    def rewrite(self, change: Callable[[ReviewState], ReviewState]) -> None:
        """Change every state alike: what is no action cannot be taken back."""
        self.state = change(self.state)
        self._done = [change(state) for state in self._done]
        self._undone = [change(state) for state in self._undone]

    def _step(self, source: list[ReviewState], target: list[ReviewState]) -> bool:
        if source:
            target.append(self.state)
            self.state = source.pop()
            return True
        return False
