"""Readers and measures of others that want a Python of their own: ``make oracles`` makes it.

Without it these tests are left out.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

PYTHON = Path(__file__).resolve().parents[1] / ".venv-oracles" / "bin" / "python"


def ask(code: str, *arguments: object) -> Any:
    """What ``code`` prints as JSON in its last line, in that Python, with ``arguments`` in ``sys.argv[1:]``."""
    if not PYTHON.is_file():
        pytest.skip("no .venv-oracles here")
    command = [str(PYTHON), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
