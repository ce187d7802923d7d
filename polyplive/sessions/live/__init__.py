"""A live session without a window: capture, inference, watchdog, recording. Video never waits for the model."""

from polyplive.sessions.live.parts import LiveParts
from polyplive.sessions.live.session import LiveSession
from polyplive.sessions.live.summary import LiveSummary

__all__ = ["LiveParts", "LiveSession", "LiveSummary"]
