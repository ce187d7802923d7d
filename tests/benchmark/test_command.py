"""``polyplive bench`` as a user runs it, with a small model: it runs thousands of frames here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from bench_schema import SCHEMA
from checked_page import loads_nothing
from clipmaker import write_clip
from export_helpers import exporting_once, tiny_checkpoint
from polyplive.export.graph.export_model import ExportSettings, export_model

from polyplive.benchmark.against import compare_documents, load_document


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "polyplive", "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def usual(model: Path, clip: Path) -> tuple[object, ...]:
    return ("--model", model, "--video", clip, "--frames", 20, "--runs", 2, "--no-display")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("bench") / "clip.mp4", 30)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    with exporting_once():
        return export_model(ExportSettings(tiny_checkpoint(folder / "best.pt"), "tiny", folder)).graph


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, clip: Path, model: Path) -> tuple[Path, list]:
    """The same benchmark twice, the second against the first, with a comparison and a chart.

    Before the second the first is given other rates, so that what differs clearly is the same on every machine.
    """
    folder = tmp_path_factory.mktemp("results")
    first = bench(*usual(model, clip), "--json", folder / "old.json")
    assert first.returncode == 0, first.stderr
    old = json.loads((folder / "old.json").read_text())
    old["modes"]["engine"]["fps_blocks"] = [1e-6, 1e9] * 20
    old["modes"]["headless"]["fps_blocks"] = [1e-6] * 40
    (folder / "changed.json").write_text(json.dumps(old))
    second = bench(
        *usual(model, clip), "--json", folder / "new.json", "--against", folder / "changed.json", "--compare", "mask",
        "--chart", folder / "page.html",
    )  # fmt: skip
    assert second.returncode == 0, second.stderr
    return folder, [first, second]


def test_the_file_fits_its_schema(twice: tuple) -> None:
    folder, _ = twice
    for name in ("old.json", "new.json"):
        jsonschema.validate(json.loads((folder / name).read_text()), SCHEMA)
    found = json.loads((folder / "new.json").read_text())
    assert [row["name"] for row in found["compare"]] == ["as configured", "mask"]
    assert found["skipped"] == {"display": "--no-display asks for none"}


def test_a_second_run_is_held_against_the_first(twice: tuple) -> None:
    folder, (_, run) = twice
    new, changed = (load_document(folder / name) for name in ("new.json", "changed.json"))
    ratios = compare_documents(new, changed)
    assert new["against"] == {name: ratio.as_json() for name, ratio in ratios.items()}
    assert {name: ratio.is_clear for name, ratio in ratios.items()} == {"engine": False, "headless": True}
    lines = [line for line in run.stdout.splitlines() if line.startswith("Against the earlier benchmark")]
    assert len(lines) == 2
    assert run.stdout.count("no clear difference") == 1


def test_the_terminal_shows_the_table_and_says_what_was_left_out(twice: tuple) -> None:
    out = twice[1][1].stdout
    for words in ("engine alone", "end to end", "Engines in turn", "Not measured in the window", "own rate"):
        assert words in out


def test_the_chart_is_one_file_that_loads_nothing(twice: tuple) -> None:
    page = (twice[0] / "page.html").read_text()
    assert page.count('<svg role="img"') == 4
    assert "Research use only" in page
    assert loads_nothing(page)
    assert "nan" not in page.lower().replace("annotation", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--compare", "abacus"), "No model 'abacus'"),
        (("--compare", "torch,bfloat16"), "torch has no precision"),
        (("--compare", ","), "empty part"),
        (("--against", "nowhere.json"), "There is no file 'nowhere.json'"),
        (("--chart", "page.txt"), "ends in .html"),
        (("--display",), "No window can be opened (QT_QPA_PLATFORM is offscreen"),
    ],
)
def test_what_cannot_be_is_one_line_that_helps(
    arguments: tuple, words: str, clip: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    done = bench("--video", clip, "--frames", 10, "--runs", 1, *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
