"""What ``polyplive export`` does."""

from __future__ import annotations

from polyplive.backends.map_graph import explain_file
from polyplive.commands.export import ExportRequest

from .export_model import ExportSettings, export_model
from .load_trained import is_graph, load_trained
from .model_facts import ModelFacts, facts_of_graph, read_facts


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
            facts=_facts(request),
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
    print(f"Wrote {explain_file(report.graph).name}: further heatmaps, for explanations of single pictures")
    return 0


def _facts(request: ExportRequest) -> ModelFacts:
    """Those that are given; else a graph's own, and none of a checkpoint."""
    if request.facts is not None:
        return read_facts(request.facts)
    return facts_of_graph(request.checkpoint) if is_graph(request.checkpoint) else ModelFacts()
