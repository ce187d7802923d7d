"""The benchmark's JSON: what ran, on what, and the figures of every mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.benchmark.against import share_of_engine
from polyplive.benchmark.figures import SCHEMA, WARM_UP
from polyplive.system.machine import peak_memory_mib, processor_count, processor_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.benchmark.figures import BenchmarkSettings, ModeFigures
    from polyplive.benchmark.process_cost import ProcessCost
    from polyplive.benchmark.remarks import Remark
    from polyplive.types import SourceInfo


def make_document(
    facts: Mapping[str, Any],
    info: SourceInfo,
    settings: BenchmarkSettings,
    modes: Mapping[str, ModeFigures],
    skipped: Mapping[str, str],
    process_cost: ProcessCost,
    gpu: dict[str, Any] | None = None,
    remarks: Sequence[Remark] = (),
) -> dict[str, Any]:
    """Everything but comparisons; ``skipped`` are modes that were not run, each with the reason.

    ``facts`` are ``run_facts`` of the pipeline that was measured.

    ``gpu`` is ``gpu_facts()`` as it was while the engine was open and warm: memory, clocks and throttling are of then.
    """
    figures = {name: mode.figures() for name, mode in modes.items()}
    return {
        "schema": SCHEMA,
        **facts,
        "machine": {"processor": processor_name(), "processors": processor_count()},
        "gpu": gpu,
        "driver": gpu["driver"] if gpu else None,
        "source": {
            "name": info.name,
            "width": info.width,
            "height": info.height,
            "fps": info.fps,
            "codec": info.codec,
        },
        "cam": settings.cam,
        "frames": settings.frames,
        "runs": settings.runs,
        "warm_up": WARM_UP,
        "modes": figures,
        "skipped": dict(skipped),
        "headless_share_of_engine": share_of_engine(figures).as_json(),
        "process_cost_ms": process_cost.as_json(),
        "remarks": [remark.as_json() for remark in remarks],
        "dropped": figures["headless"]["dropped"],
        "peak_memory_mib": peak_memory_mib(),
        "peak_gpu_memory_mib": gpu["process_memory_mib"] if gpu else None,
    }
