"""Exporting from the window: real files of a real recording, written beside the window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PyQt6.QtCore import Qt
from window_driver import PATIENCE_MS

from polyplive.commands.window import WindowProgram
from polyplive.config import EngineOptions, Settings
from polyplive.gui.export import dialog as dialog_module
from polyplive.gui.export.dialog import ExportDialog
from polyplive.sessions.opening import open_video
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from polyplive.gui.export.job import Export

FRAMES = 20


@pytest.fixture
def dialog(
    nothing_left: None, qtbot, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ExportDialog]:
    monkeypatch.setattr(dialog_module, "_ENDING_S", PATIENCE_MS / 1000)  # a busy machine opens a model slowly
    program = WindowProgram(Settings(model="polyplive-light", engine=EngineOptions(threads=1)))

    def begin(files: Mapping[str, Path]) -> Export:
        return program.export(clip, files, OverlaySettings(heatmap=False), 0.4)

    made = ExportDialog(clip, tmp_path, begin)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()


def test_what_is_ticked_is_written_and_said(dialog: ExportDialog, qtbot, tmp_path: Path) -> None:
    dialog.boxes["report"].setChecked(False)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert dialog.end.text() == "Stop"
    qtbot.waitUntil(lambda: dialog.said.text() != "", timeout=3 * PATIENCE_MS)
    assert dialog.said.text().startswith("Written: clip-overlay.mp4, clip-events.jsonl. 20 frames")
    assert dialog.progress.value() == dialog.progress.maximum() == FRAMES
    assert dialog.show_folder.isVisible()
    assert sorted(path.name for path in tmp_path.glob("clip-*")) == ["clip-events.jsonl", "clip-overlay.mp4"]
    with open_video(tmp_path / "clip-overlay.mp4") as video:
        assert len(list(video)) == FRAMES
    lines = [json.loads(line) for line in (tmp_path / "clip-events.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines].count("frame") == FRAMES
    assert "clip-2-overlay.mp4" in str(dialog._files()["record"]), "the next one overwrites nothing"


def test_an_export_that_is_stopped_leaves_whole_files(dialog: ExportDialog, qtbot, tmp_path: Path) -> None:
    for name in ("record", "report"):
        dialog.boxes[name].setChecked(False)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    thread = dialog._thread
    dialog.close()
    assert thread.is_over
    lines = [json.loads(line) for line in (tmp_path / "clip-events.jsonl").read_text().splitlines()]
    assert lines[-1]["type"] == "end"
    assert lines[-1]["reason"] in ("stopped", "end of file")


def test_what_cannot_be_written_is_said_before_anything_runs(dialog: ExportDialog, qtbot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    dialog.folder.setText(str(tmp_path / "file" / "in the way"))
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "in the way" in dialog.said.text()
    assert not dialog.is_running
    for box in dialog.boxes.values():
        box.setChecked(False)
    assert not dialog.start.isEnabled()


def test_esc_ends_an_export_too(dialog: ExportDialog, qtbot, tmp_path: Path) -> None:
    for name in ("record", "report"):
        dialog.boxes[name].setChecked(False)
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    thread = dialog._thread
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert thread.is_over
    lines = [json.loads(line) for line in (tmp_path / "clip-events.jsonl").read_text().splitlines()]
    assert lines[-1]["type"] == "end"
