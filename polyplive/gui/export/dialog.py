"""Asks what to export and where to, shows how far it is, and says what was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from polyplive.errors import PolypliveError
from polyplive.gui.export.job import ExportThread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from polyplive.gui.export.job import Export


@dataclass(frozen=True, slots=True)
class Kind:
    """Something to export: its ``name``, the ``text`` of its box, and what the video's name ends with in its own.

    ``is_wanted``: its box is ticked at first.
    """

    name: str
    text: str
    ending: str
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class Kinds:
    """What can be exported, and one line ``about`` how that is done."""

    about: str
    kinds: tuple[Kind, ...]


PLAYED = Kinds(
    "The whole recording is processed anew, with what is drawn now.",
    (
        Kind("record", "Overlay video", "overlay.mp4"),
        Kind("events", "Events: findings of every frame, one JSON object a line", "events.jsonl"),
        Kind("report", "Report: one page (HTML)", "report.html"),
    ),
)
"""Of a recording that is played."""
_ENDING_S = 10.0


class ExportDialog(QDialog):
    """Exports the recording ``video``; ``begin`` makes an export of the chosen files, by the names of ``kinds``.

    Qt's thread. Closing the dialog ends an export that runs; its files are then whole as far as they go.
    """

    def __init__(
        self,
        video: Path,
        folder: Path,
        begin: Callable[[Mapping[str, Path]], Export],
        kinds: Kinds = PLAYED,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._video, self._begin, self._kinds = video, begin, kinds
        self._thread: ExportThread | None = None
        self.boxes = {kind.name: QCheckBox(kind.text) for kind in kinds.kinds}
        self.folder = QLineEdit(str(folder))
        self.folder.setAccessibleName("Folder")
        self.choose = QPushButton("Choose…")
        self.progress, self.said = QProgressBar(), QLabel()
        self.said.setWordWrap(True)
        self.start, self.show_folder, self.end = QPushButton("Export"), QPushButton("Show in folder"), QPushButton()
        self._lay_out()
        self.choose.clicked.connect(self._choose_folder)
        self.start.clicked.connect(self._start)
        self.show_folder.clicked.connect(self._show_folder)
        self.end.clicked.connect(self.close)
        for kind in kinds.kinds:
            box = self.boxes[kind.name]
            box.setChecked(kind.is_wanted)
            box.toggled.connect(lambda _: self._update())
        self._update()

    @property
    def is_running(self) -> bool:
        """Whether files are being written."""
        return self._thread is not None and not self._thread.is_over

    def done(self, result: int) -> None:
        """End what runs, however the dialog is closed."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
            thread.join(_ENDING_S)
        super().done(result)

    # Parts

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(12)
        title = QLabel(self.fontMetrics().elidedText(self._video.name, Qt.TextElideMode.ElideMiddle, 300))
        title.setProperty("role", "title")
        title.setToolTip(str(self._video))
        layout.addWidget(title)
        about = QLabel(self._kinds.about)
        about.setWordWrap(True)
        about.setProperty("role", "quiet")
        layout.addWidget(about)
        for box in self.boxes.values():
            layout.addWidget(box)
        row, foot = QHBoxLayout(), QHBoxLayout()
        row.addWidget(QLabel("Folder"))
        row.addWidget(self.folder, 1)
        row.addWidget(self.choose)
        foot.addWidget(self.show_folder)
        foot.addStretch(1)
        foot.addWidget(self.start)
        foot.addWidget(self.end)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        layout.addWidget(self.said)
        layout.addLayout(foot)
        self.start.setDefault(True)
        self.setMinimumWidth(540)

    def _files(self) -> dict[str, Path]:
        """New files for what is ticked, named after the video."""
        folder = Path(self.folder.text()).expanduser()
        wanted = [(kind.name, kind.ending) for kind in self._kinds.kinds if self.boxes[kind.name].isChecked()]
        number = 1
        while True:
            mark = "" if number == 1 else f"-{number}"
            files = {name: folder / f"{self._video.stem}{mark}-{end}" for name, end in wanted}
            if not any(path.exists() for path in files.values()):
                return files
            number += 1

    def _start(self) -> None:
        try:
            export = self._begin(self._files())
        except PolypliveError as error:
            self.said.setText(str(error))
            return
        self.progress.setRange(0, export.frames or 0)
        self.progress.setValue(0)
        self.said.setText("")
        self._thread = ExportThread(export)
        self._thread.news.arrived.connect(self._look)
        self._thread.start()
        self._update()

    def _look(self) -> None:
        thread = self._thread
        if thread is None:
            return
        thread.news.heard()
        self.progress.setValue(thread.done)
        if thread.is_over:
            self.said.setText(thread.said or str(thread.failure))
            self._update()

    def _update(self) -> None:
        running = self.is_running
        over = self._thread is not None and not running
        for widget in (*self.boxes.values(), self.folder, self.choose):
            widget.setEnabled(not running)
        self.start.setEnabled(not running and any(box.isChecked() for box in self.boxes.values()))
        self.progress.setVisible(running)
        self.show_folder.setVisible(over and self._thread is not None and self._thread.failure is None)
        self.end.setText("Stop" if running else "Close")

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the export", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder.text()))
