"""What narrow arithmetic costs, measured without hardware that has it: a model that rounds all that it calculates.

    python -m polyplive.export.rounded MODEL --to float16|bfloat16 --out FOLDER
    polyplive evaluate DATA --backend onnxruntime --model FOLDER/MODEL-as-bfloat16.onnx

MODEL is a shipped model's name or an ``.onnx`` file in float32. Weights and what each operation gives are rounded, sums
are taken in float32, as tensor cores and AMX do. Other backends may take a rounding away that is taken back at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from polyplive.errors import ExportError, PolypliveError
from polyplive.manifest import find_model, load_manifest

from .model_file import variant_facts, write_model
from .precision import NARROW, rounded_of_file


def write_rounded(graph: Path, precision: str, out: Path) -> Path:
    """Write ``NAME-as-PRECISION.onnx`` with its manifest to ``out``; gives its path.

    Raises ``ModelError`` for the manifest, ``ExportError`` for a graph that is not in float32 or cannot be narrow.
    """
    manifest = load_manifest(graph)
    if manifest.precision != "float32":
        raise ExportError(f"'{graph.name}' is {manifest.precision}", "Name the float32 graph.")
    model = rounded_of_file(graph, precision)
    written, _ = write_model(model, variant_facts(manifest, f"{manifest.name}-as-{precision}", "float32"), out)
    return written


def main(arguments: list[str] | None = None) -> int:
    """The first command above."""
    parser = argparse.ArgumentParser(prog="rounded", description="Make a model that rounds all that it calculates.")
    parser.add_argument("model")
    parser.add_argument("--to", choices=list(NARROW), required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        written = write_rounded(find_model(given.model), given.to, given.out)
    except PolypliveError as error:
        print(f"rounded: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {written}; measure it with: polyplive evaluate DATA --backend onnxruntime --model {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
