"""TensorRT in either flavour: full TensorRT or TensorRT-RTX; both have the same classes under another name."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyplive.errors import BackendUnavailable, text_of

if TYPE_CHECKING:
    from types import ModuleType

MODULES = ("tensorrt", "tensorrt_rtx")
"""In order of preference: full TensorRT is faster on the GPUs that both support, and supports more of them."""
INSTALL = "pip install 'polyplive[tensorrt]'"


@dataclass(frozen=True, slots=True)
class Flavour:
    """An imported TensorRT: ``name`` is ``tensorrt`` or ``tensorrt_rtx``, ``module`` the Python module itself."""

    name: str
    version: str
    module: ModuleType

    @property
    def is_rtx(self) -> bool:
        """Whether it is TensorRT-RTX: engines for many GPUs, kernels compiled and cached as they run."""
        return self.name == "tensorrt_rtx"

    @property
    def label(self) -> str:
        """The name to display."""
        return f"{'TensorRT-RTX' if self.is_rtx else 'TensorRT'} {self.version}"


def installed_flavours() -> tuple[str, ...]:
    """The flavours that are installed; nothing is imported."""
    return tuple(name for name in MODULES if importlib.util.find_spec(name) is not None)


def import_tensorrt() -> Flavour:
    """The first flavour that can be imported. Raises ``BackendUnavailable`` and says what each lacks."""
    problems = []
    for name in installed_flavours():
        try:
            module = importlib.import_module(name)
            return Flavour(name, str(module.__version__), module)
        except (ImportError, OSError, AttributeError) as error:
            problems.append(f"{name}: {text_of(error)}")
    if not problems:
        raise BackendUnavailable("TensorRT is not installed", f"Install it with: {INSTALL}")
    raise BackendUnavailable(f"TensorRT cannot be imported ({'; '.join(problems)})", f"Repair it with: {INSTALL}")


class Log:
    """Collects TensorRT's messages for the error that follows; ``logger`` is the object to pass to TensorRT."""

    def __init__(self, module: Any) -> None:
        lines: list[str] = []
        severe = (module.ILogger.Severity.ERROR, module.ILogger.Severity.INTERNAL_ERROR)

        class Listener(module.ILogger):
            def __init__(self) -> None:
                super().__init__()

            def log(self, severity: Any, text: str) -> None:
                if severity in severe:
                    lines.append(" ".join(text.split()))

        self.logger = Listener()
        self._lines = lines

    def reason(self) -> str:
        """The first error message since the last call; it names the cause, and later ones follow from it."""
        text = self._lines[0] if self._lines else "it gives no reason"
        self._lines.clear()
        return text[:300]
