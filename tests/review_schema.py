"""The JSON schema of a review file, as docs/formats.md describes it."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_SPAN = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
_BOX = {"type": "array", "items": _WHOLE, "minItems": 4, "maxItems": 4}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_PLACE = _object({"index": _WHOLE, "time_s": _NUMBER, "box": _BOX, "score": _NUMBER})
_FINDING = _object(
    {
        "number": _WHOLE,
        "spans": {"type": "array", "items": _SPAN, "minItems": 1},
        "best": _PLACE,
        "places": {"type": "array", "items": _PLACE, "minItems": 1},
        "label": _TEXT,
        "verdict": {"enum": ["unseen", "accepted", "rejected"]},
        "decided": _TEXT,
        "by": _TEXT,
    }
)
_NOTE = _object(
    {
        "number": {"type": "integer", "minimum": 1},
        "at_s": _NUMBER,
        "text": {"type": "string", "minLength": 1},
        "track": {"type": ["integer", "null"]},
        "written": _TEXT,
        "by": _TEXT,
    }
)
_PICTURE = _object(
    {
        "at_s": _NUMBER,
        "name": _TEXT,
        "caption": _TEXT,
        "jpeg": {"type": "string", "contentEncoding": "base64"},
        "written": _TEXT,
        "by": _TEXT,
    }
)
_ANALYSIS = _object({"model": _TEXT, "model_sha256": _TEXT, "settings": {"type": "object"}, "events_sha256": _TEXT})

REVIEW = _object(
    {
        "schema": {"const": 1},
        "version": _TEXT,
        "written": _TEXT,
        "video": _object({"name": _TEXT, "size": _WHOLE, "sample_sha256": _SHA256}),
        "analysis": {"anyOf": [_ANALYSIS, {"type": "null"}]},
        "findings": {"type": "array", "items": _FINDING},
        "notes": {"type": "array", "items": _NOTE},
        "marks": {"type": "array", "items": _WHOLE},
        "pictures": {"type": "array", "items": _PICTURE},
    }
)
