"""Checks that an optional part is installed, before it is imported."""

from __future__ import annotations

import importlib.util

from polyplive.errors import MissingDependency

_TRAINING = ("torch", "onnx", "onnxscript", "onnxruntime", "matplotlib")


def need_training_packages(command: str) -> None:
    """Raise ``MissingDependency`` unless everything of the ``train`` extra can be imported."""
    missing = [name for name in _TRAINING if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependency(
            f"'{command}' needs {', '.join(missing)}, not installed here",
            "Install with: pip install 'polyplive[train]' (in a checkout: pip install -e '.[train]').",
        )
