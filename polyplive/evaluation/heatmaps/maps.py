"""Where the maps come from that are compared: one function for each open engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.pipeline.preprocess import preprocess
from polyplive.types import FloatMap, Frame, Roi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine

MapsOf: TypeAlias = Callable[[Frame], dict[str, FloatMap]]
"""Gives the raw maps of a whole frame by their names: float32 [h, w], at least 0, each of a size of its own.

The names are the same for every frame. A map without anything in it is 0 everywhere. In the engine's thread.
"""

MapsFrom: TypeAlias = Callable[["Engine"], MapsOf]
"""Makes ``MapsOf`` for an engine: for the shipped graph, and again for each graph with other weights."""


def shipped_maps(engine: Engine) -> MapsOf:
    """The one map that the graph of ``engine`` gives, under the name of its method: ``Grad-CAM``."""
    name = engine.spec.manifest.cam_method.partition(" (")[0]

    def maps_of(frame: Frame) -> dict[str, FloatMap]:
        outputs = engine.infer(tensor_of(frame, engine), cam=True)
        check_numbers(outputs, engine.spec.backend)
        assert outputs.cam is not None, "it was asked for"
        return {name: outputs.cam}

    return maps_of


def tensor_of(frame: Frame, engine: Engine) -> NDArray[np.uint8]:
    """All of ``frame`` as the engine takes it: uint8 [1, H, W, 3] RGB."""
    return preprocess(frame, Roi(0, 0, frame.width, frame.height), engine.spec.height, engine.spec.width)


def frame_of(picture: NDArray[np.uint8]) -> Frame:
    """The frame that is the model's input ``picture`` uint8 [H, W, 3] RGB."""
    return Frame(np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)))
