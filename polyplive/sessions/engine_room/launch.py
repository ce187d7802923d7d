"""Starts and ends an engine's process."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyplive.errors import EngineCrashed, text_of
from polyplive.sessions.engine_room.shared_memory import anonymous_file
from polyplive.system.child_process import end_in_words, start_python
from polyplive.system.frame_memory import keep_frame_memory

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_log = logging.getLogger(__name__)

_CHILD = "polyplive.sessions.engine_room.child"
_ENDING_S = 2.0
"""How many seconds a process may take to end by itself before it is killed."""


@dataclass(slots=True)
class Child:
    """A running engine process, with the session's ends of its pipes and shared memory."""

    process: subprocess.Popen[bytes]
    pipe: Connection[Any, Any]
    lifeline: Connection[Any, Any]
    memory: int | str

    def forget_memory(self) -> None:
        """Close the descriptor of the shared memory; both sides have mapped it."""
        if isinstance(self.memory, int) and self.memory >= 0:
            os.close(self.memory)
            self.memory = -1

    def end(self, gently: bool) -> None:
        """End the process; ``gently`` asks it to end first.

        It has ended when this returns, unless it is stuck in a driver where even the kernel cannot end it. The log then
        names it.
        """
        if gently:
            with contextlib.suppress(OSError):
                self.pipe.send(None)
        for stop in (None, self.process.terminate, self.process.kill) if gently else (self.process.kill,):
            if stop is not None:
                stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_ENDING_S)
                break
        else:
            _log.warning("process %d, which ran the model, cannot be ended", self.process.pid)
        self.pipe.close()
        self.lifeline.close()
        self.forget_memory()

    def end_in_words(self) -> str:
        """How the process ended by itself, once its pipe is closed: a signal's name, or an exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_ENDING_S)
        code = self.process.returncode
        if code is None:
            return "it closed its pipe"
        return end_in_words(code)


def start_child(niceness: int) -> Child:
    """Start the process, ``niceness`` below this one. Raises ``EngineCrashed`` where the system refuses."""
    keep_frame_memory()  # a runtime in this process would have seen to it
    ours, theirs = multiprocessing.Pipe()
    their_lifeline, our_lifeline = multiprocessing.Pipe(duplex=False)
    memory = f"polyplive-{secrets.token_hex(8)}" if sys.platform == "win32" else anonymous_file()
    handles = [theirs.fileno(), their_lifeline.fileno()]
    arguments = [*map(str, handles), str(memory), str(niceness)]
    try:
        process = start_python(_CHILD, arguments, handles if isinstance(memory, str) else [*handles, memory])
    except OSError as error:
        ours.close()
        our_lifeline.close()
        if isinstance(memory, int):
            os.close(memory)
        raise EngineCrashed(
            f"The model's process cannot be started: {text_of(error)}", "Close other programs and try again."
        ) from None
    finally:
        theirs.close()
        their_lifeline.close()
    return Child(process, ours, our_lifeline, memory)
