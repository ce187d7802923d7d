"""Picture order counts of H.264 and HEVC, of which a picture's header holds only the lowest bits."""

from __future__ import annotations

_SEQUENCE = 1 << 33
"""Counts have 32 bits: the pictures behind an instant refresh are shown behind all before it."""


class OrderCounts:
    """Completes the counts of pictures in file order (ISO 14496-10, 8.2.1.1; ISO 23008-2, 8.3.1)."""

    def __init__(self) -> None:
        self.keys: list[int | None] = []
        """The count of each picture so far, None where it is not known."""
        self._base = 0
        self._high = self._low = 0

    def begin(self) -> None:
        """The next picture refreshes the decoder: counting begins again."""
        self._base += _SEQUENCE
        self._high = self._low = 0

    def add(self, low: int, bits: int, *, is_reference: bool) -> None:
        """Add a picture, of whose count ``low`` are the lowest ``bits``; the next counts refer to a reference."""
        limit = 1 << bits
        high = self._high
        if low < self._low and self._low - low >= limit // 2:
            high += limit
        elif low > self._low and low - self._low > limit // 2:
            high -= limit
        if is_reference:
            self._high, self._low = high, low
        self.keys.append(self._base + high + low)

    def add_in_file_order(self) -> None:
        """Add a picture of a stream that is shown in the order of the file."""
        self.keys.append(self._base + len(self.keys))

    def add_unknown(self) -> None:
        """Add a packet whose header does not tell its count."""
        self.keys.append(None)
