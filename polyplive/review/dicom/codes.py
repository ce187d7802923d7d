"""The coded concepts of the report: standard ones where there are, else those of a scheme of our own."""

from __future__ import annotations

from typing import Any

SCHEME = "99POLYPLIVE"
"""Codes of our own, which the standard allows with a scheme that begins with 99."""


def own(value: str, meaning: str) -> Any:
    """A concept of our own scheme."""
    from pydicom.sr.coding import Code

    return Code(value, SCHEME, meaning)


def standard(scheme: str, value: str, meaning: str) -> Any:
    """A concept of SNOMED CT (SCT), DICOM (DCM) or UCUM."""
    from pydicom.sr.coding import Code

    return Code(value, scheme, meaning)


def colonoscopy() -> Any:
    """The procedure."""
    return standard("SCT", "73761001", "Colonoscopy")


def polyp() -> Any:
    """The finding."""
    return standard("SCT", "68496003", "Polyp of colon")


def colon() -> Any:
    """The place."""
    return standard("SCT", "71854001", "Colon structure")


def ratio() -> Any:
    """The unit of a share."""
    return standard("UCUM", "1", "no units")


def second() -> Any:
    """The unit of times."""
    return standard("UCUM", "s", "second")


def pixel() -> Any:
    """The unit of areas."""
    return standard("UCUM", "{pixels}", "pixels")
