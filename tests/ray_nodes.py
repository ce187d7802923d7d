"""A Ray cluster of two nodes on this machine, in a process of its own: ``python ray_nodes.py CPUS``.

Each node has so many processors. The process says the address, takes ``remove`` (the second node ends at once) on
standard input, and ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
"""For all that use the cluster."""

_SMALL = {"object_store_memory": 80 << 20, "include_dashboard": False}


def main() -> None:
    from ray.cluster_utils import Cluster

    cpus = int(sys.argv[1])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus, **_SMALL})
    second = cluster.add_node(num_cpus=cpus, **_SMALL)
    cluster.wait_for_nodes()
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line.strip() == "remove":
            cluster.remove_node(second, allow_graceful=False)
            print("removed", flush=True)
    cluster.shutdown()


class RayNodes:
    """The cluster for a test, in a ``with`` statement."""

    def __init__(self, cpus: int = 1) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(cpus)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **ENVIRONMENT},
        )  # fmt: skip
        self.address = self._said()

    def remove_node(self) -> None:
        """End the second node at once."""
        assert self._process.stdin is not None
        self._process.stdin.write("remove\n")
        self._process.stdin.flush()
        assert self._said() == "removed"

    def kill_worker(self) -> int:
        """End one of the workers by SIGKILL; its process id, 0 where there is none."""
        for number in self.workers():
            os.kill(number, signal.SIGKILL)
            return number
        return 0

    def workers(self) -> list[int]:
        """The process ids of the workers at this moment, of this cluster's only."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                is_worker = folder.name.isdigit() and (folder / "cmdline").read_bytes().startswith(b"ray::RayWorker")
                if is_worker and self._is_ours((folder / "environ").read_bytes()):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def _is_ours(self, environment: bytes) -> bool:
        """Whether the process that manages a worker's node was started by our cluster."""
        told = [each for each in environment.split(b"\0") if each.startswith(b"RAY_RAYLET_PID=")]
        stat = Path("/proc", told[0].partition(b"=")[2].decode(), "stat").read_text(encoding="ascii") if told else ""
        return stat.rpartition(")")[2].split()[1:2] == [str(self._process.pid)]

    def __enter__(self) -> RayNodes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


if __name__ == "__main__":
    main()
