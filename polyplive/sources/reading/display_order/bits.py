"""Reads the bits of a picture's header."""

from __future__ import annotations


class BitReader:
    """Reads from the first bit on; raises ``IndexError`` behind the last one."""

    def __init__(self, data: bytes, *, escaped: bool = True) -> None:
        """``data``: a unit's payload.

        With ``escaped`` the bytes against false start codes are taken out (H.264 and HEVC: ISO 14496-10, 7.4.1).
        """
        self._data = data.replace(b"\x00\x00\x03", b"\x00\x00") if escaped else data
        self._at = 0

    def skip(self, count: int) -> None:
        """Pass over ``count`` bits."""
        self._at += count

    def bits(self, count: int) -> int:
        """An unsigned number of ``count`` bits, u(n) in the standards."""
        value = 0
        for _ in range(count):
            byte = self._data[self._at >> 3]
            value = value << 1 | (byte >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def flag(self) -> bool:
        """One bit."""
        return bool(self.bits(1))

    def unsigned(self) -> int:
        """A number in Exp-Golomb code, ue(v)."""
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise IndexError("no number in Exp-Golomb code")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        """A number in signed Exp-Golomb code, se(v)."""
        value = self.unsigned()
        return (value + 1) // 2 if value % 2 else -(value // 2)
