"""Where the bars that draw an answer go: seconds in, per cent of the width out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.core.wording import PART_NAMES

SECONDS_OF_A_FULL_BAR = 30.0  # at least: what changes a time by a few seconds shall not look large
MARGIN = 1.12  # of the axis beyond what is drawn on it


def draw_reasons(contributions: Mapping[str, float]) -> dict[str, Any]:
    """What is usual, and a bar for each reason: right of the middle where it slows, left where it speeds.

    >>> draw_reasons({"typical": 320.0, "distance": -60.0, "hour": 15.0})["steps"][0]
    {'name': 'the distance', 'seconds': -60.0, 'from': 0.0, 'width': 50.0, 'slower': False}
    >>> draw_reasons({})
    {}
    """
    if not contributions:
        return {}
    usual, *parts = ((PART_NAMES.get(name, name), seconds) for name, seconds in contributions.items())
    longest = max(SECONDS_OF_A_FULL_BAR, *(abs(seconds) for _, seconds in parts))
    steps = []
    for name, seconds in parts:
        width = round(50 * abs(seconds) / longest, 2)
        start = 50.0 if seconds >= 0 else 50.0 - width
        steps.append({"name": name, "seconds": seconds, "from": start, "width": width, "slower": seconds >= 0})
    return {"name": usual[0], "seconds": usual[1], "steps": steps}


def draw_span(seconds: float, span: tuple[float, float], limits: tuple[float, ...]) -> dict[str, Any]:
    """An expected time, the span of most engines, and the limits of the standards, along one axis from zero.

    >>> draw_span(300, (240, 420), (360, 600))["limits"]
    [(360, 53.57), (600, 89.29)]
    """
    longest = MARGIN * max(seconds, *span, *limits)

    def along(time: float) -> float:
        return round(100 * time / longest, 2)

    return {
        "at": along(seconds),
        "from": along(span[0]),
        "width": round(along(span[1]) - along(span[0]), 2),
        "limits": [(limit, along(limit)) for limit in limits],
    }
