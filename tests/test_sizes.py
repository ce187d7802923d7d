"""Small files with one job: no file above 400 lines, no function above 50."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ["polyplive", "export", "engines", "assets", "tests", ".ci"]
KINDS = {".py", ".sh", ".c", ".h", ".html", ".j2", ".css", ".js", ""}
MOST_LINES, MOST_IN_A_FUNCTION = 400, 50


def code_files() -> list[Path]:
    """Every file that people write and read as code; pictures, models and figures are none."""
    files = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    return sorted(path for path in files if path.is_file() and path.suffix in KINDS and "__pycache__" not in path.parts)


def python_functions(text: str) -> dict[str, int]:
    """Lines of each function, from its ``def`` to its end."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return {f"{node.name}, line {node.lineno}": (node.end_lineno or 0) - node.lineno + 1 for node in found}


def braced_functions(text: str) -> dict[str, int]:
    """Lines of each function in C and in the shell: from a line that ends in a brace to one that is a brace."""
    found: dict[str, int] = {}
    name, began = "", 0
    for number, line in enumerate(text.splitlines()):
        head = re.match(r"(?:[\w*]+ +\**)*(\w+)\(.*\) \{", line)
        if head:
            name, began = head[1], number
        elif line == "}" and name:
            found[f"{name}, line {began + 1}"] = number - began + 1
            name = ""
    return found


@pytest.mark.parametrize("path", code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines_of_the_file = len(text.splitlines())
    assert lines_of_the_file <= MOST_LINES
    functions = {".py": python_functions, ".c": braced_functions, ".h": braced_functions, ".sh": braced_functions}
    lengths = functions[path.suffix](text) if path.suffix in functions else {}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_IN_A_FUNCTION} == {}


def test_the_lines_of_functions_are_counted() -> None:
    assert python_functions("def one():\n    pass\n\nclass A:\n    async def two(self):\n        pass\n") == {
        "one, line 1": 2,
        "two, line 5": 2,
    }
    assert braced_functions("static void *of(int a) {\n  x();\n}\nstep() {  # a note\n}\n") == {
        "of, line 1": 3,
        "step, line 4": 2,
    }
    assert len(code_files()) > 300
