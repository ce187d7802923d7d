"""The child process that runs an engine: it opens the engine, answers one request after another, and ends.

It imports neither the window nor the command line. The main thread does the work; where the engine takes several
pictures at once, another thread sends the answers. One more only waits for the session's process to end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import faulthandler
import functools
import os
import signal
import sys
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn

from polyplive.backends.parallel import parallel
from polyplive.sessions.engine_room.messages import Answered, Failed, Line, Opened
from polyplive.sessions.engine_room.shared_memory import FrameMemory
from polyplive.system.child_process import connection, end_with_parent
from polyplive.system.machine import memory_mib
from polyplive.system.priority import lower_this_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, EngineSpec, Outputs, ParallelEngine
    from polyplive.sessions.engine_room.messages import EngineOpener, Infer


def main(arguments: list[str]) -> None:
    """Run until the session closes the engine or ends; never returns.

    ``arguments`` are two pipes, the shared memory (a descriptor; on Windows its name), and by how much to lower the
    priority of this process.
    """
    pipe_handle, lifeline, memory, niceness = arguments
    end_with_parent(int(lifeline))
    lower_this_process(int(niceness))  # before a runtime starts its threads, which inherit it
    if sys.stderr is not None:
        faulthandler.enable()
    for name in ("SIGINT", "SIGTTOU"):  # Ctrl-C is for the session; printing must not suspend us
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    pipe = connection(int(pipe_handle))
    with contextlib.suppress(EOFError, ConnectionError):  # the session has ended: there is nobody to report to
        _serve(pipe, memory)
    if sys.stderr is not None:
        sys.stderr.flush()
    # Skip the exit handlers of Python and of the runtimes: some have crashed, and the system frees everything anyway.
    os._exit(0)


def _serve(pipe: Connection[Any, Any], memory: str) -> None:
    try:
        opener: EngineOpener = pipe.recv()
        engine = opener(lambda text: pipe.send(Line(text)))
    except ConnectionError:
        raise
    except Exception as error:
        pipe.send(Failed.of(error))
        return
    try:
        requests = parallel(engine).requests
        shared = _shared(memory, engine.spec, requests)
        pipe.send(Opened(engine.spec, requests))
        if hasattr(engine, "start"):
            _answer_in_parallel(pipe, parallel(engine), shared)
        else:
            while (request := pipe.recv()) is not None:
                pipe.send(_answer(functools.partial(_infer, engine, shared, request), shared, request))
    finally:
        engine.close()


def _shared(memory: str, spec: EngineSpec, count: int) -> FrameMemory:
    if sys.platform == "win32":
        return FrameMemory(memory, spec, count)
    shared = FrameMemory(int(memory), spec, count)
    os.close(int(memory))  # no longer needed once the memory is mapped
    return shared


def _infer(engine: Engine, shared: FrameMemory, request: Infer) -> Outputs:
    began_s = time.perf_counter()
    outputs = engine.infer(_picture(shared, request), cam=request.cam)
    return dataclasses.replace(outputs, infer_s=time.perf_counter() - began_s)


def _picture(shared: FrameMemory, request: Infer) -> NDArray[np.uint8]:
    return shared.pictures[request.place : request.place + 1]


def _answer(result: Callable[[], Outputs], shared: FrameMemory, request: Infer) -> Answered | Failed:
    try:
        outputs = result()
        shared.probabilities[request.place] = outputs.probability
        if outputs.cam is not None:
            shared.cams[request.place] = outputs.cam
        return Answered(outputs.infer_s, memory_mib())
    except Exception as error:
        return Failed.of(error)


def _answer_in_parallel(pipe: Connection[Any, Any], engine: ParallelEngine, shared: FrameMemory) -> None:
    """Start every picture as it comes; a thread sends the answers, in the same order."""
    started: SimpleQueue[tuple[Infer, Callable[[], Outputs]] | None] = SimpleQueue()

    def send_answers() -> None:
        with contextlib.suppress(ConnectionError):  # the session has ended: the main thread learns it too
            while (each := started.get()) is not None:
                request, result = each
                pipe.send(_answer(result, shared, request))

    answers = threading.Thread(target=send_answers, name="polyplive-answers", daemon=True)
    answers.start()
    try:
        while (request := pipe.recv()) is not None:
            started.put((request, _start(engine, shared, request)))
    finally:
        started.put(None)
        answers.join()


def _start(engine: ParallelEngine, shared: FrameMemory, request: Infer) -> Callable[[], Outputs]:
    """What gives the answer, or raises the error that starting has raised."""
    try:
        return engine.start(_picture(shared, request), cam=request.cam).result
    except Exception as error:
        return functools.partial(_raise, error)


def _raise(error: Exception) -> NoReturn:
    raise error
