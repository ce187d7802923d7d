"""What ``polyplive export`` does."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from polyplive.errors import ConfigError

from .checkpoint import load_network
from .export_model import ExportSettings, export_model


def run_export(given: dict[str, Any]) -> int:
    """Export with the command's options; prints where and how well it agrees. Returns the exit code."""
    checkpoint: Path = given["checkpoint"]
    name = given["name"] or load_network(checkpoint)[1]["architecture"]
    report = export_model(
        ExportSettings(
            checkpoint=checkpoint,
            name=name,
            out=given["out"],
            size=given["size"],
            cam_layer=given["cam_layer"],
            check_folder=given["check_folder"],
            facts=_read_facts(given.get("facts")),
            float16=given["float16"],
            int8_weights=given["int8_weights"],
        )
    )
    if report.exact is not None:
        print(f"Verified, before weights were rounded to int8: {report.exact}")
    for written in (report, report.half):
        if written is not None:
            print(f"Verified: {written.agreement}")
            print(f"Wrote {written.graph} ({written.graph.stat().st_size / 1e6:.1f} MB) and {written.graph.stem}.json")
    return 0


def _read_facts(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot read the facts '{path}' ({error})", "Give a TOML file.") from None
