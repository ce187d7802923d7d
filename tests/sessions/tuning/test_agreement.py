"""A rounder arithmetic is taken only where it gives float32's answer."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.backends.base import Outputs
from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions
from polyplive.sessions.tuning.agreement import agrees
from polyplive.sessions.tuning.trial import _disc


def outputs(noise: float = 0.0, shift: int = 0, cam_noise: float = 0.0) -> Outputs:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    probability = np.exp(-((rows - 32) ** 2 + (columns - 32 - shift) ** 2) / 400)
    cam = probability[::8, ::8] * 700
    probability = (probability + noise * rng.standard_normal((64, 64))).clip(0, 1)
    cam = (cam + cam_noise * 700 * rng.standard_normal((8, 8))).clip(0)
    return Outputs(probability.astype(np.float32), cam.astype(np.float32))


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (outputs(), True),
        (outputs(noise=0.004, cam_noise=0.01), True),
        (outputs(shift=4), False),
        (outputs(noise=0.3), False),
        (outputs(cam_noise=0.3), False),
    ],
)
def test_small_differences_agree_and_large_ones_do_not(other: Outputs, wanted: bool) -> None:
    assert agrees(outputs(), other) is wanted


def test_nothing_marked_agrees_with_nothing_marked_alone() -> None:
    nothing = Outputs(np.zeros((64, 64), np.float32), np.zeros((8, 8), np.float32))
    assert agrees(nothing, nothing)
    assert not agrees(nothing, outputs())


def test_the_shipped_model_marks_the_picture_that_is_measured_and_bfloat16_agrees(shipped_graph) -> None:
    found = []
    for precision in ("float32", "bfloat16"):
        engine = open_engine(shipped_graph, "openvino", EngineOptions(precision))
        found.append(engine.infer(_disc(engine.spec.height, engine.spec.width)))
        engine.close()
    assert found[0].probability.max() > 0.5
    assert agrees(*found)
