"""The list of findings beside the picture, with a choice of verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QModelIndex, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QPainter, QPen
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from polyplive.gui.parts.theme import BACKGROUND, HOVER, QUIET, TEXT
from polyplive.gui.review.axis import time_text
from polyplive.gui.review.findings_model import FindingsModel, Role
from polyplive.gui.review.looks import VERDICT_COLOURS, VERDICT_SIGNS
from polyplive.gui.review.places import percent
from polyplive.gui.review.rows import THUMB_SIZE
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from PyQt6.QtGui import QPixmap

    from polyplive.gui.review.shown import Shown
    from polyplive.review.tracks import Track

WIDTH = 248


class FindingsList(QFrame):
    """Rows of findings, and buttons that show or hide those of each verdict.

    ``selected`` carries a number, ``filtered`` says that ``wanted`` are other verdicts.
    """

    selected = pyqtSignal(int)
    filtered = pyqtSignal()

    def __init__(
        self, thumbnail: Callable[[Track], QPixmap | None] = lambda _: None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(WIDTH)
        self.model = FindingsModel()
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(_RowPainter(thumbnail, self.view))
        self.view.setUniformItemSizes(True)
        self.view.setAccessibleName("Findings")
        self.view.setObjectName("findings")
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setMouseTracking(True)
        self.filters = {verdict: self._filter(verdict) for verdict in Verdict}
        self.empty = QLabel()
        self.empty.setProperty("role", "quiet")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._is_following = False
        self._lay_out()
        selection = self.view.selectionModel()
        assert selection is not None
        selection.currentChanged.connect(self._taken)
        self.show_content(self.model.shown)

    @property
    def wanted(self) -> frozenset[Verdict]:
        """The verdicts that are shown."""
        return frozenset(verdict for verdict, button in self.filters.items() if button.isChecked())

    def show_content(self, shown: Shown) -> None:
        """Show these findings; what is selected stays selected."""
        chosen = self._chosen()
        self._is_following = True
        self.model.show_content(shown)
        self._is_following = False
        for verdict, button in self.filters.items():
            count = shown.count(verdict)
            button.setText(f"{VERDICT_SIGNS[verdict]} {count}")
            button.setAccessibleName(f"{verdict.value.capitalize()}: {count}")
        self._show_emptiness()
        self.show_selected(chosen)

    def show_selected(self, number: int | None) -> None:
        """Show which finding is selected."""
        row = self.model.row_of(number)
        self._is_following = True
        if row is None:
            self.view.setCurrentIndex(QModelIndex())
        elif self.view.currentIndex().row() != row:
            self.view.setCurrentIndex(self.model.index(row))
            self.view.scrollTo(self.model.index(row))
        self._is_following = False

    def thumbnail_came(self) -> None:
        """A picture that was not there is there now."""
        port = self.view.viewport()
        assert port is not None
        port.update()

    def _filter(self, verdict: Verdict) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setChecked(True)
        button.setProperty("role", "filter")
        button.setToolTip(f"Show the {verdict.value} ones")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.toggled.connect(self._choose)
        return button

    def _choose(self) -> None:
        chosen = self._chosen()
        self._is_following = True
        self.model.show_only(self.wanted)
        self._is_following = False
        self._show_emptiness()
        self.show_selected(chosen)
        self.filtered.emit()

    def _chosen(self) -> int | None:
        track = self.view.currentIndex().data(Role.TRACK)
        return track.number if track is not None else None

    def _taken(self, index: QModelIndex) -> None:
        track = index.data(Role.TRACK)
        if track is not None and not self._is_following:
            self.selected.emit(track.number)

    def _show_emptiness(self) -> None:
        is_empty = not self.model.rowCount()
        everything = self.model.shown.timeline.tracks
        self.empty.setText("None of these verdicts" if everything else "No findings so far")
        self.empty.setVisible(is_empty)
        self.view.setVisible(not is_empty)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(4)
        for button in self.filters.values():
            head.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 6, 8)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.empty, 1)


class _RowPainter(QStyledItemDelegate):
    """Paints a row: thumbnail, number with sign and verdict, time and duration, score and notes."""

    def __init__(self, thumbnail: Callable[[Track], QPixmap | None], parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnail = thumbnail

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        """As high as a thumbnail."""
        return QSize(WIDTH - 40, THUMB_SIZE[1] + 10)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """One row."""
        track: Track | None = index.data(Role.TRACK)
        if painter is None or track is None:
            return
        verdict: Verdict = index.data(Role.VERDICT)
        rect, flags = option.rect, QStyle.StateFlag
        painter.save()
        if option.state & (flags.State_Selected | flags.State_MouseOver):
            painter.fillRect(rect.adjusted(0, 1, -4, -1), QColor(HOVER))
        colour = QColor(VERDICT_COLOURS[verdict])
        if option.state & flags.State_Selected:
            painter.fillRect(QRect(rect.x(), rect.y() + 1, 3, rect.height() - 2), QColor(TEXT))
        place = QRect(rect.x() + 7, rect.y() + 5, *THUMB_SIZE)
        painter.fillRect(place, QColor(BACKGROUND))
        picture = self._thumbnail(track)
        if picture is not None:
            painter.setOpacity(0.45 if verdict is Verdict.REJECTED else 1.0)
            painter.drawPixmap(place, picture)
            painter.setOpacity(1.0)
        painter.setPen(QPen(colour, 1))
        painter.drawRect(place)
        room = QRect(place.right() + 9, rect.y() + 5, rect.right() - place.right() - 15, THUMB_SIZE[1])
        self._write(painter, room, track, verdict, index.data(Role.NOTES))
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, track: Track, verdict: Verdict, notes: int) -> None:
        figures = "  \u00b7  ".join(filter(None, (percent(track.peak_score), track.label, _notes_text(notes))))
        lines = (
            (f"{track.number}  {VERDICT_SIGNS[verdict]} {verdict.value}", VERDICT_COLOURS[verdict], True),
            (f"{time_text(track.first_s)}  \u00b7  {track.in_view_s:.1f} s", TEXT, False),
            (figures, QUIET, False),
        )
        for place, (text, colour, bold) in enumerate(lines):
            font = QFont(painter.font())
            font.setPixelSize(12)
            font.setBold(bold)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            line = QRect(room.x(), room.y() + 16 * place, room.width(), 16)
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter.value, text)


def _notes_text(notes: int) -> str:
    return f"{notes} note{'' if notes == 1 else 's'}" if notes else ""
