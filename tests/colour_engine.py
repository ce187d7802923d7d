"""A real ``Engine`` for tests of what stands around engines: it marks what is red. Its CAM is a coarse copy."""

from __future__ import annotations

import cv2
import numpy as np

from polyplive.backends.base import EngineSpec, Outputs
from polyplive.backends.checks import check_tensor
from polyplive.errors import EngineClosed
from polyplive.manifest import ModelManifest

SIDE, CAM_SIDE = 64, 8

MANIFEST = ModelManifest(
    name="red",
    version="1",
    architecture="threshold",
    input_height=SIDE,
    input_width=SIDE,
    cam_height=CAM_SIDE,
    cam_width=CAM_SIDE,
    cam="grad-cam:input",
    cam_method="none",
    cam_full_scale=1.0,
    threshold=0.5,
    precision="float32",
    sha256="0" * 64,
)


class ColourEngine:
    """Probability 1 where red exceeds green by 100 grey levels or more, falling to 0 where they are equal."""

    def __init__(self) -> None:
        self.spec = EngineSpec("colour", "test", SIDE, SIDE, CAM_SIDE, CAM_SIDE, MANIFEST)
        self.closed = False
        self.cams: list[bool] = []

    def infer(self, tensor, *, cam: bool = True) -> Outputs:
        if self.closed:
            raise EngineClosed("The engine is closed")
        check_tensor(tensor, self.spec)
        self.cams.append(cam)
        red, green = tensor[0, ..., 0].astype(np.float32), tensor[0, ..., 1].astype(np.float32)
        probability = np.clip((red - green) / 100, 0, 1)
        coarse = cv2.resize(probability, (CAM_SIDE, CAM_SIDE), interpolation=cv2.INTER_AREA)
        return Outputs(probability, coarse if cam else None)

    def close(self) -> None:
        self.closed = True


class SpoiltEngine(ColourEngine):
    """The colour engine with one ``value`` that is no number in its ``probability`` or in its ``CAM``."""

    def __init__(self, spoilt: str = "probability", value: float = np.nan) -> None:
        super().__init__()
        self._spoilt, self._value = spoilt, value

    def infer(self, tensor, *, cam: bool = True) -> Outputs:
        outputs = super().infer(tensor, cam=cam)
        (outputs.cam if self._spoilt == "CAM" else outputs.probability)[3, 3] = self._value
        return outputs


def red_disc(width: int, height: int, centre: tuple[int, int], radius: int) -> np.ndarray:
    """uint8 [height, width, 3] BGR: a red disc on grey."""
    image = np.full((height, width, 3), 120, np.uint8)
    cv2.circle(image, centre, radius, (40, 40, 220), -1)
    return image


def dulled(image: np.ndarray) -> np.ndarray:
    """A copy in which the red of ``red_disc`` is duller: a probability of 0.38."""
    copy = image.copy()
    copy[(copy == (40, 40, 220)).all(2)] = (80, 80, 118)
    return copy
