"""What a measurement depends on: where any of it changes, the machine is measured anew."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from polyplive import __version__
from polyplive.manifest import find_graph, load_manifest
from polyplive.system.machine import package_version, processor_count, processor_features, processor_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sessions.tuning.setups import Setup

_RUNTIMES = ("openvino", "onnxruntime", "onnxruntime-gpu")
_LIMITS = ("ONEDNN_MAX_CPU_ISA", "OMP_NUM_THREADS")
"""Variables with which a user holds the runtimes back."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The machine, the programs and the models that were measured, and the setups, as ``Setup`` says them."""

    program: str
    system: str
    processor: str
    processors: int
    features: tuple[str, ...]
    runtimes: dict[str, str]
    limits: dict[str, str]
    models: dict[str, str]
    setups: tuple[str, ...]

    @classmethod
    def of(cls, setups: Sequence[Setup]) -> Fingerprint:
        """That of this machine now. Raises ``ModelError`` for a model that cannot be read."""
        return cls(
            program=__version__,
            system=f"{platform.system()} {platform.machine()}",
            processor=processor_name(),
            processors=processor_count(),
            features=processor_features(),
            runtimes={name: version for name in _RUNTIMES if (version := package_version(name)) is not None},
            limits={name: os.environ[name] for name in _LIMITS if name in os.environ},
            models={name: load_manifest(find_graph(name)).sha256 for name in {setup.model for setup in setups}},
            setups=tuple(f"{setup.model}, {setup}" for setup in setups),
        )

    @property
    def digest(self) -> str:
        """Hexadecimal, 16 digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
