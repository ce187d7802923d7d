"""The page that shows where a frame's time goes."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from checked_page import CheckedPage, loads_nothing
from clipmaker import write_clip

from polyplive.cli import main

if TYPE_CHECKING:
    from pathlib import Path

STAGES = ("decode", "preprocess", "infer", "postprocess", "draw")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("profile")
    clip, made = write_clip(folder / "clip.mp4", 12), folder / "profile.html"
    arguments = ("--no-display", "--frames", "40", "--runs", "1", "--model", "polyplive-light", "--profile", str(made))
    assert main(["bench", "--video", str(clip), *arguments]) == 0
    return made.read_text(encoding="utf-8")


def test_thirty_frames_pass_every_stage_in_order(page: str) -> None:
    bars = re.findall(r"<title>frame (\d+): (\w+) ([\d.]+) ms</title>", page)
    assert {stage for _, stage, _ in bars} == set(STAGES)
    assert len(bars) == 30 * len(STAGES)
    frames = [int(frame) for frame, stage, _ in bars if stage == "decode"]
    assert all(after == (before + 1) % 12 for before, after in itertools.pairwise(frames))


def test_the_table_adds_up(page: str) -> None:
    table = page.split('aria-label="A frame&#39;s time by cause"')[1].split("</table>")[0]
    shares = [float(share) for share in re.findall(r"<td>([\d.]+) %</td>", table)]
    assert shares[-1] == 100
    assert sum(shares[:-1]) == pytest.approx(100, abs=0.5)
    assert "engine" in table


def test_it_loads_nothing_and_names_the_machine(page: str) -> None:
    assert loads_nothing(page)
    read = CheckedPage(page)
    assert "Processor" in read.texts
    assert any("end to end" in text.lower() for text in read.texts)
    assert page.count('<svg role="img"') == 3
