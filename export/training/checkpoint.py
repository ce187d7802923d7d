"""Checkpoints: written whole or not at all, read without executing anything that they hold."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import torch

from polyplive.errors import TrainingError, text_of
from polyplive.system.atomic_file import write_atomic

from ..networks.segmentation import SegmentationNetwork, build_network


def save_checkpoint(path: Path, data: dict[str, Any]) -> None:
    """Write tensors, numbers, strings and containers of them; a kill at any moment leaves the old file or the new.

    Raises ``TrainingError`` when the file cannot be written.
    """
    packed = io.BytesIO()  # in memory first: torch reports a full disk as an error of its own archive format
    torch.save(data, packed)
    try:
        write_atomic(path, packed.getbuffer())
    except OSError as error:
        raise TrainingError(f"Cannot write the checkpoint '{path}': {error.strerror}", "Free some space.") from None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what a training run wrote, with ``options`` and ``origins``. Raises ``TrainingError`` for any other file."""
    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(f"There is no checkpoint '{path}'", "Check the path.") from None
    except Exception as error:  # a damaged file makes the reader fail in many ways
        raise TrainingError(
            f"'{path}' is not a checkpoint ({text_of(error, 120)})", "Name a file that train wrote."
        ) from None
    if not _is_checkpoint(data):
        raise TrainingError(f"'{path}' is not a checkpoint of this program", "Name a file that train wrote.")
    whole: dict[str, Any] = {"options": {}, "origins": {}} | data
    return whole


def _is_checkpoint(data: Any) -> bool:
    """Whether it has the facts of a checkpoint, in values that a manifest can hold."""
    if not isinstance(data, dict) or not isinstance(data.get("architecture"), str):
        return False
    tables = [data.get("recipe"), data.get("options", {}), data.get("origins", {}), data.get("validation", {})]
    try:
        json.dumps([tables, data.get("epoch")])
    except (TypeError, ValueError, RecursionError):
        return False
    return all(isinstance(table, dict) and all(isinstance(key, str) for key in table) for table in tables)


def weights_file(path: Path) -> Path:
    """The file that ``path`` names; for a run's folder its ``best.pt``."""
    with contextlib.suppress(OSError):  # a name too long, a folder that may not be entered: reading it says so
        return path / "best.pt" if path.is_dir() else path
    return path


def load_network(path: Path) -> tuple[SegmentationNetwork, dict[str, Any]]:
    """The trained network, in evaluation mode, and what else the checkpoint says (all but the tensors).

    Takes ``best.pt`` or ``last.pt`` of a run, or the run's folder (its ``best.pt``). Of ``last.pt`` the averaged
    weights are taken. Raises ``TrainingError``; ``ConfigError`` where it names no network known here.
    """
    path = weights_file(path)
    data = read_checkpoint(path)
    try:
        network = build_network(data["architecture"], **data["options"])
        network.load_state_dict(data["weights"])
    except (RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"'{path}' does not fit its architecture ({text_of(error)})", "Train again.") from None
    facts = {key: value for key, value in data.items() if key not in ("weights", "raw_weights", "optimiser")}
    return network.eval(), facts
