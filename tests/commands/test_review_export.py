"""Exports from a review: every format that the window offers, with what was decided."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from pytestqt.qtbot import QtBot
from review_rig import found_in

from polyplive.commands.review_export import ReviewExport, not_analysed, review_kinds
from polyplive.gui.export.dialog import ExportDialog
from polyplive.review.decisions import Decision, Verdict
from polyplive.review.exports.registry import FORMATS
from polyplive.review.review import Said
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOUND = {index: {1: 0.9, **({2: 0.8} if index > 25 else {})} for index in range(10, 40)}


def test_everything_that_is_offered_is_written_with_the_decisions(tmp_path: Path, qtbot: QtBot) -> None:
    video, events = found_in(tmp_path, FOUND, frames=45)
    said = Said({2: Decision(Verdict.ACCEPTED, "", "A. Reader")}, ())

    def begin(files: Mapping[str, Path]) -> ReviewExport:
        return ReviewExport(video, events, said, (), functools.partial(FileSource, video), files)

    kinds = review_kinds()
    assert {kind.name for kind in kinds.kinds} == {"page", "pdf", *FORMATS}
    dialog = ExportDialog(video, tmp_path / "out", begin, kinds)
    qtbot.addWidget(dialog)
    assert [name for name, box in dialog.boxes.items() if box.isChecked()] == ["page", "pdf"]
    for box in dialog.boxes.values():
        box.setChecked(True)
    (tmp_path / "out").mkdir()
    dialog.start.click()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=60_000)
    assert dialog.said.text().startswith("Written: ")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {f"clip-{kind.ending}" for kind in kinds.kinds}
    page = (tmp_path / "out" / "clip-review.html").read_text(encoding="utf-8")
    assert page.index("Accepted findings") < page.index('scope="row">Polyp 2<') < page.index('scope="row">Polyp 1<')
    truth = json.loads((tmp_path / "out" / "clip-coco.json").read_text(encoding="utf-8"))
    assert {(one["track_id"], one["verdict"]) for one in truth["annotations"]} == {(1, "unseen"), (2, "accepted")}


def test_an_analysis_that_is_not_complete_says_how_far_it_is() -> None:
    assert str(not_analysed(0.23)) == "The analysis is at 23 %. Export once all of the recording is analysed."
