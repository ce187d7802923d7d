"""An engine in a process of its own: the same answers, and every way in which the process can fail."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from colour_engine import SIDE, ColourEngine
from faulty_engines import GROWTH_MIB, fail_to_open, open_faulty
from processes import EQUAL, PATIENCE_S, is_alive, shared_memory, wait_until

from polyplive.backends.factory import open_engine
from polyplive.errors import (
    EngineClosed,
    EngineCrashed,
    EngineGrew,
    EngineHung,
    InferenceError,
    ModelNotFound,
)
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polyplive.backends.base import Engine

TESTS = Path(__file__).resolve().parents[2]
BEHIND = ProcessLimits(opening_s=PATIENCE_S, answer_s=PATIENCE_S)
PATIENT = dataclasses.replace(BEHIND, niceness=EQUAL)
SHORT = dataclasses.replace(PATIENT, answer_s=1.0)

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


def open_fast(notify: Callable[[str], None]) -> Engine:
    return open_engine("polyplive-fast", notify=notify)


def picture(engine: Engine, seed: int = 0) -> np.ndarray:
    shape = (1, engine.spec.height, engine.spec.width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def handles() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def start() -> Iterator[Callable[..., ProcessEngine]]:
    """Starts engines; with the test each process has ended, and nothing of it is left."""
    before, opened_before = shared_memory(), handles()
    engines: list[ProcessEngine] = []

    def starter(opener=open_faulty, limits: ProcessLimits = PATIENT, **options: object) -> ProcessEngine:
        engines.append(ProcessEngine(functools.partial(opener, **options), limits))
        return engines[-1]

    yield starter
    for engine in engines:
        engine.close()
        assert not is_alive(engine.process_id)
    assert shared_memory() <= before
    assert handles() <= opened_before


@pytest.fixture(scope="module")
def fast() -> Iterator[ProcessEngine]:
    engine = ProcessEngine(open_fast, BEHIND)
    yield engine
    engine.close()


def test_the_answers_are_those_of_the_same_engine_in_this_process(fast: ProcessEngine) -> None:
    here = open_fast(print)
    assert fast.spec == here.spec
    for seed in range(3):
        for cam in (True, False):
            given, wanted = fast.infer(picture(fast, seed), cam=cam), here.infer(picture(here, seed), cam=cam)
            np.testing.assert_array_equal(given.probability, wanted.probability)
            assert (given.cam is None) == (wanted.cam is None)
            if cam:
                np.testing.assert_array_equal(given.cam, wanted.cam)
    here.close()


def test_answers_belong_to_the_caller(start) -> None:
    engine = start()
    first = engine.infer(picture(engine))
    kept = first.probability.copy()
    engine.infer(picture(engine, 1))
    np.testing.assert_array_equal(first.probability, kept)


def test_a_picture_that_is_not_contiguous_is_the_same_picture(start) -> None:
    engine = start()
    mirrored = picture(engine)[:, :, ::-1]
    wanted = ColourEngine().infer(np.ascontiguousarray(mirrored))
    np.testing.assert_array_equal(engine.infer(mirrored).probability, wanted.probability)


def test_a_wrong_picture_is_refused_and_costs_nothing(start) -> None:
    engine = start()
    with pytest.raises(ValueError, match=rf"takes uint8 \[1, {SIDE}"):
        engine.infer(picture(engine)[:, :-1])
    engine.infer(picture(engine))


def test_what_opening_tells_comes_through() -> None:
    told: list[str] = []
    ProcessEngine(open_faulty, PATIENT, told.append).close()
    assert told == ["opening"]


def test_an_error_of_the_engine_comes_as_it_was_raised_and_the_engine_goes_on(start) -> None:
    engine = start(fault="raise", first=2, last=2)
    engine.infer(picture(engine))
    with pytest.raises(InferenceError, match="The runtime failed") as caught:
        engine.infer(picture(engine))
    assert caught.value.hint == "Try another backend."
    engine.infer(picture(engine))


def test_an_error_that_nobody_foresaw_is_told_in_one_line(start) -> None:
    engine = start(fault="unforeseen", last=1)
    with pytest.raises(InferenceError, match=r"Unforeseen error \(ZeroDivisionError\): by nothing"):
        engine.infer(picture(engine))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT], ids=lambda one: one.name)
def test_the_shipped_model_ended_by_a_signal_is_a_crash_that_names_it(number: signal.Signals) -> None:
    engine = ProcessEngine(open_fast, PATIENT)
    engine.infer(picture(engine))
    os.kill(engine.process_id, number)
    with pytest.raises(EngineCrashed, match=number.name):
        engine.infer(picture(engine))
    assert not is_alive(engine.process_id)
    with pytest.raises(EngineClosed):
        engine.infer(picture(engine))
    engine.close()


@pytest.mark.parametrize(
    ("fault", "words"), [("null pointer", "SIGSEGV"), ("kill", "SIGKILL"), ("exit", "exit code 3")]
)
def test_a_crash_in_the_middle_of_a_picture(start, fault: str, words: str) -> None:
    engine = start(fault=fault, first=3)
    engine.infer(picture(engine))
    engine.infer(picture(engine))
    with pytest.raises(EngineCrashed, match=words):
        engine.infer(picture(engine))


def test_what_was_answered_before_a_crash_has_its_result_whatever_is_started_after_it(start) -> None:
    engine = start(fault="kill", first=3)
    first, answered, missing = (engine.start(picture(engine, seed)) for seed in range(3))
    first.result()
    wait_until(lambda: not is_alive(engine.process_id), "the third picture ends the process")
    later = engine.start(picture(engine, 3))
    wanted = ColourEngine().infer(picture(engine, 1))
    np.testing.assert_array_equal(answered.result().probability, wanted.probability)
    with pytest.raises(EngineCrashed, match="SIGKILL"):
        missing.result()
    with pytest.raises(EngineClosed):
        later.result()


@pytest.mark.parametrize("fault", ["hang", "hang with Python's lock"])
def test_a_hang_ends_with_the_time_limit_and_the_process(start, fault: str) -> None:
    engine = start(fault=fault, first=2)
    engine.infer(picture(engine))
    engine._limits = SHORT
    with pytest.raises(EngineHung, match=r"not answered for 1 s"):
        engine.infer(picture(engine))
    assert not is_alive(engine.process_id)


def test_a_stopped_process_is_a_hang(start) -> None:
    engine = start(limits=SHORT)
    os.kill(engine.process_id, signal.SIGSTOP)
    with pytest.raises(EngineHung):
        engine.infer(picture(engine))
    assert not is_alive(engine.process_id)


def test_memory_that_grows_is_noticed_after_the_answers_that_make_it_warm(start) -> None:
    limits = dataclasses.replace(PATIENT, growth_mib=2.5 * GROWTH_MIB)
    engine = start(limits=limits, fault="grow", first=52)
    for _ in range(54):  # 50 to be warm, one that is the measure, and 3 times 64 MiB
        engine.infer(picture(engine))
    with pytest.raises(EngineGrew, match="grown by"):
        engine.infer(picture(engine))
    assert not is_alive(engine.process_id)


def test_growth_that_is_noticed_while_an_answer_waits_leaves_that_answer(start) -> None:
    limits = dataclasses.replace(PATIENT, growth_mib=2.5 * GROWTH_MIB)
    engine = start(limits=limits, fault="grow", first=52)
    for _ in range(53):
        engine.infer(picture(engine))
    third, waiting = (engine.start(picture(engine, seed)) for seed in range(2))
    third.result()
    refused = engine.start(picture(engine, 2))
    wanted = ColourEngine().infer(picture(engine, 1))
    np.testing.assert_array_equal(waiting.result().probability, wanted.probability)
    with pytest.raises(EngineGrew, match="grown by"):
        refused.result()
    assert not is_alive(engine.process_id)


def test_what_is_wrong_with_the_model_is_told_by_its_own_error(start) -> None:
    with pytest.raises(ModelNotFound, match="nosuch") as caught:
        start(functools.partial(open_engine, "nosuch", "auto", None))
    assert caught.value.hint


@pytest.mark.parametrize(("fault", "words"), [("null pointer", "SIGSEGV"), ("exit", "exit code 3")])
def test_a_process_that_crashes_while_opening(start, fault: str, words: str) -> None:
    with pytest.raises(EngineCrashed, match=words):
        start(fail_to_open, fault=fault)


def test_a_process_that_hangs_while_opening(start) -> None:
    with pytest.raises(EngineHung, match="not been opened"):
        start(fail_to_open, ProcessLimits(opening_s=0.5), fault="hang")


def test_a_process_that_cannot_be_started(start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(multiprocessing.spawn, "get_executable", lambda: str(tmp_path / "no python"))
    with pytest.raises(EngineCrashed, match="cannot be started: No such file"):
        start()


def test_a_process_that_is_no_python(start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.spawn, "get_executable", lambda: "/bin/false")
    with pytest.raises(EngineCrashed, match="exit code 1"):
        start()


def test_an_interrupt_ends_the_wait_and_the_process() -> None:
    interrupt = Interrupt()
    engine = ProcessEngine(functools.partial(open_faulty, fault="hang"), PATIENT, interrupt=interrupt)
    threading.Timer(0.1, interrupt.set).start()
    with pytest.raises(EngineClosed, match="while it worked"):
        engine.infer(picture(engine))
    assert not is_alive(engine.process_id)
    interrupt.close()


def test_closing_twice_is_fine_and_use_after_it_is_clear(start) -> None:
    engine = start()
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed, match="closed"):
        engine.infer(picture(engine))


def test_the_process_stands_behind_the_session_and_loads_no_window(start) -> None:
    engine = start(limits=BEHIND)
    assert os.getpriority(os.PRIO_PROCESS, engine.process_id) == min(
        os.getpriority(os.PRIO_PROCESS, 0) + BEHIND.niceness, 19
    )
    assert os.getpgid(engine.process_id) != os.getpgid(0), "Ctrl-C in a terminal would reach it"
    assert os.getsid(engine.process_id) == os.getsid(0), "its priority would mean nothing"
    assert "PyQt6" not in Path(f"/proc/{engine.process_id}/maps").read_text(encoding="utf-8")


def threads_of(process_id: int) -> dict[str, tuple[int, int]]:
    """Niceness and processor time, in clock ticks, of each thread."""
    fields = {
        path.parent.name: path.read_text(encoding="ascii").rpartition(")")[2].split()
        for path in Path(f"/proc/{process_id}/task").glob("*/stat")
    }
    return {thread: (int(found[16]), int(found[11]) + int(found[12])) for thread, found in fields.items()}


def test_every_thread_that_infers_stands_behind_the_picture(fast: ProcessEngine) -> None:
    before = threads_of(fast.process_id)
    worked: set[int] = set()

    def work() -> set[int]:
        for _ in range(4):
            fast.infer(picture(fast))
        after = threads_of(fast.process_id)
        worked.update(niceness for thread, (niceness, ticks) in after.items() if ticks > before.get(thread, (0, 0))[1])
        return worked

    wait_until(work, "time that the system has counted")
    assert worked == {min(os.getpriority(os.PRIO_PROCESS, 0) + BEHIND.niceness, 19)}


PARENT = """
import functools, sys, time
sys.path.insert(0, {tests!r})
import numpy as np
from faulty_engines import open_faulty
from polyplive.sessions.engine_room.process_engine import ProcessEngine

print("once", flush=True)
engine = ProcessEngine(functools.partial(open_faulty, fault={fault!r}, first=2))
engine.infer(np.zeros((1, engine.spec.height, engine.spec.width, 3), np.uint8))
print(engine.process_id, flush=True)
if {fault!r}:
    engine.infer(np.zeros((1, engine.spec.height, engine.spec.width, 3), np.uint8))
time.sleep(3600)
"""
"""A user's script: nothing keeps it from being imported a second time."""


@pytest.fixture
def reaper() -> Iterator[None]:
    """Makes this process the parent of its orphans, as the first process of a container is.

    The kernel then does not wake a suspended orphan: its process group still has a parent in the same session.
    """
    if sys.platform != "linux":
        yield
        return
    set_child_subreaper = 36
    control = ctypes.CDLL(None, use_errno=True).prctl
    assert control(set_child_subreaper, 1, 0, 0, 0) == 0
    yield
    assert control(set_child_subreaper, 0, 0, 0, 0) == 0


@pytest.mark.usefixtures("reaper")
@pytest.mark.parametrize("fault", ["", "hang", "hang with Python's lock", "stopped"])
def test_nothing_is_left_when_the_session_itself_is_killed(tmp_path: Path, fault: str) -> None:
    before = shared_memory()
    script = tmp_path / "script.py"
    script.write_text(PARENT.format(tests=str(TESTS), fault=fault if fault != "stopped" else ""), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "once\n"
        child = int(parent.stdout.readline())
        assert is_alive(child)
        if fault == "stopped":
            os.kill(child, signal.SIGSTOP)
        elif fault:
            assert parent.stderr is not None
            assert parent.stderr.readline() == "now it hangs\n"
        parent.kill()
        parent.wait(PATIENCE_S)
        assert parent.stdout.read() == "", "the script ran twice"
    wait_until(lambda: not is_alive(child), "the engine's process ends after its session's")
    with contextlib.suppress(ChildProcessError):  # elsewhere the system's first process asks after it
        os.waitpid(child, 0)
    assert shared_memory() <= before


def test_ctrl_c_during_a_picture_ends_the_process_so_that_no_later_picture_gets_its_answer(
    start: Callable[..., ProcessEngine],
) -> None:
    engine = start(fault="Ctrl-C", first=2)
    assert engine.infer(picture(engine)).probability.shape == (SIDE, SIDE)
    with pytest.raises(KeyboardInterrupt):
        engine.infer(picture(engine))
    assert not is_alive(engine.process_id)
    with pytest.raises(EngineClosed):
        engine.infer(picture(engine))
