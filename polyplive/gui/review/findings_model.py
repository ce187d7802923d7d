"""The findings of a review as rows of a list, for a view and for a screen reader."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QSize, Qt

from polyplive.gui.review.places import figures_of, title_of
from polyplive.gui.review.rows import THUMB_SIZE
from polyplive.gui.review.shown import Shown
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from polyplive.review.tracks import Track


class Role(IntEnum):
    """What a row gives to its painter: the track, its verdict, and how many notes are about it."""

    TRACK = Qt.ItemDataRole.UserRole.value
    VERDICT = Qt.ItemDataRole.UserRole.value + 1
    NOTES = Qt.ItemDataRole.UserRole.value + 2


class FindingsModel(QAbstractListModel):
    """The tracks of what is ``shown`` whose verdicts are ``wanted``, by number. Qt's thread.

    Rows keep their places while findings come at the end and verdicts change. So a view keeps its place as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown = Shown()
        self._wanted: frozenset[Verdict] = frozenset(Verdict)
        self._numbers: list[int] = []
        self._notes: dict[int, int] = {}

    @property
    def shown(self) -> Shown:
        """What all findings are."""
        return self._shown

    @property
    def numbers(self) -> list[int]:
        """The number of each row's track."""
        return list(self._numbers)

    def show_content(self, shown: Shown) -> None:
        """Have these findings."""
        self._shown = shown
        self._notes = {}
        for flag in shown.flags:
            if flag.track is not None:
                self._notes[flag.track] = self._notes.get(flag.track, 0) + 1
        self._update()

    def show_only(self, wanted: Collection[Verdict]) -> None:
        """Have only the findings with these verdicts."""
        self._wanted = frozenset(wanted)
        self._update()

    def row_of(self, number: int | None) -> int | None:
        """The row of a track; None where it has none."""
        return self._numbers.index(number) if number in self._numbers else None

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        """How many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self._numbers)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a row says, in words and as values."""
        track = self._track(index)
        if track is None:
            return None
        match role:
            case Role.TRACK:
                return track
            case Role.VERDICT:
                return self._shown.verdict(track.number)
            case Role.NOTES:
                return self._notes.get(track.number, 0)
            case Qt.ItemDataRole.DisplayRole:
                return title_of(track, self._shown)
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join((title_of(track, self._shown), *figures_of(track)))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._said(track)
            case Qt.ItemDataRole.SizeHintRole:
                return QSize(200, THUMB_SIZE[1] + 10)
        return None

    def _said(self, track: Track) -> str:
        notes = self._notes.get(track.number, 0)
        more = (f"{notes} note{'' if notes == 1 else 's'}",) if notes else ()
        return ". ".join((title_of(track, self._shown), *figures_of(track), *more))

    def _track(self, index: QModelIndex) -> Track | None:
        row = index.row()
        return self._shown.track(self._numbers[row]) if 0 <= row < len(self._numbers) else None

    def _update(self) -> None:
        numbers = self._shown.arrays.numbers[self._shown.has_one_of(self._wanted)].tolist()
        same = len(self._numbers) if numbers[: len(self._numbers)] == self._numbers else 0
        if same < len(self._numbers):
            self.beginResetModel()
            self._numbers = numbers
            self.endResetModel()
        elif len(numbers) > same:
            self.beginInsertRows(QModelIndex(), same, len(numbers) - 1)
            self._numbers = numbers
            self.endInsertRows()
        if same:
            self.dataChanged.emit(self.index(0), self.index(same - 1))
