"""Runs a recording's pieces in order and says each one; for a test that kills it. Arguments: clip, folder."""

from __future__ import annotations

import sys
from pathlib import Path

from colour_engine import ColourEngine
from piecewise import SETTINGS, planned

from polyplive.review.analysis.joining import unfinished_units
from polyplive.review.analysis.running import PieceRunner


def main(clip: str, folder: str) -> None:
    made = planned(Path(clip), 10)
    with PieceRunner(lambda _: ColourEngine(), SETTINGS) as runner:
        for unit in unfinished_units(made, Path(folder)):
            runner.run(made, unit, Path(folder), lambda done, unit=unit: print(unit.piece.number, done, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
