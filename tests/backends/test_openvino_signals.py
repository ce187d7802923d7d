"""A signal after engines were closed: the runtime must leave no signal stack behind that is gone."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import gc, os, signal
from polyplive.backends.factory import open_engine

seen = []
signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
first = open_engine("polyplive-fast", "openvino")
second = open_engine("polyplive-fast", "openvino")
first.close()
del first
gc.collect()
second.close()
del second
gc.collect()
os.kill(os.getpid(), signal.SIGTERM)
assert seen == [1]
print("alive")
"""


def test_a_signal_after_two_engines_were_closed_in_turn_is_only_a_signal() -> None:
    pytest.importorskip("openvino")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", CHILD], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr
