"""The network guard, from Python: builds it, and tells what a process tried to reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest


class Attempt(NamedTuple):
    """A call of the C library (``connect``, ``sendto``, ``sendmsg``, ``getaddrinfo``), its host and its port."""

    call: str
    host: str
    port: int


class NetworkGuard:
    """Watches processes that are started with ``environment()``, and their children."""

    def __init__(self, library: Path, log: Path) -> None:
        self._library = library
        self._log = log

    def environment(self, *, refuse: bool) -> dict[str, str]:
        """For the process; with ``refuse`` none of its attempts gets through."""
        watched = {"LD_PRELOAD": str(self._library), "NETWORK_GUARD_LOG": str(self._log)}
        return {**os.environ, **watched, **({"NETWORK_GUARD_REFUSE": "1"} if refuse else {})}

    @property
    def attempts(self) -> list[Attempt]:
        """What was tried so far, in order."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return [Attempt(call, host, int(port)) for call, host, port in map(str.split, lines)]


def build_guard(folder: Path) -> Path:
    """Compile the shared object into ``folder``; skips the test where that is not possible."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    made = folder / "guard.so"
    source = Path(__file__).with_name("guard.c")
    command = [compiler, "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return made
