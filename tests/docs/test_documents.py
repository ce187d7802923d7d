"""Links lead somewhere, named files exist, README stays short and quotes figures as their homes give them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from documents import README, ROOT, anchors, blocks, current_documents, documents, links, name_of, paths

from polyplive.manifest import ACCURATE, FAST, LIGHT, sha256_of

if TYPE_CHECKING:
    from pathlib import Path

MOST_WORDS = 1000


@pytest.mark.parametrize("page", documents(), ids=name_of)
def test_a_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT) or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", current_documents(), ids=name_of)
def test_a_file_that_is_named_exists(page: Path) -> None:
    assert not [path for path in sorted(paths(page)) if not (ROOT / path).exists()]


def test_the_house_has_the_folders_of_its_plan_and_no_others() -> None:
    (plan,) = [text for language, text in blocks(ROOT / "docs" / "design.md") if language == "text"]
    folder, drawn = "", dict[str, set[str]]()
    for line in plan.splitlines():
        name = line.split()[0].removesuffix("/")
        if line.startswith("  "):
            drawn[folder].add(name)
        else:
            folder = name
            drawn[folder] = set()
    assert all((ROOT / folder).is_dir() for folder in drawn)
    for folder in ("polyplive", "export"):
        there = {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")}
        assert there <= drawn[folder]
        assert all((ROOT / folder / name).exists() for name in drawn[folder])


def test_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= MOST_WORDS


def test_readme_has_a_picture_of_modest_size() -> None:
    pictures = [link for link in links(README) if link.startswith("assets/")]
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).stat().st_size < 300 * 1024


def test_every_page_is_found_from_the_index_and_from_readme() -> None:
    for page in sorted((ROOT / "docs").glob("*.md")):
        if page.name != "README.md":
            assert page.name in {link.partition("#")[0] for link in links(ROOT / "docs" / "README.md")}, page.name
            assert f"docs/{page.name}" in {link.partition("#")[0] for link in links(README)}, page.name


def table(text: str) -> dict[str, list[str]]:
    """The cells of every table row of ``text`` by the row's first cell, without bold type."""
    lines = [line.replace("**", "") for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: cells for first, *cells in rows}


def test_readme_gives_the_accuracy_of_the_cards() -> None:
    section = README.read_text(encoding="utf-8").partition("## How good")[2].partition("\n## ")[0]
    figures = {first: cells for first, cells in table(section).items() if first != "kept aside"}
    assert figures
    for column, name in enumerate((ACCURATE,)):
        card = table((ROOT / "engines" / f"{name}.md").read_text(encoding="utf-8"))
        assert {first: cells[column] for first, cells in figures.items()} == {
            first: card[first][0] for first in figures
        }


@pytest.mark.parametrize("name", [FAST, LIGHT, ACCURATE])
def test_a_card_is_of_the_file_that_ships(name: str) -> None:
    engines = ROOT / "engines"
    assert sha256_of(engines / f"{name}.onnx") in (engines / f"{name}.md").read_text(encoding="utf-8")


def test_readme_gives_the_delays_of_the_page_on_live() -> None:
    live = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
    section = README.read_text(encoding="utf-8").partition("## How fast")[2].partition("\n## ")[0]
    figures = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert figures
    assert not [row for row in figures if row not in live.splitlines()]
