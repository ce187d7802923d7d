"""What narrow arithmetic costs, measured without hardware that has it: a model that rounds what would be narrow.

    python -m polyplive.export.precision.rounded MODEL --to float16|bfloat16 --out FOLDER
    polyplive evaluate DATA --backend onnxruntime --model FOLDER/MODEL-as-bfloat16.onnx

MODEL is a shipped model's name or an ``.onnx`` file in float32. Weights and the results of each operation are rounded.
Sums within one operation are taken in float32, as tensor cores and AMX do. ``narrow_graph`` says what stays float32.
Measure it with onnxruntime: other backends may remove the roundings as needless conversions.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from polyplive.backends.auto_model import find_model
from polyplive.errors import PolypliveError

from ..graph.model_file import float32_manifest, variant_facts, write_model
from .narrow_graph import NARROW, rounded_of_file


def write_rounded(graph: Path, precision: str, out: Path) -> Path:
    """Write ``NAME-as-PRECISION.onnx`` with its manifest to ``out``; gives its path.

    Raises ``ModelError`` for the manifest, ``ExportError`` for a graph that is not in float32 or cannot be narrow.
    """
    manifest = float32_manifest(graph)
    facts = variant_facts(manifest, f"{graph.stem}-as-{precision}", "float32")
    facts |= {"metrics": {}, "training": manifest.training | {"rounded_to": precision}}
    return write_model(rounded_of_file(graph, precision), facts, out)[0]


def main(arguments: list[str] | None = None) -> int:
    """The first command above."""
    parser = argparse.ArgumentParser(prog="rounded", description="Make a model that rounds as narrow hardware would.")
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
