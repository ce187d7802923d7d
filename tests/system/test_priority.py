"""Priorities of real processes and threads, as the system reports them."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from processes import run_python

from polyplive.system.priority import raise_this_thread

LOWERED = """
import os, threading
from polyplive.system.priority import lower_this_process

def niceness():
    found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

found = []
niceness()
done = [lower_this_process(10), lower_this_process(0)]
niceness()
later = threading.Thread(target=niceness)
later.start()
later.join()
print(done, *found)
"""

MAY_RAISE = """
import os
try:
    os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) - 5)
    print(True)
except PermissionError:  # also root's, where a container has no CAP_SYS_NICE
    print(False)
"""

REFUSED = """
import os, threading
from polyplive.system.priority import raise_this_thread

if os.geteuid() == 0:
    import resource
    resource.setrlimit(resource.RLIMIT_NICE, (0, 0))
    os.setuid(65534)
before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
print(raise_this_thread(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - before)
"""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads niceness of single threads")


@pytest.mark.skipif(not hasattr(os, "nice"), reason="niceness")
def test_a_lowered_process_passes_it_on_to_threads_that_start_later() -> None:
    done, before, after, later = run_python("-c", LOWERED).stdout.replace("[", "").replace("]", "").rsplit(maxsplit=3)
    assert done == "True, False"
    assert int(after) == int(later) == min(int(before) + 10, 19)


@on_linux
def test_a_raised_thread_stands_before_the_others_where_that_is_allowed() -> None:
    found: dict[str, int | bool] = {}

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def run() -> None:
        found["before"] = niceness()
        found["raised"] = raise_this_thread()
        found["after"] = niceness()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found["before"] == niceness(), "only the thread itself is raised"
    assert found["before"] - found["after"] == (5 if found["raised"] else 0)
    assert found["raised"] or run_python("-c", MAY_RAISE).stdout != "True\n"


@on_linux
def test_where_it_is_refused_the_thread_goes_on_as_it_was() -> None:
    assert run_python("-c", REFUSED).stdout.split() == ["False", "0"]


def test_no_thread_holds_up_a_window_for_the_whole_delay_that_a_frame_may_have() -> None:
    asked = "import sys; from polyplive.gui.app import make_application; make_application(); "
    assert float(run_python("-c", f"{asked}print(sys.getswitchinterval())").stdout) <= 0.001
