"""A wheel holds everything that runs, and nothing of the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The wheel's files; it is built from a copy, so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "runs", "tests")
    shutil.copytree(ROOT, folder / "copy", ignore=ignored)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, "-w", str(folder), str(folder / "copy")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_module_is_inside(names: set[str]) -> None:
    for top, inside in (("polyplive", "polyplive"), ("export", "polyplive/export"), ("engines", "polyplive/engines")):
        for path in (ROOT / top).rglob("*.py"):
            assert f"{inside}/{path.relative_to(ROOT / top)}" in names


@pytest.mark.parametrize(
    "name",
    [
        "polyplive/py.typed",
        "polyplive/engines/polyplive-fast.onnx",
        "polyplive/engines/polyplive-fast.json",
        "polyplive/engines/polyplive-fast.md",
        "polyplive/engines/polyplive-accurate.onnx",
        "polyplive/engines/polyplive-accurate.json",
        "polyplive/engines/polyplive-accurate.md",
        "polyplive/assets/demo.mp4",
        "polyplive/assets/demo-truth.json",
        "polyplive/pages/templates/base.html.j2",
        "polyplive/pages/templates/style.css",
        "polyplive/export/recipes/polyplive-fast/unet-lite0-1.toml",
        "polyplive/export/recipes/polyplive-accurate/unet-vit-1.toml",
        "polyplive/export/recipes/tried/unet-kvasir.toml",
        "polyplive/export/recipes/tried/README.md",
        "polyplive/export/recipes/own-pictures/unet.toml",
        "polyplive/export/studies/centres.toml",
    ],
)
def test_what_is_needed_at_run_time_is_inside(names: set[str], name: str) -> None:
    assert name in names


def test_the_tests_are_not_inside(names: set[str]) -> None:
    assert not [name for name in names if "test_" in name]
