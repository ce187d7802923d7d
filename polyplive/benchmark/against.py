"""Ratios of two benchmarks, with the spread that the machine's own unsteadiness gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.benchmark.figures import SCHEMA
from polyplive.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LOW, _HIGH = 5, 95


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two rates: of their medians, and between ``low`` and ``high`` in nine of ten pairs of samples."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the spread leaves 1 out."""
        return not self.low <= 1 <= self.high

    def as_json(self) -> dict[str, float]:
        """To four decimals."""
        return {"ratio": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def sample_ratio(these: Sequence[float], those: Sequence[float]) -> Ratio:
    """Of rates that were sampled apart: every sample of one with every one of the other."""
    pairs = np.divide.outer(np.asarray(these, np.float64), np.asarray(those, np.float64))
    low, high = np.percentile(pairs, [_LOW, _HIGH])
    return Ratio(float(np.median(these) / np.median(those)), float(low), float(high))


def run_ratio(these: Sequence[float], those: Sequence[float]) -> Ratio:
    """Of rates that were sampled in turn, pair by pair: what slowed both cancels."""
    pairs = np.asarray(these, np.float64) / np.asarray(those, np.float64)
    low, high = np.percentile(pairs, [_LOW, _HIGH])
    return Ratio(float(np.median(pairs)), float(low), float(high))


def share_of_engine(modes: Mapping[str, Mapping[str, Any]]) -> Ratio:
    """The end-to-end rate to the engine's own, of modes as JSON has them: run by run, of one run by its blocks."""
    these, those = modes["headless"], modes["engine"]
    if len(these["fps_runs"]) > 1:
        return run_ratio(these["fps_runs"], those["fps_runs"])
    return sample_ratio(these["fps_blocks"], those["fps_blocks"])


def compare_documents(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Ratio]:
    """Mode -> ratio of the rates, new to old, for every mode that both have."""
    return {
        name: sample_ratio(mode["fps_blocks"], old["modes"][name]["fps_blocks"])
        for name, mode in new["modes"].items()
        if name in old["modes"]
    }


def differences(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """What was not the same in both, one line each: a ratio means little where these differ."""
    lines = []
    for name in ("backend", "device", "model", "model_sha256", "precision", "roi", "cam"):
        if new.get(name) != old.get(name):
            lines.append(f"{name}: {new.get(name)}, before {old.get(name)}")
    for group, names in (("machine", ("processor", "processors")), ("source", ("width", "height"))):
        for name in names:
            one, other = new[group].get(name), (old.get(group) or {}).get(name)
            if one != other:
                lines.append(f"{group} {name}: {one}, before {other}")
    return lines


def load_document(path: Path) -> dict[str, Any]:
    """A benchmark that ``bench --json`` wrote. Raises ``ConfigError`` for anything else."""
    if not path.exists():
        raise ConfigError(f"There is no file '{path}'", "Name a file that 'polyplive bench --json' wrote.")
    try:
        document = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise ConfigError(
            f"Cannot read '{path}' ({reason})", "Name a file that 'polyplive bench --json' wrote."
        ) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not _has_rates(document):
        raise ConfigError(f"'{path}' is no benchmark of this version", f"Measure again: it must have schema {SCHEMA}.")
    return document


def _has_rates(document: dict[str, Any]) -> bool:
    modes = document.get("modes")
    return isinstance(modes, dict) and all(
        isinstance(mode, dict)
        and isinstance(rates := mode.get("fps_blocks"), list)
        and len(rates) > 0
        and all(isinstance(rate, int | float) and rate > 0 for rate in rates)
        for mode in modes.values()
    )
