"""PNG files with text: pictures that say themselves where they come from."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import cv2

from polyplive.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.types import Image

_HEADER_END = 33
"""Bytes of the signature and of the header, IHDR, which is always the first chunk and always as long."""


def png_of(image: Image, texts: Mapping[str, str]) -> bytes:
    """``image`` (uint8 [H, W, 3] BGR) as a PNG file with ``texts`` by keyword, in their order. Raises ``SinkError``.

    A keyword has 1 to 79 letters of ASCII. A text is written as tEXt where it is plain ASCII, else as iTXt, in UTF-8:
    the two kinds that every reader of PNG's text knows.
    """
    encoded, data = cv2.imencode(".png", image)
    if not encoded:
        raise SinkError("The picture could not be encoded as PNG")
    plain = data.tobytes()
    chunks = b"".join(_text_chunk(keyword, text) for keyword, text in texts.items())
    return plain[:_HEADER_END] + chunks + plain[_HEADER_END:]


def _text_chunk(keyword: str, text: str) -> bytes:
    name = keyword.encode("ascii")
    if text.isascii():
        return _chunk(b"tEXt", name + b"\0" + text.encode("ascii"))
    # After the keyword: not compressed, method 0, no language, no translated keyword.
    return _chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8", errors="replace"))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
