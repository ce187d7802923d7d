"""Memory of a frame's size is kept for the next frame."""

from __future__ import annotations

import subprocess
import sys

import pytest
from processes import PATIENCE_S

FAULTS = """
import ctypes, resource, sys
from polyplive.system.frame_memory import keep_frame_memory

if sys.argv[1] == "kept":
    keep_frame_memory()
library = ctypes.CDLL(None)
library.prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: a system may give large pages by itself, with a fault for each
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]
size, faults = 1920 * 1080 * 3, []
for _ in range(12):
    frames = [library.malloc(size) for _ in range(4)]
    for frame in frames:
        ctypes.memset(frame, 1, size)
    for frame in frames:
        library.free(frame)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print((faults[-1] - faults[2]) / (4 * (len(faults) - 3)))
"""


def faults_a_frame(how: str) -> float:
    """Page faults for each of four frames that live at the same time, again and again."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True, timeout=5 * PATIENCE_S
    )
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's memory")
def test_a_frame_takes_the_memory_of_the_one_before() -> None:
    assert faults_a_frame("kept") < 10
    assert faults_a_frame("given back") > 300, "by default glibc gives it back to the system"
