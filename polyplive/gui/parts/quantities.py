"""Times and sizes as people read them."""

from __future__ import annotations

_STEP = 1000
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def hours_text(seconds: float) -> str:
    """``seconds`` as h:mm:ss."""
    whole = max(0, int(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def size_text(size: float) -> str:
    """Bytes in the unit that leaves one to three digits before the point, as disks are sold: 1 kB is 1000 bytes."""
    place = 0
    while size >= _STEP - 0.5 and place < len(_UNITS) - 1:
        size /= _STEP
        place += 1
    digits = 1 if place > 1 and size < 100 else 0
    return f"{size:.{digits}f} {_UNITS[place]}"
