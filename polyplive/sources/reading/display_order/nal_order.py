"""What H.264 and HEVC have in common: parameter sets and slices in NAL units, of which a packet holds some."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod

from polyplive.sources.reading.display_order.nal_units import NalSplitter
from polyplive.sources.reading.display_order.order_count import OrderCounts
from polyplive.sources.reading.display_order.parameter_sets import ParameterSets

HEADER_BYTES = 64
"""More than the part of a slice's or a picture's header that is read."""


class NalOrder(ABC):
    """Implements ``DisplayOrder`` for a codec that says how its units are read."""

    def __init__(self, extradata: bytes, *, hevc: bool) -> None:
        self._splitter = NalSplitter(extradata, hevc=hevc)
        self._counts = OrderCounts()
        self._sets = ParameterSets()
        for unit in self._splitter.parameters:
            with contextlib.suppress(IndexError):  # a set that is cut short; a later one may be whole
                self._note(unit)

    def add(self, data: bytes) -> None:
        """See ``DisplayOrder``."""
        try:
            for unit in self._splitter.units(data):
                if self._is_slice(unit):
                    self._slice(unit)
                    return
                self._note(unit, len(self._counts.keys))
        except (IndexError, KeyError):
            pass
        self._counts.add_unknown()

    def keys(self) -> list[int | None]:
        """See ``DisplayOrder``."""
        return self._counts.keys

    def starts(self, places: list[int]) -> list[int]:
        """See ``DisplayOrder``."""
        return self._sets.starts(places)

    def without_picture(self) -> set[int]:
        """See ``DisplayOrder``."""
        return set()

    @abstractmethod
    def _is_slice(self, unit: bytes) -> bool:
        """Whether ``unit`` is a slice of a picture."""

    @abstractmethod
    def _slice(self, unit: bytes) -> None:
        """Count the picture that ``unit`` begins. Raises ``IndexError`` or ``KeyError`` where it is damaged."""

    @abstractmethod
    def _note(self, unit: bytes, place: int | None = None) -> None:
        """Note ``unit`` if it is a parameter set, of the packet at ``place``. Raises ``IndexError``."""
