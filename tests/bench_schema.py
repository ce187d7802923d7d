"""The schema of ``polyplive bench --json``, for whoever reads it with another program."""

from __future__ import annotations

NUMBER = {"type": "number", "minimum": 0}
TEXT = {"type": "string", "minLength": 1}
COUNTS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
POINTS = ("mean", "p50", "p90", "p95", "p99", "p999", "max")
FIGURES = {
    "type": "object",
    "properties": dict.fromkeys(POINTS, NUMBER),
    "required": list(POINTS),
    "additionalProperties": False,
}
FIGURES_OR_NONE = {"anyOf": [FIGURES, {"type": "null"}]}
RATES = {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 1}
STAGES = ("decode", "preprocess", "infer", "postprocess", "composite")
CAUSES = ("decode", "waiting", "preprocess", "infer", "postprocess", "draw", "present", "other")
COUNT = {"type": "integer", "minimum": 0}
SHARE = {
    "type": "object",
    "properties": {"count": COUNT, "of": COUNT, "rate": {"type": ["number", "null"], "minimum": 0, "maximum": 1}},
    "required": ["count", "of", "rate"],
    "additionalProperties": False,
}
SHARE_OR_NONE = {"anyOf": [SHARE, {"type": "null"}]}
RATIO = {
    "type": "object",
    "properties": {"ratio": NUMBER, "low": NUMBER, "high": NUMBER},
    "required": ["ratio", "low", "high"],
    "additionalProperties": False,
}


def mode(video: dict, annotation: dict) -> dict:
    """One mode's object, with what its two delays may be."""
    return {
        "type": "object",
        "properties": {
            "fps": FIGURES,
            "fps_runs": RATES,
            "fps_blocks": RATES,
            "video_delay_ms": video,
            "annotation_delay_ms": annotation,
            "stages_ms": {
                "type": "object",
                "properties": dict.fromkeys(STAGES, FIGURES),
                "required": ["infer"],
                "additionalProperties": False,
            },
            "delay_causes_ms": {
                "type": "object",
                "properties": dict.fromkeys(CAUSES, FIGURES),
                "additionalProperties": False,
            },
            "own_overlays": SHARE_OR_NONE,
            "own_maps": SHARE_OR_NONE,
            "dropped": COUNTS,
        },
        "required": [
            "fps",
            "fps_runs",
            "fps_blocks",
            "video_delay_ms",
            "annotation_delay_ms",
            "stages_ms",
            "delay_causes_ms",
            "own_overlays",
            "own_maps",
            "dropped",
        ],
        "additionalProperties": False,
    }


NONE = {"type": "null"}
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
CANDIDATE = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("name", "backend", "device", "model", "graph_precision", "precision"), TEXT),
        "model_sha256": HASH,
        "cam": {"type": "boolean"},
        "fps": FIGURES,
        "infer_ms": FIGURES,
        "to_first": RATIO,
    },
    "required": ["name", "backend", "device", "model", "model_sha256", "cam", "fps", "infer_ms", "to_first"],
    "additionalProperties": False,
}
REMARK = {
    "type": "object",
    "properties": {"part": TEXT, "text": TEXT, "stands": {"type": "boolean"}},
    "required": ["part", "text", "stands"],
    "additionalProperties": False,
}
GPU = {
    "type": "object",
    "properties": {
        "name": {"type": ["string", "null"]},
        "driver": {"type": ["string", "null"]},
        **{
            key: {"type": ["number", "null"]}
            for key in (
                "clock_mhz",
                "highest_clock_mhz",
                "memory_clock_mhz",
                "power_w",
                "power_cap_w",
                "temperature_c",
                "memory_mib",
                "process_memory_mib",
            )
        },
        "throttled_by": {"type": ["array", "null"], "items": TEXT},
    },
    "additionalProperties": False,
}
GPU["required"] = list(GPU["properties"])
SCHEMA = {
    "type": "object",
    "properties": {
        "schema": {"const": 4},
        **dict.fromkeys(("version", "backend", "device", "model", "model_version"), TEXT),
        "measured": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"},
        **dict.fromkeys(("precision", "graph_precision", "roi"), TEXT),
        "input": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
        "one_field": {"type": "boolean"},
        **dict.fromkeys(("min_area", "threshold"), NUMBER),
        "machine": {
            "type": "object",
            "properties": {"processor": TEXT, "processors": {"type": "integer", "minimum": 1}},
            "required": ["processor", "processors"],
        },
        "gpu": {"anyOf": [GPU, NONE]},
        "driver": {"type": ["string", "null"]},
        "model_sha256": HASH,
        "source": {"type": "object", "required": ["name", "width", "height", "fps", "codec"]},
        "cam": {"type": "boolean"},
        **{key: {"type": "integer", "minimum": 1} for key in ("frames", "runs", "warm_up")},
        "modes": {
            "type": "object",
            "properties": {
                "engine": mode(NONE, FIGURES),
                "headless": mode(NONE, FIGURES),
                "display": mode(FIGURES, FIGURES_OR_NONE),
            },
            "required": ["engine", "headless"],
            "additionalProperties": False,
        },
        "skipped": {"type": "object", "additionalProperties": TEXT},
        "headless_share_of_engine": RATIO,
        "process_cost_ms": {
            "type": "object",
            "properties": {key: {"type": "number"} for key in ("p50", "low", "high", "exchange")},
            "required": ["p50", "low", "high", "exchange"],
            "additionalProperties": False,
        },
        "remarks": {"type": "array", "items": REMARK},
        "compare": {"type": "array", "items": CANDIDATE, "minItems": 2},
        "against": {"type": "object", "additionalProperties": RATIO},
        "dropped": COUNTS,
        "peak_memory_mib": {"type": ["number", "null"]},
        "peak_gpu_memory_mib": {"type": ["number", "null"]},
    },
    "additionalProperties": False,
}
SCHEMA["required"] = [name for name in SCHEMA["properties"] if name not in ("compare", "against")]
