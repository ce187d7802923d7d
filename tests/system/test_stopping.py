"""What a signal does to a process, whatever its main thread is doing."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE_S
from start_stop import as_from_a_terminal

from polyplive.system.stopping import interruptible, stopped_by_signals, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

BEGIN = """
import os, sys, threading
from polyplive.system.stopping import *
stop = stop_by_signals()
def say(word): os.write(1, f"{word}\\n".encode())
"""
"""A signal that comes while ``print`` still holds its buffer could print nothing."""
BLOCKED = """
import ctypes
lock, library = ctypes.create_string_buffer(64), ctypes.CDLL(None)
library.pthread_mutex_lock(lock)
say("ready")
library.pthread_mutex_lock(lock)
"""
"""Never returns, and no signal ends it: a driver that hangs."""


@contextmanager
def child(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs ``BEGIN`` and ``code``."""
    command = [sys.executable, "-c", BEGIN + code, *arguments]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, preexec_fn=as_from_a_terminal, **streams) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str], number: int, *more: int) -> tuple[int, list[str], str]:
    """Wait for its first line, send the signals, then a line; its exit code, and all that it says then."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    for each in (number, *more):
        process.send_signal(each)
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it may not have waited for a line
        process.stdin.write("\n")
        process.stdin.flush()
    # Not by communicate(): it skips what was read ahead with the first line, where this test was slow.
    assert process.stderr is not None
    patience = threading.Timer(PATIENCE_S, process.kill)
    patience.start()
    said, errors = process.stdout.read(), process.stderr.read()
    patience.cancel()
    return process.wait(PATIENCE_S), said.split(), errors


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_loop_is_interrupted_and_the_code_says_by_what(number: int, code: int) -> None:
    loop = """
try:
    with interruptible():
        say("ready")
        while True: pass
except KeyboardInterrupt:
    say("interrupted")
sys.exit(stop.code)
"""
    with child(loop) as process:
        assert say(process, number) == (code, ["interrupted"], "")


def test_what_waits_is_called_though_the_main_thread_hangs_in_a_library() -> None:
    code = "with on_stop(lambda: say('called')):" + BLOCKED.replace("\n", "\n    ")
    with child(code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "called\n"


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_abandons_at_once_what_is_being_stopped(first: int) -> None:
    code = "with on_stop(lambda: say('called')):" + BLOCKED.replace("\n", "\n    ")
    with child(code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(first)
        assert process.stdout.readline() == "called\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, errors) == (130, "polyplive: abandoned by Ctrl-C.\n")


def test_a_system_that_shuts_down_sends_several_and_cuts_nothing_short() -> None:
    code = """
try:
    with interruptible():
        say("ready")
        while True: pass
except KeyboardInterrupt:
    sys.stdin.readline()
    say("finished")
sys.exit(stop.code)
"""
    with child(code) as process:
        assert say(process, signal.SIGTERM, signal.SIGTERM, signal.SIGHUP)[:2] in (
            (143, ["finished"]),
            (129, ["finished"]),  # signals that wait at the same time come in the order of their numbers
        )


def test_nothing_is_interrupted_where_that_would_do_harm_and_the_signal_is_not_lost() -> None:
    code = """
try:
    with interruptible():
        with uninterrupted():
            say("ready")
            sys.stdin.readline()
            say("whole")
        say("not reached")
except KeyboardInterrupt:
    say("interrupted")
"""
    with child(code) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        process.stdin.write("\n")
        said, errors = process.communicate(timeout=PATIENCE_S)
        assert (said.split(), errors) == (["whole", "interrupted"], "")


def test_an_import_is_whole_before_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "slow_module.py").write_text(
        "import sys\nprint('ready', flush=True)\nsys.stdin.readline()\nprint('whole', flush=True)\n", encoding="utf-8"
    )
    code = """
sys.path.insert(0, sys.argv[1])
try:
    with interruptible():
        import slow_module
        threading.Event().wait()
except KeyboardInterrupt:
    say("interrupted")
"""
    with child(code, str(tmp_path)) as process:
        assert say(process, signal.SIGINT)[1:] == (["whole", "interrupted"], "")


def test_an_interruption_is_not_lost_in_a_finaliser() -> None:
    code = """
class Slow:
    def __del__(self):
        say("ready")
        sys.stdin.readline()
        say("whole")
try:
    with interruptible():
        Slow()
        threading.Event().wait()
except KeyboardInterrupt:
    say("interrupted")
"""
    with child(code) as process:
        assert say(process, signal.SIGINT)[1:] == (["whole", "interrupted"], "")


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    hang = "\n".join("    " + line for line in BLOCKED.splitlines())
    code = f"def hang():\n{hang}\nthreading.Thread(target=hang, name='polyplive-test').start()\nsys.exit(leave(7))"
    with child(code) as process:
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 7


def test_handlers_are_put_back_and_an_ignored_signal_stays_ignored() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_by_signals() as stop, stopped_by_signals() as inner:
            assert inner is stop
            assert signal.getsignal(signal.SIGTERM) is not before[1]
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    finally:
        signal.signal(signal.SIGHUP, ignored)


def test_without_handlers_nothing_changes() -> None:
    with interruptible(), uninterrupted():
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
