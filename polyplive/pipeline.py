"""The one call path for a frame, live and offline: field of view, preprocess, engine, postprocess."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.config import PipelineSettings
from polyplive.field_of_view import FieldOfView
from polyplive.postprocess import Postprocessor
from polyplive.preprocess import preprocess
from polyplive.types import Prediction, StageTimes

if TYPE_CHECKING:
    from types import TracebackType

    from polyplive.backends.base import Engine
    from polyplive.types import FloatMap, Frame

MASK_PROBABILITY = 0.5
"""Where the graph's own mask begins: the CAM's score is the sum of the logits above it."""


class Pipeline:
    """Turns frames into predictions, in order; one thread, the one that opened the engine.

    It keeps what lasts from frame to frame: the field of view that was found, and the tracks. The same frames in the
    same order give the same predictions. It owns the engine: ``close`` closes it.
    """

    def __init__(self, engine: Engine, settings: PipelineSettings | None = None) -> None:
        settings = settings or PipelineSettings()
        self.engine = engine
        self.threshold = settings.threshold if settings.threshold is not None else engine.spec.manifest.threshold
        self.min_area = settings.min_area
        self.sure = settings.sure if settings.sure is not None else engine.spec.manifest.sure
        self._settings = dataclasses.replace(settings, sure=self.sure)
        self._field_of_view = FieldOfView.parse(settings.roi or "auto")
        self._postprocessor = self.new_postprocessor()

    def new_postprocessor(self) -> Postprocessor:
        """One that follows findings as this pipeline does, for the same probabilities at another threshold."""
        return Postprocessor.of(self._settings)

    @property
    def facts(self) -> dict[str, Any]:
        """What the figures of an evaluation rest on: model, backend, and how frames are seen, as plain values."""
        spec = self.engine.spec
        return {
            "model": spec.manifest.name,
            "model_sha256": spec.manifest.sha256,
            "backend": spec.backend,
            "input": [spec.width, spec.height],
            "precision": spec.manifest.precision,
            "roi": self._settings.roi or "auto",
            "one_field": self._settings.one_field,
            "min_area": self.min_area,
            "threshold": self.threshold,
        }

    def process(self, frame: Frame, *, cam: bool = True) -> Prediction:
        """Find the polyps of one frame; with ``cam`` False the heatmap's gradient is not computed.

        While all that was found is withheld (``min_frames``), its heatmap is withheld too.

        Raises ``EngineError`` when the runtime fails or gives values that are no numbers.
        """
        spec = self.engine.spec
        started = time.perf_counter()
        roi = self._field_of_view.area(frame)
        tensor = preprocess(frame.image, roi, spec.height, spec.width, one_field=self._settings.one_field)
        prepared = time.perf_counter()
        outputs = self.engine.infer(tensor, cam=cam)
        inferred = time.perf_counter()
        check_numbers(outputs, spec.backend)
        detections = self._postprocessor.run(outputs.probability, roi, self.threshold)
        finished = time.perf_counter()
        return Prediction(
            index=frame.index,
            roi=roi,
            probability=outputs.probability,
            cam=None if self._postprocessor.withheld and not detections else outputs.cam,
            cam_full_scale=_full_scale(spec.manifest.cam_full_scale, outputs.probability, self.min_area),
            threshold=self.threshold,
            detections=detections,
            withheld=self._postprocessor.withheld,
            completed_s=time.monotonic(),
            stages=StageTimes(
                decode_ms=frame.decode_ms,
                preprocess_ms=(prepared - started) * 1e3,
                infer_ms=(inferred - prepared) * 1e3,
                postprocess_ms=(finished - inferred) * 1e3,
            ),
        )

    def reset(self, *, same_source: bool = False) -> None:
        """Forget what lasts from frame to frame: call it where frames stop following each other.

        After a seek in the ``same_source`` the field of view is kept: it does not change with the place.
        """
        if not same_source:
            self._field_of_view.reset()
        self._postprocessor.reset()

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _full_scale(constant: float, probability: FloatMap, min_area: float) -> float:
    """The raw CAM that the heatmap shows at full strength in this frame.

    The CAM's score is a sum over the predicted mask, so the map grows with the mask's share of the picture; divided
    by that share it is the CAM of the mean logit, and the model's ``constant`` fits polyps of every size. That is no
    rescaling to the frame's own maximum: a weak map stays weak, and an empty frame has none. A mask too small to be
    a finding counts as the smallest that is one: its specks get no strong map.
    """
    predicted = int(np.count_nonzero(probability > MASK_PROBABILITY))
    return constant * max(predicted, min_area * probability.size, 1) / probability.size
