"""What every test stands on: no display, no network, and the shipped model."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from network_guard.guard import NetworkGuard, build_guard
from processes import RUN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["POLYPLIVE_MODEL"] = "polyplive-fast"  # the same on every machine
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="polyplive-config-")  # not this user's own settings
os.environ["POLYPLIVE_MEASURE"] = "no"  # sessions then run by the rule
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of interpreters would compile every module again
sys.dont_write_bytecode = False
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a thread that waits leaves its processor to another test
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Pictures of real polyps, which may not be part of the repository; a clone usually has none."""


class NetworkUsedError(AssertionError):
    """A test tried to reach another machine."""


def _stays_here(host: object) -> bool:
    return host is None or str(host) == "localhost" or str(host).startswith(("127.", "::1"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection and every name look-up fails the test, unless it stays on this machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _stays_here(address[0]):  # type: ignore[index]
            raise NetworkUsedError(f"a connection to {address} was tried")
        connect(self, address)  # type: ignore[arg-type]

    def refused(host: object, *arguments: object, **options: object) -> object:
        if not _stays_here(host):
            raise NetworkUsedError(f"a name was looked up: {host}")
        return look_up(host, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.fixture(scope="session", autouse=True)
def folder_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share, and find in their environment."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ[RUN_FOLDER] = str(folder)
    return folder


@pytest.fixture(scope="session")
def guard_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guard, compiled."""
    return build_guard(tmp_path_factory.mktemp("guard"))


@pytest.fixture(autouse=True)
def usual_scheduling() -> Iterator[None]:
    """SVT-AV1, run by root, makes every thread of its process a real-time one, which starves all other processes."""
    yield
    if not hasattr(os, "sched_getscheduler") or os.sched_getscheduler(0) == os.SCHED_OTHER:
        return
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def network_guard(guard_library: Path, tmp_path_factory: pytest.TempPathFactory) -> NetworkGuard:
    """Watches the processes that a test starts with its environment, C libraries included."""
    return NetworkGuard(guard_library, tmp_path_factory.mktemp("guard") / "log")


@pytest.fixture(scope="session")
def shipped_graph() -> Path:
    """The shipped model's graph."""
    from polyplive.backends.auto_model import find_model

    return find_model("polyplive-fast")


@pytest.fixture(scope="session")
def kvasir_validation() -> Path:
    """The validation pictures, where they are."""
    folder = SHARED_DATA / "kvasir-seg" / "validation"
    if not folder.is_dir():
        pytest.skip("needs Kvasir-SEG's validation pictures, which are not part of the repository")
    return folder


@pytest.fixture(scope="session")
def real_clip() -> Path:
    """A recorded colonoscopy, where it is."""
    clip = SHARED_DATA / "clips" / "polyp-25fps-560x480.mp4"
    if not clip.is_file():
        pytest.skip("needs a recorded colonoscopy, which is not part of the repository")
    return clip
