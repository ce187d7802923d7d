"""Which packets carry parameter sets of H.264 and HEVC, and whether these change on the way."""

from __future__ import annotations


class ParameterSets:
    """Notes the parameter sets of a stream; joined recordings may give one number to two of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bytes] = {}
        self._carriers: set[int] = set()
        self._change = False

    def note(self, kind: int, number: int, unit: bytes, place: int | None) -> None:
        """Note a set, and the place of the packet that carries it; None for one outside of the packets."""
        contents = unit.rstrip(b"\0")
        self._change |= self._known.get((kind, number), contents) != contents
        self._known[kind, number] = contents
        if place is not None:
            self._carriers.add(place)

    def starts(self, places: list[int]) -> list[int]:
        """See ``DisplayOrder``."""
        return [place for place in places if place in self._carriers] if self._change else places
