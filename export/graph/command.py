"""What ``polyplive export`` does."""

from __future__ import annotations

from polyplive.commands.export import ExportRequest

from .export_model import ExportSettings, export_model
from .load_trained import load_trained
from .model_facts import ModelFacts, read_facts


def run_export(request: ExportRequest) -> int:
    """Export as ``request`` says; prints where and how well it agrees. Returns the exit code."""
    name = request.name or load_trained(request.checkpoint)[1]["architecture"]
    report = export_model(
        ExportSettings(
            checkpoint=request.checkpoint,
            name=name,
            out=request.out,
            size=request.size,
            cam=request.cam,
            check_folder=request.check_folder,
            facts=ModelFacts() if request.facts is None else read_facts(request.facts),
            float16=request.float16,
            int8_weights=request.int8_weights,
        )
    )
    if report.exact is not None:
        print(f"Verified, before weights were rounded to int8: {report.exact}")
    for written in (report, report.half):
        if written is not None:
            print(f"Verified: {written.agreement}")
            print(f"Wrote {written.graph} ({written.graph.stat().st_size / 1e6:.1f} MB) and {written.graph.stem}.json")
    return 0
