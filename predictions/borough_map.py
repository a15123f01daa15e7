"""Which borough a place lies in, and where a borough's middle is, by the outlines that the map shows."""

from __future__ import annotations

import json
from functools import cache

from django.contrib.staticfiles import finders

OUTLINES = "lfb_site/london_boroughs.geojson"

Ring = list[tuple[float, float]]


@cache
def _outlines() -> dict[str, list[Ring]]:
    """Borough → outer rings of (longitude, latitude)."""
    path = finders.find(OUTLINES)
    with open(str(path), encoding="utf-8") as file:  # noqa: PTH123
        features = json.load(file)["features"]
    return {
        feature["properties"]["borough_name"]: [polygon[0] for polygon in feature["geometry"]["coordinates"]]
        for feature in features
    }


def borough_at(latitude: float, longitude: float) -> str | None:
    """The borough of a place; None outside all outlines, which are a few hundred metres coarse."""
    return next(
        (borough for borough, rings in _outlines().items() if any(_holds(ring, longitude, latitude) for ring in rings)),
        None,
    )


def middle_of(borough: str) -> tuple[float, float]:
    """Latitude and longitude of the middle of the borough; KeyError for a name that is not among `borough_names`."""
    largest = max(_outlines()[borough], key=len)
    longitudes, latitudes = zip(*largest, strict=True)
    return (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2


def borough_names() -> list[str]:
    return sorted(_outlines())


def _holds(ring: Ring, x: float, y: float) -> bool:
    """Whether a ray from the point to the east crosses the ring an odd number of times."""
    inside = False
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside
