"""The protocol of what reads the order of pictures from their headers."""

from __future__ import annotations

from typing import Protocol


class DisplayOrder(Protocol):
    """Reads the headers of coded pictures, packet by packet in file order. One thread."""

    def add(self, data: bytes) -> None:
        """Take the next packet's bytes."""
        ...

    def keys(self) -> list[int | None]:
        """A key for each packet: within a group of pictures, they are shown in the order of the keys.

        None for a packet whose header does not tell, as it is damaged or of an unusual kind.
        """
        ...

    def starts(self, places: list[int]) -> list[int]:
        """Those of ``places``, of key frames, from which decoding can begin.

        Where the stream changes its parameters on the way, these are the packets that carry their own.
        """
        ...

    def without_picture(self) -> set[int]:
        """The places of packets that give no picture of their own: the second field of the frame before, or nothing."""
        ...
