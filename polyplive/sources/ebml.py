"""Elements of EBML, which Matroska files consist of (RFC 8794)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Element(NamedTuple):
    """``kind`` is its id as it is written, ``whole`` all of its bytes, ``content`` those behind its id and size."""

    kind: bytes
    whole: bytes
    content: bytes


def elements(data: bytes) -> Iterator[Element]:
    """The elements that follow one another in ``data``; ends where there is none. The last one may be cut off."""
    at = 0
    while at < len(data) and data[at]:
        id_end = at + 9 - data[at].bit_length()
        if id_end >= len(data) or not data[id_end]:
            return
        size, start = element_size(data, id_end)
        yield Element(data[at:id_end], data[at : start + size], data[start : start + size])
        at = start + size


def content_of(data: bytes, kind: bytes) -> bytes:
    """The content of the first element of this ``kind`` in ``data``; empty where there is none."""
    return next((element.content for element in elements(data) if element.kind == kind), b"")


def element_size(data: bytes, at: int) -> tuple[int, int]:
    """The bytes of the content whose size is written at ``at``, and where the content begins."""
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1), at + length


def make_element(kind: bytes, content: bytes, length: int = 0) -> bytes:
    """An element whose size is written in ``length`` bytes, 0: in as few as it takes."""
    length = length or next(fit for fit in range(1, 9) if len(content) < (1 << 7 * fit) - 1)
    return kind + (len(content) | 1 << 7 * length).to_bytes(length, "big") + content
