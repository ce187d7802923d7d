"""The page on licences names every package that an installation brings, with the licence that the package states."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from documents import ROOT

PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells[2]
    for line in PAGE.splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 4
}
"""Licence by package, of the tables with package, version, licence and remarks."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [
    *PROJECT["dependencies"],
    *(item for extra in PROJECT["optional-dependencies"].values() for item in extra),
]
NAMES = sorted({re.match(r"[\w.-]+", requirement).group() for requirement in REQUIREMENTS})  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NAMES)
def test_a_dependency_is_on_the_page(name: str) -> None:
    assert name in ROWS


@pytest.mark.parametrize("name", sorted(ROWS.keys() - {"package"}))
def test_its_licence_is_what_the_package_says(name: str) -> None:
    try:
        stated = importlib.metadata.metadata(name).get("License-Expression")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("not installed here")
    if stated is None:
        pytest.skip("the package states it in free text")
    assert ROWS[name] == stated


def test_encoders_under_the_gpl_that_a_wheel_carries_are_named() -> None:
    av = pytest.importorskip("av")
    libraries = Path(av.__file__).parents[1] / "av.libs"
    if not libraries.is_dir():
        pytest.skip("this build of PyAV carries no libraries")
    carried = {name for name in ("x264", "x265", "xvid") if any(libraries.glob(f"lib{name}*"))}
    assert {name for name in carried if name not in PAGE} == set()
