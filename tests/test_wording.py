"""Counts and shares in words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from polyplive.stats import Share
from polyplive.wording import count_of, count_with_share, counted, moment, percent

ROOT = Path(__file__).resolve().parents[1]


def test_one_is_no_plural() -> None:
    assert [counted(count, "frame") for count in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
    assert [counted(count, "time", "times in all") for count in (1, 3)] == ["1 time", "3 times in all"]


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [
        (1, 5, "1 of 5 (20 %)"),
        (0, 5, "0 of 5 (0 %)"),
        (5, 5, "5 of 5 (100 %)"),
        (1, 199, "1 of 199 (1 %)"),
        (1, 200, "1 of 200 (0.5 %)"),
        (1, 5000, "1 of 5000 (below 0.1 %)"),
        (4999, 5000, "4999 of 5000 (above 99.9 %)"),
        (199, 199, "199 of 199 (100 %)"),
        (0, 5000, "0 of 5000 (0 %)"),
        (0, 0, "-"),
    ],
)
def test_a_share_has_both_its_numbers(count: int, of: int, text: str) -> None:
    """All and none are said of all and none alone."""
    assert count_of(count, of) == text
    assert count_with_share(count, of) == text.replace(f" of {of}", "")


def test_percent_is_whole() -> None:
    assert percent(0.666) == "67 %"


def test_a_moment_has_its_zone() -> None:
    assert moment("2026-01-31T09:00:00+01:00") == "2026-01-31 09:00:00 +01:00"
    assert moment("today") == "today"


def test_a_share_of_values_is_json_with_both_numbers() -> None:
    assert Share.true([True, False, True]).as_json() == {"count": 2, "of": 3, "rate": 0.66667}
    assert Share.true([]).as_json() == {"count": 0, "of": 0, "rate": None}


COUNTED = r"(?<! of )\{\} (frames|pictures|runs|epochs|marks|times|polyps|files|others|changes|tracks)\b"
FOLDERS = ("polyplive/evaluation", "polyplive/benchmark", "polyplive/pages", "export/training", "polyplive/sinks")
COMMANDS = ("bench", "evaluate", "evaluate_recording", "train", "live", "replay")


def texts(path: Path) -> list[str]:
    """Every formatted text of a file, with its values as ``{}``."""
    found = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.JoinedStr)]
    return [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in text.values) for text in found
    ]


def test_counts_in_evaluate_bench_and_train_come_from_the_one_helper() -> None:
    """A number before a plural may be 1. ``frames a second``, ``times its rate`` and ``2 of 5 frames`` are none."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    files += [ROOT / "polyplive" / "commands" / f"{name}.py" for name in COMMANDS]
    assert len(files) > 40
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in files
        for text in texts(path)
        if re.search(COUNTED + r"(?! a second| its rate)", text)
    }
    assert found == set()
