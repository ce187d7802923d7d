"""Readers and measures of others that want a Python of their own: ``make oracles`` makes it.

Without it these tests are left out.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
TRACKS, QUANTUS = ".venv-oracles", ".venv-quantus"
"""Quantus has one of its own: datumaro and it bring two builds of OpenCV that overwrite each other."""


def ask(code: str, *arguments: object, of: str = TRACKS) -> Any:
    """What ``code`` prints as JSON in its last line, in the Python ``of``, with ``arguments`` in ``sys.argv[1:]``."""
    python = ROOT / of / "bin" / "python"
    if not python.is_file():
        pytest.skip(f"no {of} here")
    command = [str(python), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
