"""All methods by name."""

from __future__ import annotations

from .grad_cam import GRAD_CAM
from .hires_cam import HIRES_CAM
from .layer_cam import LAYER_CAM
from .method import CamMethod
from .multi_level import MULTI_LEVEL

METHODS: dict[str, CamMethod] = {method.name: method for method in (GRAD_CAM, HIRES_CAM, LAYER_CAM, MULTI_LEVEL)}
