"""The one call path for a frame, live and offline: field of view, preprocess, engine, postprocess."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from polyplive.backends.base import MASK_PROBABILITY
from polyplive.backends.checks import check_numbers
from polyplive.backends.parallel import parallel
from polyplive.config import PipelineSettings
from polyplive.errors import WrongThread
from polyplive.pipeline.facts import run_facts
from polyplive.pipeline.field_of_view import FieldOfView
from polyplive.pipeline.near import nearly_fired
from polyplive.pipeline.postprocess import Postprocessor
from polyplive.pipeline.preprocess import preprocess
from polyplive.system import spans
from polyplive.types import Frame, Prediction, StageTimes

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, Pending
    from polyplive.manifest import ModelManifest
    from polyplive.types import Detection, FloatMap, Image, Roi


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A frame as the engine takes it: ``tensor`` uint8 [1, H, W, 3] RGB of the area ``roi``."""

    frame: Frame
    roi: Roi
    tensor: NDArray[np.uint8]
    preprocess_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """A prepared frame that an engine works on since ``began_s`` (``time.perf_counter()``)."""

    prepared: Prepared
    pending: Pending
    began_s: float


class SeesRegions(Protocol):
    """Gives each frame's region for inference, in order (``FieldOfView``); in the thread that prepares frames."""

    def area(self, frame: Frame) -> Roi:
        """The region of the next frame."""
        ...

    def reset(self) -> None:
        """Forget what was found."""
        ...


class TakesProbabilities(Protocol):
    """Finds polyps in one answer of the engine after another (``Postprocessor``); in the thread that finishes frames.

    ``withheld`` is how many findings of the last frame were withheld. ``confirm_probability`` is set where an engine of
    another model takes over.
    """

    confirm_probability: float
    withheld: int

    def run(
        self, probability: FloatMap, roi: Roi, threshold: float, size: tuple[int, int] | None = None
    ) -> tuple[Detection, ...]:
        """The detections of the next frame."""
        ...

    def reset(self) -> None:
        """Forget what was found."""
        ...


@dataclass(frozen=True, slots=True)
class PipelineParts:
    """The parts of a pipeline that know of the frames before."""

    view: SeesRegions
    findings: TakesProbabilities


class Pipeline:
    """An open model: turns frames into predictions, in order. One thread, the one that opened it.

    It keeps what lasts from frame to frame: the field of view that was found, and the tracks. Both begin anew where the
    frames change their size; no number is given twice. The same frames in the same order give the same predictions.

    It owns the ``engine``: ``close`` closes it. Another one may take its place between two frames (``use``), and the
    findings keep their numbers.
    """

    def __init__(
        self, engine: Engine, settings: PipelineSettings | None = None, parts: PipelineParts | None = None
    ) -> None:
        """``parts`` take the place of the usual ones, which ``settings`` describe."""
        settings = settings or PipelineSettings()
        self._settings = settings
        self.engine = engine
        self.threshold = self.own_threshold
        self.min_area = settings.min_area
        self._field_of_view = parts.view if parts else FieldOfView.parse(settings.roi or "auto")
        self._postprocessor = parts.findings if parts else self.new_postprocessor()
        self._next_index = 0
        self._run, self._run_began = 1, -1
        self._owner = (os.getpid(), threading.get_ident())

    @property
    def settings(self) -> PipelineSettings:
        """As they were given."""
        return self._settings

    @property
    def own_threshold(self) -> float:
        """The probability of a contour that the settings name, else the model's own."""
        asked = self._settings.threshold
        return asked if asked is not None else self.engine.spec.manifest.threshold

    @property
    def confirm_probability(self) -> float:
        """What makes a frame evidence for a finding: as the settings say, else the model's own."""
        asked = self._settings.confirm_probability
        return asked if asked is not None else self.engine.spec.manifest.confirm_probability

    def new_postprocessor(self) -> Postprocessor:
        """One that follows findings as this pipeline does, for the same probabilities at another threshold."""
        return Postprocessor(dataclasses.replace(self._settings, confirm_probability=self.confirm_probability))

    def use(self, engine: Engine) -> Engine:
        """Go on with another engine, also of another model, whose own thresholds then hold. Returns the one before.

        Findings go on and keep their numbers; the field of view is kept.
        """
        before, self.engine = self.engine, engine
        self.threshold = self.own_threshold
        self._postprocessor.confirm_probability = self.confirm_probability
        return before

    @property
    def facts(self) -> dict[str, Any]:
        """What figures of this pipeline rest on, as plain values with today's date: see ``run_facts``."""
        return run_facts(self.engine.spec, self._settings, self.threshold)

    def process(self, frame: Frame | Image, *, cam: bool = True) -> Prediction:
        """Find the polyps of one frame; with ``cam`` False the heatmap's gradient is not computed.

        ``frame`` may be a picture alone, uint8 [H, W, 3] BGR: its ``index`` is then one more than the last frame's.
        While all that was found is withheld (``min_frames``), its heatmap is withheld too.

        Raises ``ImageError`` where ``frame`` is no picture, ``EngineError`` when the runtime fails or gives values
        that are no numbers, and ``WrongThread`` in another thread or process than the one that opened the model.
        """
        if (os.getpid(), threading.get_ident()) != self._owner:
            raise _wrong_owner(self._owner[0])
        if not isinstance(frame, Frame):
            frame = Frame(frame, self._next_index)
        self._next_index = frame.index + 1
        return self.complete(self.prepare(frame), cam=cam)

    def prepare(self, frame: Frame) -> Prepared:
        """The first half of ``process``: what the engine is given of ``frame``. Once a frame, in order.

        Raises ``ConfigError`` where a field of view was given that does not fit into the first frame.
        """
        spec = self.engine.spec
        started = time.perf_counter()
        roi = self._field_of_view.area(frame)
        tensor = preprocess(frame, roi, spec.height, spec.width, one_field=self._settings.one_field)
        ended = time.perf_counter()
        spans.note(spans.PREPROCESS, frame.index, started, ended)
        return Prepared(frame, roi, tensor, (ended - started) * 1e3)

    def complete(self, prepared: Prepared, *, cam: bool = True) -> Prediction:
        """The second half: run the engine and find the polyps. Until the engine has answered nothing is changed.

        So it may be called again, with another ``engine``, where it has raised ``EngineError``.
        """
        return self.finish(self.start(prepared, cam=cam))

    @property
    def requests(self) -> int:
        """How many frames may be started before the first is finished."""
        return parallel(self.engine).requests

    def start(self, prepared: Prepared, *, cam: bool = True) -> Started:
        """Give the engine a frame and return at once; frames are finished in the order of their starts.

        One thread may prepare and start frames while another finishes earlier ones (``pipeline.in_flight``). Raises
        ``EngineError``.
        """
        began_s = time.perf_counter()
        return Started(prepared, parallel(self.engine).start(prepared.tensor, cam=cam), began_s)

    def finish(self, started: Started) -> Prediction:
        """Wait for the engine's answer, and find the polyps in it. Raises ``EngineError``; nothing is changed then."""
        spec = self.engine.spec
        frame, roi = started.prepared.frame, started.prepared.roi
        outputs = started.pending.result()
        inferred = time.perf_counter()
        infer_s = outputs.infer_s or inferred - started.began_s
        check_numbers(outputs, spec.backend)
        size = frame.width, frame.height
        if self._run_began < 0:
            self._run_began = frame.index
        detections = self._postprocessor.run(outputs.probability, roi, self.threshold, size)
        near = spec.near and nearly_fired(outputs.probability, roi, spec.near, self.min_area)
        finished = time.perf_counter()
        worked_s = max(started.began_s, inferred - infer_s)  # before that it waited for its turn inside the engine
        spans.note(spans.INFER, frame.index, worked_s, inferred, with_map=outputs.cam is not None)
        spans.note(spans.POSTPROCESS, frame.index, inferred, finished)
        return Prediction(
            index=frame.index,
            roi=roi,
            probability=outputs.probability,
            cam=None if self._postprocessor.withheld and not detections else outputs.cam,
            cam_full_scale=full_scale(spec.manifest, outputs.probability, self.min_area),
            threshold=self.threshold,
            detections=detections,
            withheld=self._postprocessor.withheld,
            completed_s=time.monotonic(),
            size=size,
            model_sha256=spec.manifest.sha256,
            run=self._run,
            run_began=self._run_began,
            near=near,
            with_map=outputs.cam is not None,
            stages=StageTimes(
                decode_ms=frame.decode_ms,
                preprocess_ms=started.prepared.preprocess_ms,
                infer_ms=infer_s * 1e3,
                postprocess_ms=(finished - inferred) * 1e3,
            ),
        )

    def reset(self, *, same_source: bool = False) -> None:
        """Forget what lasts from frame to frame: call it where frames stop following each other.

        Findings that come later have new numbers. After a seek in the ``same_source`` the field of view is kept: it
        does not change with the place.
        """
        self._next_index = 0
        if not same_source:
            self.forget_view()
        self.forget_findings()

    def forget_view(self) -> None:
        """Of ``reset``, what concerns ``prepare``; in its thread."""
        self._field_of_view.reset()

    def forget_findings(self) -> None:
        """Of ``reset``, what concerns ``finish``; in its thread."""
        self._postprocessor.reset()
        if self._run_began >= 0:
            self._run, self._run_began = self._run + 1, -1

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _wrong_owner(process_id: int) -> WrongThread:
    what = "thread" if process_id == os.getpid() else "process"  # a copy of this process shares the model's engine
    return WrongThread(f"A model is used in another {what} than the one that opened it", f"Open one a {what}.")


def full_scale(manifest: ModelManifest, probability: FloatMap, min_area: float) -> float:
    """The raw CAM that the heatmap shows at full strength in this frame.

    The CAM's score is a sum over the predicted mask. A map of averaged gradients grows with the mask's share of the
    picture; divided by that share it is the CAM of the mean logit, and the model's constant fits polyps of every size.
    That is no rescaling to the frame's own maximum: a weak map stays weak, and an empty frame has none. A mask too
    small to be a finding counts as the smallest that is one: its specks get no strong map.
    """
    if not manifest.cam_grows_with_mask:
        return manifest.cam_full_scale
    predicted = int(np.count_nonzero(probability > MASK_PROBABILITY))
    return manifest.cam_full_scale * max(predicted, min_area * probability.size, 1) / probability.size
