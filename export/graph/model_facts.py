"""What a user says of a model for its manifest, beside what the export knows by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyplive.config import ConfirmProbability, Threshold
from polyplive.errors import ConfigError, text_of
from polyplive.manifest import load_manifest
from polyplive.validation import check_fields, from_table, in_file, read_toml


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The fields of a manifest that a person gives; ``training`` and ``metrics`` are free tables."""

    version: str = "0"
    threshold: Threshold = 0.5
    confirm_probability: ConfirmProbability = 0.0
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    licences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raise ``ConfigError`` for facts that no manifest may hold, before hours go into the rest."""
        check_fields(self)
        try:
            json.dumps([self.training, self.metrics])
        except (TypeError, ValueError) as error:
            raise ConfigError(f"The facts hold what no manifest can ({text_of(error)})", "Write it as text.") from None


def read_facts(path: Path) -> ModelFacts:
    """From a TOML file. Raises ``ConfigError``."""
    return from_table(ModelFacts, read_toml(path), in_file(path))


def facts_of_graph(graph: Path) -> ModelFacts:
    """Those of an exported model's manifest; what its training was stays with it. Raises ``ModelError``."""
    manifest = load_manifest(graph)
    return ModelFacts(
        version=manifest.version,
        threshold=manifest.threshold,
        confirm_probability=manifest.confirm_probability,
        training=dict(manifest.training),
        metrics=dict(manifest.metrics),
        licences=list(manifest.licences),
    )
