"""Facts about this machine: processor, operating system, display, packages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

_FAST_ARITHMETIC = frozenset(
    (
        "sse4_2",
        "avx2",
        "fma",
        "avx_vnni",
        "avx512f",
        "avx512_vnni",
        "avx512_bf16",
        "avx512_fp16",
        "amx_bf16",
        "amx_int8",
    )
)


def processor_name() -> str:
    """The processor's name as the operating system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def processor_count() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_busy() -> bool:
    """Whether more threads have wanted to run, over the last minute, than there are processors; False on Windows."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > processor_count()


def has_nvidia_gpu() -> bool:
    """Whether a driver for an NVIDIA GPU is loaded. The GPU is not used, so it may still fail."""
    if sys.platform == "win32":
        return Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "nvcuda.dll").exists()
    signs = ("/proc/driver/nvidia/version", "/dev/nvidia0", "/usr/lib/wsl/lib/libcuda.so.1")
    return any(Path(sign).exists() for sign in signs)


def has_matrix_unit() -> bool:
    """Whether the processor has a matrix unit for bfloat16 (Intel's AMX); False on systems other than Linux."""
    return "amx_bf16" in _processor_flags()


def has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; emulating them is slower than float32."""
    return not _processor_flags().isdisjoint({"amx_bf16", "avx512_bf16"})


def processor_features() -> tuple[str, ...]:
    """Those of the processor's features that decide how fast a runtime is, as Linux names them; empty elsewhere."""
    return tuple(sorted(_processor_flags() & _FAST_ARITHMETIC))


def _processor_flags() -> frozenset[str]:
    """The feature flags of the first processor, as Linux names them; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return next((frozenset(line.split()) for line in lines if line.startswith("flags")), frozenset())


def package_version(distribution: str) -> str | None:
    """The installed version of a distribution, None where it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def has_display() -> bool:
    """Whether a window can be opened here."""
    return window_problem() is None


def window_problem() -> str | None:
    """Why no window can be opened on this machine, in one line; None if one can.

    Without a display's name the answer is immediate. Otherwise a short-lived process tries to connect, since Qt ends
    its process if a display or a library is missing.
    """
    unseen = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if unseen in {"offscreen", "minimal"}:
        return f"QT_QPA_PLATFORM is {unseen}, which shows nothing"
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set"
    probe = "from PyQt6.QtGui import QGuiApplication as A; a = A([]); assert a.screens()"
    try:
        done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Qt did not start ({type(error).__name__})"
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else f"Qt ended with code {done.returncode}"


def peak_memory_mib() -> float | None:
    """The peak memory of this process in MiB; None if the system does not report it."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def memory_mib() -> float | None:
    """The memory of this process now, in MiB; None on systems other than Linux."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize() / (1 << 20)
    except (ImportError, OSError, ValueError, IndexError):
        return None


def available_memory_mib() -> float | None:
    """How much memory programs can still have, in MiB, without swapping; None on systems other than Linux."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
