"""The marks that a person makes in a session."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from polyplive.sinks.base import Mark

if TYPE_CHECKING:
    from collections.abc import Collection

    from polyplive.types import Frame


class Marks:
    """Numbers marks and keeps the last one of each number. Used under the session's lock."""

    def __init__(self) -> None:
        self._kept: dict[int, Mark] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._kept)

    def new(self, at_s: float, frame: Frame | None, text: str) -> Mark:
        """The next mark, at ``frame`` (None: before the first one); it is not kept yet."""
        index, pts_s = (frame.index, frame.pts_s) if frame is not None else (None, None)
        return Mark(self.count + 1, at_s, index, pts_s, text)

    def described(self, number: int, text: str) -> Mark:
        """The mark with this number, with another text. Raises ``KeyError`` where there is none."""
        return dataclasses.replace(self._kept[number], text=text)

    def keep(self, mark: Mark) -> None:
        """Keep it, in place of an earlier one of the same number."""
        self._kept[mark.number] = mark

    def besides(self, held: Collection[Mark]) -> tuple[Mark, ...]:
        """Those that are not among ``held``, as they are now."""
        return tuple(mark for mark in self._kept.values() if mark not in held)
