"""What a test knows of processes other than its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 180.0
"""Far longer than anything takes here, also on a busy machine: only a test that fails waits so long."""
RUN_FOLDER = "POLYPLIVE_TEST_RUN"
"""The variable that names a folder which all processes of one run of the tests share."""
EQUAL = 0
"""The niceness of engine processes in tests that are not about it: below a busy machine's others they would starve."""


def is_alive(process_id: int) -> bool:
    """Whether it still runs; one that ended and that nobody has asked about yet does not."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def shared_memory() -> set[str]:
    """The names of everything that lies in shared memory."""
    folder = Path("/dev/shm")
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for ``condition``; fails the test where it never comes true."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited in vain: {what}"
        time.sleep(0.005)


def run_python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, which has to end with 0."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done
