"""Timelines of recordings that nobody made, with as many findings as a test wants."""

from __future__ import annotations

import random

from polyplive.review.timeline import Quality, QualitySpan, Timeline
from polyplive.review.tracks import Sighting, Span, Track

FRAME_S = 0.04


def made_track(number: int, *spans: Span, score: float = 0.8, step_s: float = 0.2) -> Track:
    """A track that is seen in these stretches, best in the middle of the first one."""
    best_s = sum(spans[0]) / 2
    times = [
        start_s + step_s * place for start_s, end_s in spans for place in range(int((end_s - start_s) / step_s) + 1)
    ]
    nearest = min(times, key=lambda time_s: abs(time_s - best_s))
    return Track(
        number,
        tuple(
            Sighting(
                round(time_s / FRAME_S), time_s, (60, 40, 50, 40), 1500, 0.02, score - 0.1 * (time_s != nearest), number
            )
            for time_s in times
        ),
        FRAME_S,
    )


def made_timeline(findings: int, spans: int = 1, duration_s: float = 3600.0, seed: int = 1) -> Timeline:
    """``findings`` tracks of ``spans`` stretches each, two thirds analysed, with flaws of the picture."""
    chance = random.Random(seed)
    room_s = 6.0 * spans
    starts = sorted(chance.uniform(0, duration_s - room_s) for _ in range(findings))
    tracks = tuple(
        made_track(
            number,
            *((start_s + 6 * part, start_s + 6 * part + chance.uniform(0.5, 4)) for part in range(spans)),
            score=chance.uniform(0.4, 0.95),
        )
        for number, start_s in enumerate(starts, 1)
    )
    flaws = sorted(chance.uniform(0, duration_s - 30) for _ in range(200))
    quality = tuple(QualitySpan(chance.choice(list(Quality)), at_s, at_s + chance.uniform(1, 30)) for at_s in flaws)
    return Timeline(duration_s, ((0.0, duration_s * 2 / 3),), tracks, quality)
