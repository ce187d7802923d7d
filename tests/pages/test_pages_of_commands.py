"""Pages as the commands write them, of a file whose name and folder are as awkward as can be."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from checked_page import CheckedPage, loads_nothing
from clipmaker import write_clip

from polyplive import __version__, pages
from polyplive.backends.auto_model import find_model
from polyplive.benchmark import comparison
from polyplive.cli import main

NAME = "<b>&\"'{{7*7}}\u202e.mp4"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    folder = tmp_path / "Doe Jane"
    folder.mkdir()
    return write_clip(tmp_path / "clip.mp4", 6).rename(folder / NAME)


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "{clip}", "--headless", "--report", "{page}"),
        ("evaluate", "{clip}", "--polyp-frames", "1-3", "--page", "{page}"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_file_is_named_and_its_folder_is_not(arguments: tuple[str, ...], clip: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = [word.format(clip=clip, page=page) for word in arguments]
    assert main([*words, "--model", "polyplive-fast"]) == 0
    check_page(page.read_text(encoding="utf-8"), tmp_path)


def check_page(text: str, folder: Path) -> None:
    """It names the file, not where it lies, and says when and with what it was made."""
    read = CheckedPage(text)
    assert loads_nothing(text)
    assert any(NAME.replace("\u202e", "\ufffd") in found for found in read.texts)
    assert "Doe" not in text
    assert str(folder) not in text
    assert "svg" in read.tags
    assert {"Model", "Model SHA-256", "Precision", "Field of view", "Threshold"} <= set(read.texts)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d", text), "when, with its zone"
    assert any(__version__ in found for found in read.texts)
    assert ("script" in read.tags) == ("img" in read.tags), "only what has pictures opens them"


def test_letters_are_large_enough_on_a_phone() -> None:
    """On screen no text is below 14 px; paper is held closer."""
    style = (
        (Path(pages.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8").split("@media print")[0]
    )
    sizes = re.findall(r"font(?:-size)?: ([\d.]+)(px|rem)", style)
    assert len(sizes) > 5
    assert min(float(size) * (16 if unit == "rem" else 1) for size, unit in sizes) >= 14


def test_a_benchmark_names_files_without_their_folders(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its JSON as on its page: the source, and models that it is compared with."""
    monkeypatch.setattr(comparison, "_ROUNDS", 4)  # the figures are of no account here
    model = clip.parent / "tiny.onnx"
    for suffix in (".onnx", ".json"):
        shutil.copy(find_model("polyplive-light").with_suffix(suffix), model.with_suffix(suffix))
    outputs = (tmp_path / "page.html", tmp_path / "bench.json")
    arguments = ("--no-display", "--frames", "10", "--runs", "1", "--compare", f"{model},mask", "--model", str(model))
    assert main(["bench", "--video", str(clip), *arguments, "--chart", str(outputs[0]), "--json", str(outputs[1])]) == 0
    check_page(outputs[0].read_text(encoding="utf-8"), tmp_path)
    for output in outputs:
        text = output.read_text(encoding="utf-8")
        assert "tiny.onnx,mask" in text
        assert "Doe" not in text
        assert str(tmp_path) not in text
