"""One recording for all formats: two findings, one of which is out of view for a while and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from written_events import Placed, write_events

from polyplive.review.exports.base import ExportOptions
from polyplive.review.exports.export import export_findings
from polyplive.review.exports.linked import Only, Verdicts
from polyplive.review.exports.registry import find_format

FIRST = {index: (20 + index, 30, 40, 30) for index in (*range(3, 8), *range(11, 15))}
SECOND = dict.fromkeys(range(6, 20), (90, 60, 30, 40))
"""The boxes of the two by frame, of 20."""


def placed() -> dict[int, Placed]:
    found: dict[int, dict[int, tuple[int, int, int, int]]] = {index: {} for index in range(20)}
    for number, boxes in ((1, FIRST), (2, SECOND)):
        for index, box in boxes.items():
            found[index][number] = box
    return dict(found)


@pytest.fixture(scope="session")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_events(tmp_path_factory.mktemp("events") / "events.jsonl", placed(), scores={1: 0.9, 2: 0.6})


@pytest.fixture
def exported(events: Path, tmp_path: Path) -> Callable[..., Path]:
    """Exports ``source`` in a format; gives the file or folder."""

    def export(
        form: str,
        source: Path = events,
        verdicts: Verdicts | None = None,
        only: Only = Only.ALL,
        options: ExportOptions | None = None,
    ) -> Path:
        found = find_format(form)
        path = tmp_path / f"findings{found.ending}"
        export_findings(source, found, path, verdicts=verdicts, only=only, options=options)
        return path

    return export
