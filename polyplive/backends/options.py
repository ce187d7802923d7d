"""Settings that every backend understands, checked once."""

from __future__ import annotations

from dataclasses import dataclass

from polyplive.errors import ConfigError

PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """``precision`` of the arithmetic on a processor, one of ``PRECISIONS``; ``threads``, None for the runtime's own.

    ``auto`` is the fastest precision that the processor has and that keeps the model's accuracy (see the model's
    card); ``float32`` is the reference.
    """

    precision: str = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ConfigError(f"No precision '{self.precision}'", f"Choose one of: {', '.join(PRECISIONS)}.")
        if self.threads is not None and self.threads < 1:
            raise ConfigError(f"{self.threads} threads cannot run anything", "Give at least 1.")
