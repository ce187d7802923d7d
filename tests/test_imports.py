"""What may be missing on a machine, and must not be needed for the rest."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

WITHOUT_TORCH = [
    "polyplive.cli",
    "polyplive.commands",
    "polyplive.evaluate",
    "polyplive.evaluate_recording",
    "polyplive.benchmark",
    "polyplive.replay",
    "polyplive.pipeline",
    "polyplive.player",
    "polyplive.live",
    "polyplive.sources.device",
    "polyplive.backends.factory",
    "polyplive.sources.synthetic",
]
BLOCKED = ["torch", "onnx", "PyQt6", "tensorrt", "tensorrt_rtx", "pycuda", "openvino", "onnxruntime", "pynvml"]


@pytest.mark.parametrize("blocked", BLOCKED)
def test_everything_but_the_window_and_training_imports_without(blocked: str) -> None:
    code = "import sys; sys.modules[sys.argv[1]] = None\n" + "\n".join(f"import {name}" for name in WITHOUT_TORCH)
    done = subprocess.run([sys.executable, "-c", code, blocked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_the_command_line_imports_no_runtime() -> None:
    code = (
        "import sys, polyplive.cli\n"
        f"found = [name for name in {BLOCKED} if name in sys.modules]\n"
        "sys.exit(', '.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


FLOORS = [
    {"errors", "types"},
    {"manifest", "metrics", "explanation", "image_folder", "machine", "progress", "stats", "slot", "demo"}
    | {
        "bootstrap",
        "calibration",
        "disturbances",
        "evaluation_page",
        "evaluation_tables",
        "evaluation",
        "failures",
        "gpu_facts",
        "rate",
        "recording_evaluation",
        "recording_page",
        "recording_tables",
        "threads",
        "view",
        "whole_file",
    }
    | {
        "config",
        "evidence",
        "field_of_view",
        "fields",
        "preprocess",
        "postprocess",
        "tracking",
        "compositor",
        "drawing",
    }
    | {"sources", "backends", "sinks"},
    {"session", "pipeline"},
    {"replay", "live", "player", "benchmark", "evaluate", "evaluate_recording"},
    {"gui"},
    {"cli", "cli_options", "commands", "__main__"},
]
"""From the ground up; a module imports from its own floor or one below, and uses do not import one another."""
USES = 3


def imported_modules(path: Path) -> set[str]:
    """The first name below ``polyplive`` of everything that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("polyplive"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name.split(".")[1] for name in node.names if name.name.startswith("polyplive.")}
    return {name for name in found if not name.startswith("__") and name != "RESEARCH_NOTICE"}


def floor_of(module: str) -> int:
    return next(number for number, names in enumerate(FLOORS) if module in names)


def app_files() -> list[Path]:
    return sorted(path for path in (ROOT / "polyplive").rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", app_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_down_only(path: Path) -> None:
    module = path.relative_to(ROOT / "polyplive").parts[0].removesuffix(".py")
    own = floor_of(module)
    for name in imported_modules(path) - {"export", "assets", "engines", module}:
        other = floor_of(name)
        assert other <= own, f"{module} imports {name}, which stands above it"
        assert not (own == other == USES), f"{module} and {name} are both uses"


def test_only_export_imports_torch_and_only_gui_imports_qt() -> None:
    for path in app_files():
        text = path.read_text(encoding="utf-8")
        roots = {
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module)
        }
        assert not roots & {"torch", "onnx", "onnxscript"}, path
        if "gui" not in path.parts:
            assert "PyQt6" not in roots, path
