"""``polyplive train``: the bridge to ``polyplive.export``, which needs torch."""

from __future__ import annotations

from typing import Any

from polyplive.commands.needs import need_training_packages


def train(given: dict[str, Any]) -> int:
    """Train a network."""
    need_training_packages("polyplive train")
    from polyplive.export.train_command import run_train

    return int(run_train(given))
