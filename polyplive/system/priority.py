"""Who gets the processor first: capture before the picture, the picture before inference.

The scheduler of Linux weighs niceness only within one autogroup, which is a terminal session. A process started with
``start_new_session`` leaves it, and its niceness then means nothing beside the parent's: do not start it so.
"""

from __future__ import annotations

import os
import sys
import threading

BELOW_PICTURE = 10
"""Niceness added to a process that runs a model: beside the picture it gets about a tenth of a core's time."""

_ABOVE_PICTURE = 5
"""Niceness taken from a thread that reads a live source."""
_TURN_S = 0.001
"""Python's own 5 ms are nearly all of the delay that a frame may have on its way to the screen."""
_BELOW_NORMAL_PRIORITY_CLASS = 0x4000
_THREAD_PRIORITY_ABOVE_NORMAL, _THREAD_PRIORITY_BELOW_NORMAL = 1, -1


def lower_this_process(niceness: int) -> bool:
    """Add ``niceness`` to this process; on Windows any above 0 is the class "below normal". Whether it was done.

    Call it in the main thread, before a runtime is loaded. On Linux niceness belongs to a thread, and the threads that
    a thread starts later inherit it.
    """
    if niceness <= 0:
        return False
    if sys.platform == "win32":
        kernel = _kernel()
        return bool(kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS))
    try:
        os.nice(niceness)
    except OSError:
        return False
    return True


def take_short_turns() -> None:
    """Let threads of this process that run Python give way to others after a millisecond: a window waits for no more.

    Beside threads that prepared and read results without a pause, the 99th percentile of a waking thread's wait for
    Python's lock fell from 30 to 8 ms, on two cores that were busy with other work.
    """
    sys.setswitchinterval(_TURN_S)


def raise_this_thread() -> bool:
    """Put the calling thread, and those it starts, before the other threads of this process, where the system allows.

    Linux allows it to root, and to users with a limit for ``nice`` in ``limits.conf``; Windows to everyone. On macOS
    niceness belongs to the whole process, so nothing is done. Whether it was done.
    """
    return _change_this_thread(-_ABOVE_PICTURE, _THREAD_PRIORITY_ABOVE_NORMAL)


def lower_this_thread(niceness: int) -> bool:
    """Put the calling thread, and those it starts, behind the other threads of this process.

    On Windows any ``niceness`` is "below normal"; on macOS nothing is done. Whether it was done.
    """
    return _change_this_thread(niceness, _THREAD_PRIORITY_BELOW_NORMAL)


def _change_this_thread(added: int, priority: int) -> bool:
    """Add to the thread's niceness on Linux, set its ``priority`` on Windows."""
    if sys.platform == "win32":
        kernel = _kernel()
        return bool(kernel.SetThreadPriority(kernel.GetCurrentThread(), priority))
    if sys.platform != "linux":
        return False
    thread = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + added)
    except OSError:
        return False
    return True


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def _kernel() -> ctypes.WinDLL:
        """kernel32, with the types of a handle: as a plain int it would be cut to 32 bits."""
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = kernel.GetCurrentThread.restype = wintypes.HANDLE
        kernel.SetPriorityClass.argtypes = [wintypes.HANDLE, wintypes.DWORD]
        kernel.SetThreadPriority.argtypes = [wintypes.HANDLE, ctypes.c_int]
        return kernel
