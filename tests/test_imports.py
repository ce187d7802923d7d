"""What may be missing on a machine, and must not be needed for the rest."""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

BLOCKED = [
    "torch",
    "onnx",
    "PyQt6",
    "tensorrt",
    "tensorrt_rtx",
    "pycuda",
    "openvino",
    "onnxruntime",
    "pydicom",
    "pynvml",
    "ray",
    "jinja2",
    "polars",
    "true_colon",
]
"""What is loaded when it is used, and not before: a machine may lack it."""


def modules_of(folder: str, package: str) -> list[str]:
    """The name of every module in ``folder`` but those that run when they are imported."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        inner = path.relative_to(ROOT / folder).with_suffix("").parts
        if inner[-1] != "__main__":
            found.append(".".join((package, *(part for part in inner if part != "__init__"))))
    return found


IMPORTS = """
import importlib, json, os, sys, traceback

for name in ("av", "click", "cv2", "msgspec", "numpy", "rich.console"):  # which every machine has
    importlib.import_module(name)
sets = json.load(sys.stdin)
assert not set(sys.modules) & {name for blocked, _ in sets for name in blocked}
for blocked, modules in sets:
    if os.fork() == 0:
        try:
            sys.modules.update(dict.fromkeys(blocked))
            for name in modules:
                importlib.import_module(name)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.wait()[1]:
        print("without", *blocked, file=sys.stderr)
        sys.exit(1)
"""
"""Imports modules in a copy of an interpreter in which none of them, nor what is blocked, was imported before."""


def import_without(*sets: tuple[list[str], list[str]]) -> None:
    """Import for each set the second list in a fresh interpreter that has none of the first."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], input=json.dumps(sets), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def without_windows(modules: list[str]) -> list[str]:
    return [name for name in modules if name.split(".")[1:2] != ["gui"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="copies an interpreter")
def test_every_module_imports_without_each_of_them_and_only_the_window_needs_qt() -> None:
    modules = modules_of("polyplive", "polyplive")
    import_without(*(([name], without_windows(modules) if name == "PyQt6" else modules) for name in BLOCKED))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="copies an interpreter")
def test_every_module_but_the_windows_imports_where_all_of_them_are_missing() -> None:
    import_without((BLOCKED, without_windows(modules_of("polyplive", "polyplive"))))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="copies an interpreter")
def test_training_and_export_import_without_window_runtimes_and_pages() -> None:
    needed = {"torch", "onnx", "onnxruntime"}
    import_without(([name for name in BLOCKED if name not in needed], modules_of("export", "polyplive.export")))


def test_importing_the_command_line_imports_no_runtime() -> None:
    code = (
        "import sys, polyplive.cli\n"
        f"found = [name for name in {BLOCKED} if name in sys.modules]\n"
        "sys.exit(', '.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


FLOORS: list[set[str]] = [
    {"errors", "strength", "wording"},
    {"pixels"},
    {"types"},
    {"system", "validation"},
    {"config", "stats", "text_table"},
    {"manifest"},
    {"sources", "backends", "overlay"},
    {"pipeline"},
    {"sinks"},
    {"sessions"},
    {"review"},
    {"explanation"},
    {"evaluation"},
    {"benchmark"},
    {"batch"},
    {"pages"},
    {"gui"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
"""From the ground up, by folder: a module imports from its own folder, or from a floor below its own.

``polyplive`` itself holds the version and the notice, and stands below everything. ``export``, ``engines`` and
``assets`` are packages beside the application, and imported only where they are needed.
"""
BESIDE = {"export", "assets", "engines"}


@functools.cache
def import_nodes(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Every import in a file, wherever it stands."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


@functools.cache
def imported_modules(path: Path) -> set[tuple[str, ...]]:
    """The modules below ``polyplive`` that a file imports, as parts: ``("sinks", "base")``."""
    found = set()
    for node in import_nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "polyplive":
            parts = tuple(node.module.split(".")[1:])
            found |= {(*parts, alias.name) if is_package(parts) else parts for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(name.name.split(".")[1:]) for name in node.names if name.name.startswith("polyplive.")}
    return {parts for parts in found if parts and (is_package(parts) or is_module(parts) or parts[0] in BESIDE)}


@functools.cache
def is_package(parts: tuple[str, ...]) -> bool:
    return (ROOT / "polyplive" / Path(*parts)).is_dir()


@functools.cache
def is_module(parts: tuple[str, ...]) -> bool:
    return (ROOT / "polyplive" / Path(*parts)).with_suffix(".py").is_file()


def floor_of(room: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if room in names)


def app_files() -> list[Path]:
    return sorted((ROOT / "polyplive").rglob("*.py"))


def parts_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT / "polyplive").with_suffix("").parts


@pytest.mark.parametrize("path", app_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_down_only(path: Path) -> None:
    own = parts_of(path)[0]
    if own == "__init__":
        own = "commands"  # the public names: what the command line is built of
    for other, *_ in imported_modules(path):
        if other != own and other not in BESIDE:
            assert floor_of(other) < floor_of(own), f"{own} imports {other}, which does not stand below it"


def test_every_room_stands_on_a_floor_and_few_modules_are_at_the_root() -> None:
    root = ROOT / "polyplive"
    rooms = {path.stem for path in root.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    known = set().union(*FLOORS) | {"__init__"}
    assert rooms <= known, rooms - known
    assert len(list(root.glob("*.py"))) <= 12
    assert [path.name for path in (ROOT / "export").glob("*.py")] == ["__init__.py"]


def test_no_modules_import_one_another_in_a_circle() -> None:
    graph = {parts_of(path): imported_modules(path) for path in app_files()}
    graph = {module: {other for other in others if other in graph} for module, others in graph.items()}
    while leaves := [module for module, others in graph.items() if not others]:
        for leaf in leaves:
            del graph[leaf]
        for others in graph.values():
            others.difference_update(leaves)
    assert not graph, sorted(".".join(parts) for parts in graph)


def test_only_export_imports_torch_and_only_gui_imports_qt() -> None:
    for path in app_files():
        roots = {
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
            for node in import_nodes(path)
            if isinstance(node, ast.Import) or node.module
        }
        assert not roots & {"torch", "onnx", "onnxscript"}, path
        if "gui" not in path.parts:
            assert "PyQt6" not in roots, path
