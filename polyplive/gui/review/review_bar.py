"""The row above the timeline: the selected finding and what can be decided of it, and how far the analysis is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from polyplive.gui.parts.elided_label import ElidedLabel
from polyplive.gui.parts.shortcuts import REVIEW_SHORTCUTS, key_of
from polyplive.gui.review.places import figures_of, title_of
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.gui.review.parts import AnalysisState
    from polyplive.gui.review.shown import Shown
    from polyplive.review.tracks import Track

_SHORT = 1000
"""Below this width in logical pixels buttons have shorter texts."""
_TEXTS = {
    "previous_finding": ("\u25c2 Previous", "\u25c2"),
    "next_finding": ("Next \u25b8", "\u25b8"),
    "accept": ("\u2713 Accept", "\u2713"),
    "reject": ("\u2717 Reject", "\u2717"),
    "note": ("Note", "Note"),
}
_NAMES = {
    "previous_finding": "Previous finding",
    "next_finding": "Next finding",
    "accept": "Accept",
    "reject": "Reject",
    "note": "Note",
    "toggle_analysis": "Pause the analysis",
}


class ReviewBar(QFrame):
    """``command`` carries a command of the table of shortcuts. Qt's thread."""

    command = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self.buttons = {name: self._button(name) for name in _TEXTS}
        for name in ("accept", "reject"):
            self.buttons[name].setCheckable(True)
        self.finding, self.progress = ElidedLabel(), ElidedLabel()
        self.progress.setProperty("role", "quiet")
        self.pause = QToolButton()
        self.pause.setProperty("role", "small")
        self.pause.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.pause.clicked.connect(lambda: self.command.emit("toggle_analysis"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(6)
        for name in ("previous_finding", "next_finding", "accept", "reject", "note"):
            layout.addWidget(self.buttons[name])
        layout.addSpacing(6)
        layout.addWidget(self.finding, 1)
        layout.addWidget(self.progress)
        layout.addWidget(self.pause)

    def show_finding(self, track: Track | None, shown: Shown, *, is_selected: bool) -> None:
        """Show the finding that a verdict would be for: the selected one, or the one that is in view."""
        found = len(shown.timeline.tracks)
        if track is None:
            text = f"{found} finding{'' if found == 1 else 's'}" if found else ""
        else:
            where = "" if is_selected else "In view: "
            text = "  \u00b7  ".join((f"{where}{title_of(track, shown)}, of {found}", *figures_of(track)))
        if text != self.finding.text():
            self.finding.setText(text)
            self.finding.setToolTip(text)
        verdict = shown.verdict(track.number) if track is not None else None
        for name, of in (("accept", Verdict.ACCEPTED), ("reject", Verdict.REJECTED)):
            self.buttons[name].setChecked(verdict is of)

    def show_analysis(self, state: AnalysisState, coverage: float) -> None:
        """Show how far the analysis is; of one that is over only what failed, or what it left out."""
        text = progress_text(state, coverage)
        if text != self.progress.text():
            self.progress.setText(text)
            self.progress.setToolTip(state.problem or text)
            self.progress.setProperty("role", "problem" if state.problem else "quiet")
            style = self.progress.style()
            assert style is not None
            style.polish(self.progress)
        word = "Go on" if state.is_paused else "Pause"
        self.pause.setVisible(not state.is_over)
        self.pause.setText(word)
        self.pause.setAccessibleName(f"{word}: analysis")
        self.pause.setToolTip(f"{word} with the analysis ({key_of('toggle_analysis', REVIEW_SHORTCUTS)})")

    def show_reasons(self, reasons: Mapping[str, str]) -> None:
        """Let buttons act that can; the others say why they cannot."""
        for name, button in self.buttons.items():
            reason = reasons.get(name, "")
            if button.isEnabled() != (not reason):
                button.setEnabled(not reason)
            tip = reason or f"{_NAMES[name]} ({key_of(name, REVIEW_SHORTCUTS)})"
            if button.toolTip() != tip:
                button.setToolTip(tip)

    def fit(self, width: int) -> None:
        """Have texts for a page of so many logical pixels."""
        for name, texts in _TEXTS.items():
            self.buttons[name].setText(texts[width < _SHORT])

    def _button(self, name: str) -> QPushButton:
        button = QPushButton(_TEXTS[name][0])
        button.setProperty("role", name)
        button.setAccessibleName(_NAMES[name])
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.command.emit(name))
        return button


def progress_text(state: AnalysisState, coverage: float) -> str:
    """How far an analysis is, in a few words; ``coverage`` is the share of the recording that was analysed."""
    share = f"Analysed {math.floor(100 * max(coverage, state.share) + 1e-6)} %"
    if state.problem:
        return f"{share} \u00b7 stopped by an error"
    if state.is_over:
        return "" if coverage >= 0.995 else share
    if state.is_paused:
        return f"{share} \u00b7 paused"
    return f"{share} \u00b7 {left_text(state.left_s)}" if state.left_s is not None else share


def left_text(left_s: float) -> str:
    """How long something still takes, as one says it."""
    if left_s < 60:
        return "less than a minute left"
    minutes = math.ceil(left_s / 60)
    return f"{minutes} min left" if minutes < 90 else f"{minutes / 60:.1f} h left"
