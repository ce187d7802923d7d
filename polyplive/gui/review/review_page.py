"""The page of a recording that is reviewed: a replay with a timeline, a list of findings, decisions and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QInputDialog, QSizePolicy, QStackedWidget

from polyplive.gui.parts.actions import allow
from polyplive.gui.parts.shortcuts import REVIEW_SHORTCUTS
from polyplive.gui.review.analysis_feed import AnalysisFeed
from polyplive.gui.review.desk import ReviewDesk
from polyplive.gui.review.desk_pictures import DeskPictures
from polyplive.gui.review.findings_list import FindingsList
from polyplive.gui.review.naming import names_of, numbers_of
from polyplive.gui.review.note_row import NoteDraft, NoteRow
from polyplive.gui.review.places import said_of
from polyplive.gui.review.review_bar import ReviewBar
from polyplive.gui.review.thumbnails import Thumbnails
from polyplive.gui.review.timeline_widget import TimelineWidget
from polyplive.gui.session.replay_page import ReplayPage
from polyplive.gui.session.session_page import NARROW, Additions
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PyQt6.QtGui import QCloseEvent, QResizeEvent

    from polyplive.config import Settings
    from polyplive.gui.explain.panel import ReportPictures
    from polyplive.gui.review.analysis_feed import News
    from polyplive.gui.review.parts import ReviewExports, ReviewParts
    from polyplive.gui.review.shown import Flag
    from polyplive.gui.session.display import Display
    from polyplive.sessions.replay import Player
    from polyplive.sessions.view import View
    from polyplive.types import Prediction, ViewOption

FAR = 10
"""Frames that the larger steps go."""
LOW = 720
"""Below this height in logical pixels the timeline has no thumbnails: the list has them."""
_TEXT_EVERY_MS = 200


class ReviewPage(ReplayPage):
    """A replay page with the means to review. ``parts`` are what a review is made of; closing the page ends them.

    The page can be used at once. What the analysis finds comes in while it is used.
    """

    def __init__(
        self,
        make_player: Callable[[Callable[[View], None]], Player],
        display: Display,
        snapshots: Path,
        parts: ReviewParts,
        view: ViewOption = "auto",
        settings: Settings | None = None,
    ) -> None:
        self._parts = parts
        self.desk = ReviewDesk(parts.review)
        self.thumbnails = Thumbnails(parts.open_source, parts.contour_of)
        self.timeline = TimelineWidget(self.thumbnails.picture)
        self.findings = FindingsList(self.thumbnails.picture)
        self.review_bar, self.notes = ReviewBar(), NoteRow()
        self.feed = AnalysisFeed(parts, self._take_news)
        display.names = self._names_of
        self._row = QStackedWidget()  # one row for both: the picture keeps its size while a note is written
        self._row.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for row in (self.review_bar, self.notes):
            self._row.addWidget(row)
        more = Additions((self._row, self.timeline), (self.findings,), self._review_commands(), REVIEW_SHORTCUTS)
        self._are_findings_wanted = True
        super().__init__(make_player, display, snapshots, view, more, settings)
        self._is_ended = False
        self._review_notices: tuple[str, ...] = ()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show_state)
        self._timer.start(_TEXT_EVERY_MS)
        self._connect_parts()
        self.desk.refresh()
        self._show_state()

    def start(self) -> None:
        """Begin to play, and to analyse."""
        super().start()
        self.feed.start()

    def show_panel(self, shown: bool) -> None:
        """Remember it: here the list takes the panel's place until the panel is asked for."""
        self.is_panel_wanted = shown
        self.full_screen.show_tool(self.panel, False)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Show what there is room for."""
        super().resizeEvent(event)
        self.timeline.show_thumbnails(self.height() >= LOW)
        self.review_bar.fit(self.width())
        self.full_screen.show_tool(self.findings, self._are_findings_wanted and self.width() >= NARROW)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """End the analysis and the small pictures, then the player."""
        if not self._is_ended:
            self._is_ended = True
            self.hide()
            self._timer.stop()
            self.feed.close()
            self.thumbnails.close()
            self._parts.close()
        super().closeEvent(event)

    # Parts

    def _review_commands(self) -> dict[str, Callable[[], object]]:
        desk = self.desk
        return {
            "next_finding": lambda: desk.step(1),
            "previous_finding": lambda: desk.step(-1),
            "accept": lambda: self._decide(Verdict.ACCEPTED),
            "reject": lambda: self._decide(Verdict.REJECTED),
            "note": self._begin_note,
            "next_note": lambda: self._go_to_flag(desk.flag_beside(1)),
            "previous_note": lambda: self._go_to_flag(desk.flag_beside(-1)),
            "undo": desk.undo,
            "redo": desk.redo,
            "far_forward": lambda: self.player.step(FAR),
            "far_back": lambda: self.player.step(-FAR),
            "toggle_findings": self._toggle_findings,
            "toggle_analysis": self._toggle_analysis,
            "use_earlier": lambda: self._say(desk.use_earlier()),
            "reviewer": self._ask_reviewer,
        }

    def _toggle_analysis(self) -> None:
        """Pause the analysis, or let it go on."""
        self.feed.toggle()
        self._show_state()

    @property
    def exports(self) -> ReviewExports | None:
        """What can be exported of the review."""
        return self._parts.exports

    def _connect_parts(self) -> None:
        self.desk.changed.connect(self._show_content)
        self.desk.selection.connect(self._show_selection)
        self.desk.go_to.connect(self._go_to)
        self.timeline.sought.connect(self.player.seek)
        self.timeline.selected.connect(self.desk.select)
        self.timeline.stepped.connect(self.desk.step)
        self.timeline.flag_chosen.connect(self._go_to_flag)
        self.findings.selected.connect(self.desk.select)
        self.findings.filtered.connect(self._filter)
        self.review_bar.command.connect(self._run_if_allowed)
        self.notes.written.connect(self._write_note)
        self.notes.left.connect(self._leave_note)
        self.thumbnails.came.connect(self.timeline.thumbnail_came)
        self.thumbnails.came.connect(self.findings.thumbnail_came)

    def _redraw(self) -> None:
        super()._redraw()
        view = self.display.view
        if view.frame is not None:
            self.desk.at_s = view.position_s
            self.desk.lengthen(view.duration_s or 0.0)
            self.timeline.show_time(view.position_s)

    def _names_of(self, prediction: Prediction) -> tuple[tuple[int, str], ...]:
        return names_of(prediction, self.display.view.position_s, self.desk.shown)

    def _chosen_finding(self) -> int | None:
        """The finding whose heat alone is shown, else the one that is selected."""
        prediction, desk = self.display.prediction, self.desk
        if (heat_of := super()._chosen_finding()) is not None or prediction is None:
            return heat_of
        numbers = numbers_of(prediction, self.display.view.position_s, desk.shown)
        return next((track for track, number in numbers.items() if number == desk.selected), None)

    def _finding_names(self, prediction: Prediction) -> tuple[tuple[int, str], ...]:
        """By their numbers alone: a verdict may be another one later."""
        numbers = numbers_of(prediction, self.display.view.position_s, self.desk.shown)
        return tuple((one.track, f"Polyp {numbers.get(one.track, '')}".strip()) for one in prediction.detections)

    def _report_pictures(self) -> ReportPictures:
        return DeskPictures(self.desk)

    def _take_news(self, news: News) -> None:
        """The analysis has found more, or its state has changed."""
        if news.facts is not None:
            self.desk.review.analysis = news.facts
        if news.arrays is not None:
            self.desk.take_arrays(news.arrays)
        self._show_state()

    def _show_content(self) -> None:
        self.timeline.show_content(self.desk.shown)
        self.findings.show_content(self.desk.shown)
        self._redraw()  # labels on the picture have other names perhaps
        self._show_state()

    def _show_selection(self) -> None:
        self.timeline.show_selected(self.desk.selected)
        self.findings.show_selected(self.desk.selected)
        self._show_state()

    def _show_state(self) -> None:
        """Say what can be done, and how far the analysis is."""
        desk, target = self.desk, self.desk.target
        reasons = desk.reasons()
        over = "The analysis is over" if self.feed.exists else "There is no analysis"
        reasons["toggle_analysis"] = over if self.feed.state.is_over else ""
        for command, reason in reasons.items():
            allow(self.actions_by_command[command], reason)
        self.review_bar.show_reasons(reasons)
        self.review_bar.show_finding(target, desk.shown, is_selected=desk.selected is not None)
        self.review_bar.show_analysis(self.feed.state, desk.shown.timeline.coverage)
        self._tell_notices()
        said = said_of(desk.shown, desk.selected, desk.at_s)
        if not self.display.view.playing and said != self.timeline.accessibleDescription():
            self.timeline.setAccessibleDescription(said)

    def _tell_notices(self) -> None:
        """Say once what is to be known of review and analysis, such as that nothing can be written."""
        problem = self.feed.state.problem
        notices = (*self.desk.review.notices, *((f"Analysis: {problem}",) if problem else ()))
        new = [line for line in notices if line not in self._review_notices]
        self._review_notices = notices
        for line in new:
            self._say(line, is_error=True)

    def _run_if_allowed(self, command: str) -> None:
        self.actions_by_command[command].trigger()

    def _go_to(self, at_s: float) -> None:
        self.player.pause()
        self.player.seek(at_s)

    def _go_to_flag(self, flag: Flag | None) -> None:
        """Show where a note or a mark is, and what it says."""
        if flag is not None:
            if flag.track is not None:
                self.desk.select(flag.track, go=False)
            self._go_to(flag.at_s)
            self._say(flag.title)

    def _decide(self, verdict: Verdict) -> None:
        said = self.desk.decide(verdict)
        if said:
            self._say(said)

    def _begin_note(self) -> None:
        """Change the note that is here, or write one: about the selected finding where that is in view."""
        self.player.pause()
        here, desk = self.desk.note_here, self.desk
        if here is not None:
            draft = NoteDraft(here.at_s, here.track, here)
        else:
            chosen = desk.shown.track(desk.selected)
            is_here = chosen is not None and chosen.first_s <= desk.at_s <= chosen.last_s
            draft = NoteDraft(desk.at_s, desk.selected if is_here else None)
        self.full_screen.bring()
        self._row.setCurrentWidget(self.notes)
        self.notes.begin(draft)

    def _leave_note(self) -> None:
        self._row.setCurrentWidget(self.review_bar)
        self.video.setFocus()

    def _write_note(self, draft: NoteDraft, text: str) -> None:
        said = self.desk.write(text, draft.flag, draft.at_s, draft.track)
        if said:
            self._say(said)

    def _filter(self) -> None:
        self.desk.listed = self.findings.wanted
        self._show_state()

    def _toggle_findings(self) -> None:
        self._are_findings_wanted = not self.findings.isVisible()
        self.full_screen.show_tool(self.findings, self._are_findings_wanted)
        self.full_screen.bring()

    def _ask_reviewer(self) -> None:
        """Ask who reviews; the name goes with decisions and notes from now on, none where it is empty."""
        review = self.desk.review
        name, is_given = QInputDialog.getText(
            self, "Reviewer", "Your name, kept with each decision and note:", text=review.by
        )
        if is_given:
            review.by = name.strip()
            self._parts.name_reviewer(review.by)
