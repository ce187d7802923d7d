"""polyplive: a real-time colonoscopy overlay. Research use only; not a medical device.

Five lines mark the polyps of a recording:

    import polyplive

    with polyplive.open_model("polyplive-fast") as model, polyplive.open_video("procedure.mp4") as video:
        for frame in video:
            prediction = model.process(frame)
            picture = polyplive.compose(frame, prediction)

``open_model`` opens a model, ``open_video`` a recording. ``model.process`` takes a frame, or a picture as a numpy array
of uint8 [height, width, 3], BGR, and gives a ``Prediction``: detections with contours in the frame's pixels, the
probability and the heatmap. ``mask_of`` makes a mask of it, ``compose`` the picture with the overlay, ``rethreshold``
the detections at another threshold. ``VideoWriter`` writes pictures into a video. ``live`` is for frames that come from
your own program and cannot wait for the model.

Every error is a ``PolypliveError`` whose text says what happened and what to do; ``polyplive.errors`` holds all kinds.
docs/python.md shows more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import PolypliveError

if TYPE_CHECKING:
    from polyplive.config import EngineOptions, LiveSettings, PipelineSettings
    from polyplive.overlay.compositor import compose
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.pipeline.postprocess import mask_of, rethreshold
    from polyplive.sessions.live.feed import FedSession, LiveView
    from polyplive.sessions.live.opening import live
    from polyplive.sessions.opening import open_model, open_video
    from polyplive.sinks.video_writer import VideoWriter
    from polyplive.sources.file import FileSource
    from polyplive.sources.reading.followed import FollowedSource
    from polyplive.types import Detection, Figures, Frame, OverlaySettings, Prediction, Roi, SessionState, SourceInfo

__version__ = "0.1.0"

RESEARCH_NOTICE = "Research use only. Not a medical device."

__all__ = [
    "RESEARCH_NOTICE",
    "Detection",
    "EngineOptions",
    "FedSession",
    "Figures",
    "FileSource",
    "FollowedSource",
    "Frame",
    "LiveSettings",
    "LiveView",
    "OverlaySettings",
    "Pipeline",
    "PipelineSettings",
    "PolypliveError",
    "Prediction",
    "Roi",
    "SessionState",
    "SourceInfo",
    "VideoWriter",
    "__version__",
    "compose",
    "live",
    "mask_of",
    "open_model",
    "open_video",
    "rethreshold",
]

_HOMES = {
    "config": ("EngineOptions", "LiveSettings", "PipelineSettings"),
    "overlay.compositor": ("compose",),
    "pipeline.pipeline": ("Pipeline",),
    "pipeline.postprocess": ("mask_of", "rethreshold"),
    "sessions.live.feed": ("FedSession", "LiveView"),
    "sessions.live.opening": ("live",),
    "sessions.opening": ("open_model", "open_video"),
    "sinks.video_writer": ("VideoWriter",),
    "sources.file": ("FileSource",),
    "sources.reading.followed": ("FollowedSource",),
    "types": ("Detection", "Figures", "Frame", "OverlaySettings", "Prediction", "Roi", "SessionState", "SourceInfo"),
}
"""Where the names stand that are imported when they are first used: ``polyplive --help`` waits for no library."""

if not TYPE_CHECKING:  # a type checker then finds names that do not exist

    def __getattr__(name: str) -> object:
        """A public name, imported now."""
        for module, names in _HOMES.items():
            if name in names:
                import importlib

                value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
                return value
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Also the names that were not imported yet."""
    return sorted({*globals(), *__all__})
