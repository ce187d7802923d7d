"""``polyplive explain``, with the shipped models on the rendered clip and on a rendered picture."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from checked_page import CheckedPage, loads_nothing

from polyplive import RESEARCH_NOTICE
from polyplive.cli import main
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.manifest import FAST, load_manifest, shipped_models

WITH_FINDING = "5"
PATIENT = "Doe Jane"


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a frame with a finding, and its pictures in ``png``; the file lies in a patient's folder."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / PATIENT).mkdir()
    clip = folder / PATIENT / "demo.mp4"
    shutil.copyfile(demo_clip(), clip)
    outputs = ["--page", str(folder / "page.html"), "--png", str(folder / "png")]
    assert main(["explain", str(clip), "--at", WITH_FINDING, "--model", FAST, *outputs]) == 0
    return folder


def test_the_page_loads_nothing_and_says_what_it_is_of(explained: Path) -> None:
    text = (explained / "page.html").read_text(encoding="utf-8")
    assert loads_nothing(text)
    read = CheckedPage(text)
    assert {"demo.mp4", "Frame 126 at 00:05.0", load_manifest(shipped_models()[FAST]).sha256} <= set(read.texts)
    assert RESEARCH_NOTICE in read.texts
    assert "What this cannot tell" in read.texts
    assert PATIENT not in text
    assert str(explained) not in text


def test_each_map_and_control_has_whole_curves(explained: Path) -> None:
    text = (explained / "page.html").read_text(encoding="utf-8")
    names = re.findall(r"<figcaption><b>(.*?)</b>", text)[1:]
    assert {"Control: mask", "Control: probability", "Control: centre"} <= set(names)
    assert len(names) > 3
    lines = re.findall(r'<polyline class="(\w+)" points="(.*?)"', text)
    assert [kind for kind, _ in lines] == ["fall", "main"] * len(names)
    assert all(len(points.split()) == 17 for _, points in lines)
    table = text.split('aria-label="Areas below the curves"')[1].split("</table>")[0]
    areas = [float(area) for area in re.findall(r"<td>([\d.]+)</td>", table)]
    assert len(areas) == 2 * len(names)
    assert all(0 < area < 1 for area in areas)


def test_each_map_is_a_picture_of_the_field_of_view(explained: Path) -> None:
    pictures = {path.stem: cv2.imread(str(path)) for path in (explained / "png").iterdir()}
    assert {"frame", "polyp-1-predicted-mask", "polyp-1-probability", "polyp-1-centre"} < set(pictures)
    assert len({picture.shape for picture in pictures.values()}) == 1
    marked = pictures["polyp-1-predicted-mask"].astype(int) - pictures["frame"].astype(int)
    assert marked.any()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (explained / "png").iterdir()) or os.name == "nt"


def test_a_rendered_picture_in_which_nothing_is_found_has_empty_maps(tmp_path: Path, capsys) -> None:
    picture, page = tmp_path / "wall.png", tmp_path / "page.html"
    cv2.imwrite(str(picture), np.full((480, 640, 3), (95, 115, 190), np.uint8))
    assert main(["explain", str(picture), "--model", FAST, "--page", str(page)]) == 0
    assert "no finding" in capsys.readouterr().err
    text = page.read_text(encoding="utf-8")
    assert loads_nothing(text)
    assert "The maps of the whole answer are empty" in text
    assert "<polyline" not in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{clip}"], "Add --page"),
        (["{nowhere}", "--page", "{page}"], "nowhere.mp4"),
        (["{clip}", "--at", "99", "--page", "{page}"], "behind the end of 'demo.mp4'"),
        (["{clip}", "--at", "-1", "--page", "{page}"], "--at"),
        (["{clip}", "--page", "{clip}"], "--page"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"clip": demo_clip(), "nowhere": tmp_path / "nowhere.mp4", "page": tmp_path / "page.html"}
    assert main(["explain", *(word.format(**named) for word in words), "--model", FAST]) != 0
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("polyplive: ")]
    assert len(errors) == 1
    assert says in errors[0]
    assert not named["page"].exists()
