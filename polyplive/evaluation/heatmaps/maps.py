"""Where the maps come from that are compared: one function for each open engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from polyplive.backends.map_engine import MapEngine
from polyplive.explanation.map_source import OwnMap
from polyplive.pipeline.preprocess import preprocess
from polyplive.types import FloatMap, Frame, Roi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine
    from polyplive.explanation.map_source import MapSource

MapsOf: TypeAlias = Callable[[Frame], dict[str, FloatMap]]
"""Gives the raw maps of a whole frame by their names: float32 [h, w], at least 0, each of a size of its own.

The names are the same for every frame. A map without anything in it is 0 everywhere. In the engine's thread.
"""

MapsFrom: TypeAlias = Callable[["Engine"], MapsOf]
"""Makes ``MapsOf`` for an engine: for the shipped graph, and again for each graph with other weights."""


def shipped_maps(engine: Engine) -> MapsOf:
    """The one map that the graph of ``engine`` gives."""
    return maps_of_source(OwnMap(engine))


@contextlib.contextmanager
def all_maps(graph: Path) -> Iterator[MapsFrom]:
    """All maps of the model ``graph``, of several methods and layers. Raises ``ModelError`` where it has no others."""
    further = MapEngine(graph)
    try:
        yield lambda _: maps_of_source(further)
    finally:
        further.close()


def maps_of_source(source: MapSource) -> MapsOf:
    """All maps of ``source``, of the whole answer. In its thread."""

    def maps_of(frame: Frame) -> dict[str, FloatMap]:
        return dict(source.explain(tensor_of(frame, source), None).maps)

    return maps_of


def tensor_of(frame: Frame, engine: Engine | MapSource) -> NDArray[np.uint8]:
    """All of ``frame`` as the model takes it: uint8 [1, H, W, 3] RGB."""
    return preprocess(frame, Roi(0, 0, frame.width, frame.height), engine.spec.height, engine.spec.width)


def frame_of(picture: NDArray[np.uint8]) -> Frame:
    """The frame that is the model's input ``picture`` uint8 [H, W, 3] RGB."""
    return Frame(np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)))
