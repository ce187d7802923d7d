"""A live session without a window: capture, inference, watchdog, recording. Video never waits for the model."""

from polyplive.live.session import LiveSession
from polyplive.live.values import LiveParts, LiveSummary

__all__ = ["LiveParts", "LiveSession", "LiveSummary"]
