"""How many workers a machine has room for, and how many threads each of them has."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.system.machine import available_memory_mib, processor_count

WORKER_MIB = 1200.0
"""Memory for a worker with its model's process, for frames up to 1920x1080."""
THREADS = 2
"""Threads of a worker by default: it reads frames while its model computes others."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """So many ``workers``, each of whose models has so many ``threads``."""

    workers: int
    threads: int


def capacity(workers: int | None = None, threads: int | None = None) -> Capacity:
    """What this machine has room for where it was not said; at least one worker with one thread.

    Workers that were not given are as many as the processors suffice for, and the free memory.
    """
    processors = processor_count()
    if workers is not None:
        return Capacity(workers, threads or max(1, processors // workers))
    threads = threads or min(THREADS, processors)
    memory = available_memory_mib()
    room = processors if memory is None else int(memory // WORKER_MIB)
    return Capacity(max(1, min(processors // threads, room)), threads)
