"""Reads the bits of a picture's header."""

from __future__ import annotations


class BitReader:
    """Reads from the first bit on; raises ``IndexError`` behind the last one."""

    def __init__(self, data: bytes, *, escaped: bool = True) -> None:
        """``data``: a unit's payload.

        With ``escaped`` the bytes against false start codes are taken out (H.264 and HEVC: ISO 14496-10, 7.4.1).
        """
        data = data.replace(b"\x00\x00\x03", b"\x00\x00") if escaped else data
        self._number = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def skip(self, count: int) -> None:
        """Pass over ``count`` bits."""
        self._left -= count

    def bits(self, count: int) -> int:
        """An unsigned number of ``count`` bits, u(n) in the standards."""
        self._left -= count
        if self._left < 0:
            raise IndexError("behind the last bit")
        return self._number >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        """One bit."""
        return bool(self.bits(1))

    def unsigned(self) -> int:
        """A number in Exp-Golomb code, ue(v)."""
        if self._left > 0 and self._number >> self._left - 1 & 1:  # most numbers are 0, which is one bit
            self._left -= 1
            return 0
        rest = self._number & (1 << max(self._left, 0)) - 1
        zeros = self._left - rest.bit_length()
        if rest == 0 or zeros > 32:
            raise IndexError("no number in Exp-Golomb code")
        self._left -= zeros + 1
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        """A number in signed Exp-Golomb code, se(v)."""
        value = self.unsigned()
        return (value + 1) // 2 if value % 2 else -(value // 2)
