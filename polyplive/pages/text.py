"""How values are put into words on every page."""

from __future__ import annotations

import base64


def clock(seconds: float) -> str:
    """Seconds as minutes, seconds and tenths, with hours where there are any."""
    tenths = round(max(seconds, 0.0) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    small = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{small}" if hours else small


def grouped(number: int) -> str:
    """A whole number with a narrow space between thousands."""
    return f"{number:,}".replace(",", "\u202f")


def data_uri(jpeg: bytes) -> str:
    """A JPEG as an address that holds the picture itself."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
