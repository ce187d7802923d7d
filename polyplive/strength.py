"""How sure the model is of a finding, in steps that a contour's line shows."""

from __future__ import annotations

from enum import Enum


class Strength(Enum):
    """How sure the model is of a finding, in three steps that a contour's line shows; ``value`` is the step's word."""

    WEAK = "weak"
    MIDDLING = "middling"
    STRONG = "strong"

    @classmethod
    def of(cls, score: float) -> Strength:
        """The step of a ``score`` in [0, 1]."""
        return cls.STRONG if score >= STRONG_FROM else cls.MIDDLING if score >= MIDDLING_FROM else cls.WEAK


MIDDLING_FROM, STRONG_FROM = 0.5, 0.75
"""The scores at which two of the steps begin."""
