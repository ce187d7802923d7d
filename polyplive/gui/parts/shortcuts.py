"""The table of keyboard shortcuts, and the dialog that lists them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from polyplive import RESEARCH_NOTICE

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Shortcut:
    """``keys`` in Qt's notation (the first is displayed), the window's ``command``, ``label`` for the list."""

    command: str
    keys: tuple[str, ...]
    text: str
    group: str
    label: str = ""

    @property
    def shown(self) -> str:
        """The first key, as it is displayed."""
        return self.label or QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


SHORTCUTS = (
    Shortcut("open_recording", ("Ctrl+O",), "Open a recording…", "File"),
    Shortcut("connect", ("Ctrl+L",), "Connect a card or stream…", "File"),
    Shortcut("play_demo", ("Ctrl+D",), "Play the demo", "File"),
    Shortcut("review", ("Ctrl+R",), "Review this recording", "File"),
    Shortcut("export", ("Ctrl+E",), "Export video, events, report…", "File"),
    Shortcut("choose_outputs", ("Ctrl+Shift+S",), "Folder for recordings…", "File"),
    Shortcut("close_source", ("Ctrl+W",), "Close what is shown", "File"),
    Shortcut("quit", ("Ctrl+Q",), "Quit", "File"),
    Shortcut("toggle_play", ("Space",), "Play or pause", "Playback"),
    Shortcut("step_forward", ("Right",), "Next frame", "Playback", "→"),
    Shortcut("step_back", ("Left",), "Previous frame", "Playback", "←"),
    Shortcut("jump_forward", ("Shift+Right",), "5 seconds on", "Playback", "Shift →"),
    Shortcut("jump_back", ("Shift+Left",), "5 seconds back", "Playback", "Shift ←"),
    Shortcut("go_start", ("Home",), "First frame", "Playback"),
    Shortcut("go_end", ("End",), "Last frame", "Playback"),
    Shortcut("slower", (",", "<"), "Slower", "Playback"),
    Shortcut("faster", (".", ">"), "Faster", "Playback"),
    Shortcut("toggle_mode", ("K",), "Every frame, or keep pace", "Playback"),
    Shortcut("explain", ("E",), "Explain this frame (paused)", "Playback"),
    Shortcut("toggle_recording", ("R",), "Record, or stop recording", "Recording"),
    Shortcut("mark", ("M",), "Mark this moment", "Recording"),
    Shortcut("describe_mark", ("Shift+M",), "Note to the last mark", "Recording"),
    Shortcut("toggle_visible", ("O",), "Whole overlay on or off", "Overlay"),
    Shortcut("toggle_contour", ("C",), "Contour", "Overlay"),
    Shortcut("toggle_mask", ("V",), "Mask", "Overlay"),
    Shortcut("toggle_heatmap", ("H",), "Heatmap", "Overlay"),
    Shortcut("toggle_heat_lines", ("Shift+H",), "Heat as lines, or as colours", "Overlay"),
    Shortcut("toggle_heat_everywhere", ("Shift+O",), "Heat everywhere, or at findings", "Overlay"),
    Shortcut("next_heat", ("Q",), "One finding's heat, the next, all", "Overlay"),
    Shortcut("toggle_scores", ("N",), "Numbers and scores", "Overlay"),
    Shortcut("toggle_legend", ("L",), "Heatmap legend", "Overlay"),
    Shortcut("toggle_caption", ("X",), "Caption: frame, time, model", "Overlay"),
    Shortcut("threshold_down", ("[",), "Lower threshold", "Overlay"),
    Shortcut("threshold_up", ("]",), "Higher threshold", "Overlay"),
    Shortcut("threshold_reset", ("\\",), "The model's own threshold", "Overlay"),
    Shortcut("opacity_down", ("-",), "Less opaque", "Overlay"),
    Shortcut("opacity_up", ("=", "+"), "More opaque", "Overlay"),
    Shortcut("zoom_in", ("Ctrl++", "Ctrl+="), "Larger", "Zoom"),
    Shortcut("zoom_out", ("Ctrl+-",), "Smaller", "Zoom"),
    Shortcut("zoom_reset", ("Ctrl+0", "0"), "The whole picture", "Zoom"),
    Shortcut("pan_left", ("Ctrl+Left",), "Further left", "Zoom", "Ctrl ←"),
    Shortcut("pan_right", ("Ctrl+Right",), "Further right", "Zoom", "Ctrl →"),
    Shortcut("pan_up", ("Ctrl+Up",), "Further up", "Zoom", "Ctrl ↑"),
    Shortcut("pan_down", ("Ctrl+Down",), "Further down", "Zoom", "Ctrl ↓"),
    Shortcut("toggle_loupe", ("Z",), "Loupe at the pointer", "Zoom"),
    Shortcut("toggle_sound", ("A",), "Beep at a new finding", "View"),
    Shortcut("toggle_glow", ("G",), "Glow at a new finding", "View"),
    Shortcut("toggle_side_by_side", ("B",), "Beside the source frame", "View"),
    Shortcut("toggle_status", ("I",), "Status and figures", "View"),
    Shortcut("toggle_panel", ("T",), "Tool panel", "View"),
    Shortcut("toggle_fullscreen", ("F", "F11"), "Full screen", "View"),
    Shortcut("leave_fullscreen", ("Esc",), "Leave loupe, one heat, full screen", "View"),
    Shortcut("snapshot", ("S",), "Save a snapshot, clean and marked", "View"),
    Shortcut("details", ("D",), "Details: all that happened", "View"),
    Shortcut("help", ("?", "F1"), "Keyboard shortcuts", "Help"),
    Shortcut("about", ("Shift+F1",), "About polyplive", "Help"),
)
"""All shortcuts but those of a review; each command appears once."""

_OF_REVIEW = (
    Shortcut("next_finding", ("N",), "Next finding", "Review"),
    Shortcut("previous_finding", ("P",), "Previous finding", "Review"),
    Shortcut("accept", ("A",), "Accept the finding, or take that back", "Review"),
    Shortcut("reject", ("R",), "Reject the finding, or take that back", "Review"),
    Shortcut("note", ("T",), "Note here, or change the one here", "Review"),
    Shortcut("next_note", ("J",), "Next note or mark", "Review"),
    Shortcut("previous_note", ("Shift+J",), "Previous note or mark", "Review"),
    Shortcut("undo", ("Ctrl+Z",), "Undo", "Review"),
    Shortcut("redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Redo", "Review"),
    Shortcut("far_forward", ("Shift+F",), "10 frames on", "Review"),
    Shortcut("far_back", ("Shift+D",), "10 frames back", "Review"),
    Shortcut("toggle_findings", ("W",), "List of findings", "Review"),
    Shortcut("toggle_analysis", ("Y",), "Pause or go on with the analysis", "Review"),
    Shortcut("use_earlier", ("Ctrl+U",), "Use decisions made before the video changed", "Review"),
    Shortcut("reviewer", ("Ctrl+Shift+N",), "Name of the reviewer\u2026", "Review"),
)
_KEYS_IN_REVIEW = {
    "step_forward": ("F", "Right"),
    "step_back": ("D", "Left"),
    "toggle_scores": ("U",),
    "toggle_panel": ("Shift+T",),
    "toggle_fullscreen": ("F11",),
    "details": ("Shift+E",),
}
"""What a key of the review takes its own key from, and the steps that programs for annotation have on F and D."""
_NOT_IN_REVIEW = ("Recording", "toggle_sound", "toggle_glow")

_FIRST = ("File", "Playback")
_REKEYED = tuple(
    dataclasses.replace(item, keys=_KEYS_IN_REVIEW[item.command], label="") if item.command in _KEYS_IN_REVIEW else item
    for item in SHORTCUTS
    if not {item.group, item.command} & {*_NOT_IN_REVIEW}
)
REVIEW_SHORTCUTS = (
    *(item for item in _REKEYED if item.group in _FIRST),
    *_OF_REVIEW,
    *(item for item in _REKEYED if item.group not in _FIRST),
)
"""The shortcuts while a recording is reviewed."""


_COLUMN = 280
"""Logical pixels that a column of the list may take, with the space beside it."""
_ROWS = 18
"""So many rows fit below one another on a usual screen."""


def key_of(command: str, shortcuts: Sequence[Shortcut] = SHORTCUTS) -> str:
    """The key of ``command``, for tool tips."""
    return next(shortcut.shown for shortcut in shortcuts if shortcut.command == command)


class ShortcutDialog(QDialog):
    """Lists ``shortcuts`` in columns by group."""

    def __init__(self, parent: QWidget | None = None, shortcuts: Sequence[Shortcut] = SHORTCUTS) -> None:
        super().__init__(parent)
        self._shortcuts = shortcuts
        self.setWindowTitle("Keyboard shortcuts")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(14)
        title = QLabel("Keyboard shortcuts")
        title.setProperty("role", "title")
        layout.addWidget(title)
        layout.addWidget(self._table(), 1)
        foot = QHBoxLayout()
        notice = QLabel(RESEARCH_NOTICE)
        notice.setProperty("role", "quiet")
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        foot.addWidget(notice, 1)
        foot.addWidget(close)
        layout.addLayout(foot)

    def _table(self) -> QScrollArea:
        """The groups side by side, short ones below one another; it scrolls where the screen is small."""
        room = self.screen()
        assert room is not None
        within = room.availableSize() - QSize(120, 200)
        held = QWidget()
        held.setObjectName("rows")
        columns = QHBoxLayout(held)
        columns.setContentsMargins(0, 0, 12, 0)
        columns.setSpacing(32)
        for groups in _columns(self._shortcuts, max(1, within.width() // _COLUMN)):
            column = QVBoxLayout()
            column.setSpacing(10)
            for group in groups:
                self._add_group(column, group)
            column.addStretch(1)
            columns.addLayout(column)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(held)
        style = area.style()
        assert style is not None
        bar = style.pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        area.setMinimumSize((held.sizeHint() + QSize(bar, 0)).boundedTo(within))
        return area

    def _add_group(self, column: QVBoxLayout, group: str) -> None:
        heading = QLabel(group.upper())
        heading.setProperty("role", "heading")
        heading.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.addWidget(heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for row, shortcut in enumerate(item for item in self._shortcuts if item.group == group):
            key = QLabel(shortcut.shown)
            key.setProperty("role", "key")
            key.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(key, row, 0)
            grid.addWidget(QLabel(shortcut.text), row, 1)
        column.addLayout(grid)


def _columns(shortcuts: Sequence[Shortcut], most: int) -> list[list[str]]:
    """The groups in their order in at most ``most`` columns, which are as short as that allows."""
    counts = Counter(shortcut.group for shortcut in shortcuts)
    rows = max(_ROWS, *(count + 1 for count in counts.values()))
    while len(columns := _packed(counts, rows)) > most:
        rows += 1
    return columns


def _packed(counts: Counter[str], rows: int) -> list[list[str]]:
    """The groups in columns of at most ``rows`` rows; a group takes one more than it has keys."""
    columns: list[list[str]] = []
    used = rows
    for group, count in counts.items():
        if used + count + 1 > rows:
            columns.append([])
            used = 0
        columns[-1].append(group)
        used += count + 1
    return columns
