"""``polyplive export``: the bridge to ``polyplive.export``, which needs torch and onnx."""

from __future__ import annotations

from typing import Any

from polyplive.commands.needs import need_training_packages


def export(given: dict[str, Any]) -> int:
    """Export a checkpoint."""
    need_training_packages("polyplive export")
    from polyplive.export.export_command import run_export

    return int(run_export(given))
