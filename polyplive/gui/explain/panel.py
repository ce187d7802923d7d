"""The panel that explains the frame on screen: its maps side by side, and curves that grow while it is looked at."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QIcon, QPixmap
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from polyplive import RESEARCH_NOTICE
from polyplive.errors import SinkError
from polyplive.explanation.still import KINDS
from polyplive.explanation.still_pictures import fitted, map_picture
from polyplive.explanation.still_pngs import write_bytes
from polyplive.explanation.still_process import StillProcess
from polyplive.explanation.still_words import (
    CURVES_MEAN,
    NO_FINDING_SHORT,
    areas_of,
    caption_of,
    finding_title,
    title_of,
)
from polyplive.gui.explain.curve_plot import CurvePlot
from polyplive.gui.explain.sheet import encoded, qimage, sheet
from polyplive.gui.parts.update_signal import UpdateSignal
from polyplive.pages.text import clock
from polyplive.system.file_names import fitting_stem

if TYPE_CHECKING:
    from typing import Protocol

    from PyQt6.QtGui import QImage

    from polyplive.explanation.still import ExplainedFinding, StillRequest
    from polyplive.explanation.still_engine import StillModel
    from polyplive.explanation.still_frame import StillFrame

    class ReportPictures(Protocol):
        """The report's pictures, each known by the second of the video and a name."""

        def has(self, at_s: float, name: str) -> bool:
            """Whether it is in the report."""

        def add(self, at_s: float, name: str, caption: str, jpeg: bytes) -> None:
            """Put it there."""

        def remove(self, at_s: float, name: str) -> None:
            """Take it out again."""


_ENDING_S = 5.0
_ICON = QSize(180, 140)
_BAR = 8
_WIDTH, _HEIGHT = 1120, 720
NO_REPORT = "A report belongs to a review: review this recording (Ctrl+R)"


@dataclass(frozen=True, slots=True, eq=False)
class ToExplain:
    """What is on screen: a ``frame`` of the file ``source``, ``at_s`` seconds in, and the ``model`` that found it.

    Of several findings the one that is explained is the only one in ``frame.chosen``.
    """

    source: str
    at_s: float
    frame: StillFrame
    request: StillRequest
    model: StillModel
    model_name: str


class ExplainPanel(QDialog):
    """Explains ``asked``; Qt's thread. Another process computes, and ends when the panel closes.

    PNG files go to ``folder``. ``report`` takes the picture for the report; None where there is no report.
    """

    def __init__(
        self, asked: ToExplain, folder: Path, report: ReportPictures | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Explanation")
        self.setModal(False)
        self._asked, self._folder, self._report = asked, folder, report
        self._is_stopped = False
        self.news = UpdateSignal()
        self.news.arrived.connect(self._look)
        self.process = StillProcess(asked.request, asked.model, self.news.tell)
        self.still = self.process.new_still()
        self.maps = QListWidget()
        self.plot, self.progress = CurvePlot(self), QProgressBar()
        self.about, self.areas, self.said = QLabel(), QLabel(), QLabel()
        self.save, self.add, self.end = QPushButton("Save PNG"), QPushButton(), QPushButton("Stop")
        self._lay_out()
        self.maps.currentRowChanged.connect(lambda _: self._show_map())
        self.save.clicked.connect(self.save_png)
        self.add.clicked.connect(self.change_report)
        self.end.clicked.connect(self._end_or_close)
        self._update()

    def start(self, window: QWidget) -> None:
        """Show the panel over ``window``, and begin."""
        self.resize(min(_WIDTH, window.width() * 19 // 20), min(_HEIGHT, window.height() * 19 // 20))
        self.show()
        self.maps.setFocus()
        self.process.start()

    @property
    def found(self) -> ExplainedFinding | None:
        """What is explained; None before the maps are there."""
        return self.still.findings[0] if self.still.findings else None

    @property
    def frame_index(self) -> int:
        """The number of the frame that is explained."""
        return self._asked.frame.frame.index

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._is_stopped or self.process.is_over

    def stop(self) -> None:
        """End the computing; what is there stays."""
        if not self.is_over:
            self._is_stopped = True
            self.process.stop()
            self.said.setText("Stopped: the curves are as far as they came.")
        self._update()

    def done(self, result: int) -> None:
        """End what runs, however the panel is closed."""
        self.process.stop()
        if self.process.ident is not None:
            self.process.join(_ENDING_S)
        super().done(result)

    def save_png(self) -> None:
        """Save what is shown as one picture."""
        when = f"{datetime.datetime.now():%Y%m%d-%H%M%S-%f}"
        minutes, seconds = divmod(self._asked.at_s, 60)
        ending = f"-{int(minutes):02d}m{seconds:06.3f}s-explained-{when}.png"
        path = self._folder / (fitting_stem(Path(self._asked.source).stem, ending) + ending)
        try:
            write_bytes(encoded(self._sheet(), "PNG"), path)
        except SinkError as error:
            self._say(str(error))
        else:
            self._say(f"Saved {path}")

    def change_report(self) -> None:
        """Put the picture into the report, or take it out again."""
        assert self._report is not None
        if self._report.has(self._asked.at_s, self._name):
            self._report.remove(self._asked.at_s, self._name)
            self._say("The picture is not in the report any more.")
        else:
            caption = f"Maps of {self._asked.model_name} beside three controls; deletion is red, insertion blue."
            self._report.add(self._asked.at_s, self._name, caption, encoded(self._sheet(), "JPG"))
            self._say("The report of this review has the picture.")
        self._update()

    # Parts

    @property
    def _name(self) -> str:
        frame = self._asked.frame
        return frame.name_of(frame.chosen[0]) if frame.chosen else "A frame without a finding"

    @property
    def _heading(self) -> str:
        frame = self._asked.frame
        return finding_title(frame, frame.chosen[0]) if frame.chosen else NO_FINDING_SHORT

    def _sheet(self) -> QImage:
        found, asked = self.found, self._asked
        assert found is not None
        is_whole = self.still.done == self.still.total
        where = f"{Path(asked.source).name}, frame {asked.frame.frame.index + 1} at {clock(asked.at_s)}"
        foot = f"{where}  \u00b7  {asked.model_name}" + ("" if is_whole else "  \u00b7  stopped early")
        return sheet(asked.frame, found, self._heading, foot)

    def _look(self) -> None:
        """Take what has come."""
        self.news.heard()
        if self._is_stopped:
            return
        had = self.found
        for news in self.process.take():
            self.still.add(news)
        if had is None and self.found is not None:
            self._fill(self.found)
        self._show_map()
        self._update()

    def _fill(self, found: ExplainedFinding) -> None:
        frame = self._asked.frame
        finding = frame.chosen[0] if frame.chosen else None
        for one in found.maps:
            picture = qimage(fitted(map_picture(frame, one, finding), 2 * _ICON.width(), 2 * _ICON.height()))
            pixmap = QPixmap.fromImage(picture)
            icon = QIcon(pixmap)
            icon.addPixmap(pixmap, QIcon.Mode.Selected)  # which Qt would tint
            item = QListWidgetItem(icon, title_of(one).replace("stage ", "stage\u00a0"))  # no line is a number alone
            item.setToolTip(caption_of(one))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, caption_of(one))
            self.maps.addItem(item)
        self.maps.setCurrentRow(0)

    def _show_map(self) -> None:
        """What is told of the map that is chosen."""
        found, row = self.found, self.maps.currentRow()
        if found is None or row < 0:
            return
        shown = found.maps[row]
        self.about.setText(caption_of(shown))
        areas = areas_of(found, shown.name)
        self.areas.setText(areas or ("" if self._asked.frame.chosen else "Without a finding there are no curves."))
        self.plot.show_curves({kind: found.curves.get((shown.name, kind), ()) for kind in KINDS}, areas or "growing")

    def _update(self) -> None:
        """What can be done now, and how far it is."""
        total, process = self.still.total, self.process
        self.progress.setRange(0, total or 0)
        self.progress.setValue(self.still.done)
        self.progress.setVisible(not self.is_over)
        if process.failure is not None and not self._is_stopped:
            self.said.setText(str(process.failure))
        elif not self.said.text():
            self.said.setText(" ".join(process.lines))
        self.said.setVisible(bool(self.said.text()))
        is_ready = self.found is not None
        self.save.setEnabled(is_ready)
        self.add.setEnabled(is_ready and self._report is not None)
        is_in = self._report is not None and self._report.has(self._asked.at_s, self._name)
        self.add.setText("Take out of report" if is_in else "Add to report")
        self.add.setToolTip("" if self._report is not None else NO_REPORT)
        self.end.setText("Close" if self.is_over else "Stop")

    def _say(self, line: str) -> None:
        self.said.setText(line)
        self.said.setVisible(True)

    def _end_or_close(self) -> None:
        if self.is_over:
            self.close()
        else:
            self.stop()

    def _lay_out(self) -> None:
        frame = self._asked.frame
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(10)
        title = QLabel(self._heading)
        title.setProperty("role", "title")
        where = QLabel(f"Frame {frame.frame.index + 1} at {clock(self._asked.at_s)}  \u00b7  {self._asked.model_name}")
        where.setProperty("role", "quiet")
        layout.addWidget(title)
        layout.addWidget(where)
        body = QHBoxLayout()
        body.setSpacing(18)
        body.addWidget(self._list(), 3)
        body.addLayout(self._column(), 2)
        layout.addLayout(body, 1)
        layout.addWidget(self.progress)
        layout.addWidget(self.said)
        layout.addLayout(self._foot())

    def _list(self) -> QListWidget:
        maps = self.maps
        maps.setAccessibleName("Maps, and controls")
        maps.setViewMode(QListWidget.ViewMode.IconMode)
        maps.setMovement(QListWidget.Movement.Static)
        maps.setResizeMode(QListWidget.ResizeMode.Adjust)
        maps.setIconSize(_ICON)
        maps.setWordWrap(True)
        maps.setSpacing(4)
        return maps

    def _column(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        mean = QLabel(CURVES_MEAN)
        mean.setProperty("role", "quiet")
        for label in (self.about, self.areas, self.said, mean):
            label.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.areas.setProperty("role", "state")
        column.addWidget(self.about)
        self.plot.setVisible(bool(self._asked.frame.chosen))
        if self._asked.frame.chosen:
            column.addWidget(self.plot, 1)
        column.addWidget(self.areas)
        if self._asked.frame.chosen:
            column.addWidget(mean)
        else:
            column.addStretch(1)
        return column

    def _foot(self) -> QHBoxLayout:
        self.progress.setAccessibleName("Points of the curves")
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(_BAR)
        notice = QLabel(RESEARCH_NOTICE)
        notice.setProperty("role", "quiet")
        foot = QHBoxLayout()
        foot.addWidget(notice, 1)
        for button in (self.save, self.add, self.end):
            button.setAutoDefault(False)
            foot.addWidget(button)
        return foot
