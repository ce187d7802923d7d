"""Interactive playback of a recorded procedure, without a window: what a window drives."""

from polyplive.sessions.replay.player import Player
from polyplive.sessions.replay.player_settings import SPEEDS, Mode, PlayerSettings

__all__ = ["SPEEDS", "Mode", "Player", "PlayerSettings"]
