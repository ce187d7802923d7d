"""The ways to run a model that are measured on this machine: what the user named is the same in all of them."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.backends.auto_model import VARIABLE
from polyplive.backends.registry import AUTO, BACKENDS, installed_backends
from polyplive.config import DEFAULT_MODEL
from polyplive.manifest import ACCURATE, FAST, LIGHT, shipped_models
from polyplive.system.machine import has_bfloat16, processor_count, processor_features

if TYPE_CHECKING:
    from polyplive.config import Settings


@dataclass(frozen=True, slots=True)
class Setup:
    """A model and how it runs; ``threads`` is None for the runtime's own number."""

    model: str
    backend: str
    precision: str
    threads: Annotated[int, Meta(ge=1)] | None = None

    def __str__(self) -> str:
        """In words: ``openvino, float32, 2 threads``."""
        threads = "its own threads" if self.threads is None else f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.backend}, {self.precision}, {threads}"

    def applied_to(self, settings: Settings) -> Settings:
        """``settings`` with this model, runtime, precision and number of threads."""
        engine = dataclasses.replace(settings.engine, precision=self.precision, threads=self.threads)
        return dataclasses.replace(settings, model=self.model, backend=self.backend, engine=engine)


def setups_for(settings: Settings) -> tuple[Setup, ...]:
    """The setups to measure, the most usual first; none where a GPU or a baseline serves, or nothing fits the names.

    The fast model stands for all models where runtimes, precisions and numbers of threads are compared, so that a
    slow machine has to run little. The accurate one comes last, and in the most usual way only.
    """
    ways = [
        (name, precision)
        for name in _backends(settings.backend)
        for precision in _precisions(name, settings.engine.precision)
    ]
    threads = (settings.engine.threads,) if settings.engine.threads is not None else _threads()
    first, *others = _models(settings.model) or [""]
    if not ways or not first:
        return ()
    usual = ways[0]
    found = [Setup(first, *way, threads[0]) for way in ways]
    found += [Setup(first, *usual, count) for count in threads[1:]]
    return (*found, *(Setup(other, *usual, threads[0]) for other in others))


def _models(asked: str) -> list[str]:
    named = os.environ.get(VARIABLE, "") if asked == DEFAULT_MODEL else asked
    if named not in ("", DEFAULT_MODEL):
        return [named]
    return [name for name in (FAST, LIGHT, ACCURATE) if name in shipped_models()]


def _backends(asked: str) -> list[str]:
    installed = installed_backends()
    if asked == AUTO and any(BACKENDS[name].needs_gpu and not BACKENDS[name].baseline for name in installed):
        return []
    names = [name for name in installed if not BACKENDS[name].needs_gpu and not BACKENDS[name].baseline]
    return [name for name in names if asked in (AUTO, name)]


def _precisions(backend: str, asked: str) -> list[str]:
    """Those that ``backend`` has and this processor does not imitate; ``auto`` where its features are not known."""
    known = BACKENDS[backend].precisions
    if asked != "auto":
        return [asked] if asked in known else []
    if not processor_features():
        return ["auto"]
    native = ("bfloat16", "float32") if has_bfloat16() else ("float32",)
    return [name for name in native if name in known]


def _threads() -> tuple[int | None, ...]:
    """The runtime's own number, and one less than there are processors: that leaves one to the picture."""
    count = processor_count()
    return (None, count - 1) if count > 1 else (None,)
