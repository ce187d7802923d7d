"""Interactive playback of a recorded procedure, without a window: what a window drives."""

from polyplive.player.player import Player
from polyplive.player.values import SPEEDS, Mode, PlayerSettings

__all__ = ["SPEEDS", "Mode", "Player", "PlayerSettings"]
