"""How a recording says that it holds its source's own samples, and where its chroma lies: in the file's description.

FFmpeg's Python interface does not tell a decoded frame's place of chroma, which H.264 states otherwise.
"""

from __future__ import annotations

_LOSSLESS = "Lossless raw recording"
_CENTRED = "chroma amid its pixels"


def description(*, is_centred: bool) -> str:
    """What the file of a lossless recording says of itself."""
    return f"{_LOSSLESS}, {_CENTRED}." if is_centred else f"{_LOSSLESS}."


def is_lossless(described: str) -> bool:
    """Whether a file that describes itself so holds its source's own samples."""
    return described in (description(is_centred=True), description(is_centred=False))


def is_centred(described: str) -> bool:
    """Whether each chroma sample lies amid its pixels in a file that describes itself so."""
    return described == description(is_centred=True)
