"""Settings that every backend understands, checked once."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass

from polyplive.errors import ConfigError
from polyplive.machine import processor_count

_THREADS_A_PROCESSOR = 4
"""More only wait for one another, and ONNX Runtime then all but stands still."""

PRECISIONS = ("auto", "float32", "float16", "bfloat16")
"""bfloat16 is OpenVINO's, float16 TensorRT's."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """``precision`` of the arithmetic, one of ``PRECISIONS``; ``threads``, None for the runtime's own.

    ``auto`` is the fastest precision that processor or GPU has and that keeps the model's accuracy (see the model's
    card); ``float32`` is the reference.
    """

    precision: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ConfigError(f"No precision '{self.precision}'", f"Choose one of: {', '.join(PRECISIONS)}.")
        if self.threads is not None and self.threads < 1:
            raise ConfigError(f"{reprlib.repr(self.threads)} threads cannot run anything", "Give at least 1.")
        most = _THREADS_A_PROCESSOR * processor_count()
        if self.threads is not None and self.threads > most:
            raise ConfigError(
                f"{reprlib.repr(self.threads)} threads would hinder one another",
                f"Give at most {most} on this machine.",
            )
