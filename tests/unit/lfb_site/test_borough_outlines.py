"""The outlines shipped with the site: all boroughs, in place, with their source beside them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from pipeline.core.boroughs import BOROUGH_CODES
from tests.real_data import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "lfb_site" / "static" / "lfb_site"


def shapes() -> dict[str, Any]:
    collection = json.loads((FOLDER / "london_boroughs.geojson").read_text(encoding="utf-8"))
    return {feature["properties"]["borough_name"]: feature for feature in collection["features"]}


def is_inside(longitude: float, latitude: float, ring: list[list[float]]) -> bool:
    """Even-odd rule: how often a line to the east crosses the ring."""
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > latitude) != (y2 > latitude):
            crossings += longitude < x1 + (latitude - y1) / (y2 - y1) * (x2 - x1)
    return crossings % 2 == 1


def test_all_33_boroughs_are_there_with_their_codes() -> None:
    assert {name: feature["properties"]["borough_code"] for name, feature in shapes().items()} == BOROUGH_CODES


def test_every_ring_is_closed_and_lies_in_london() -> None:
    for name, feature in shapes().items():
        assert feature["geometry"]["type"] == "MultiPolygon"
        for polygon in feature["geometry"]["coordinates"]:
            for ring in polygon:
                assert len(ring) >= 4, name
                assert ring[0] == ring[-1], name
                assert all(point != after for point, after in pairwise(ring)), name
                assert all(-0.52 < x < 0.34 and 51.28 < y < 51.70 for x, y in ring), name


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "borough"),
    [
        ("St Paul's", -0.0984, 51.5138, "City of London"),
        ("Soho Square", -0.1322, 51.5153, "Westminster"),
        ("Heathrow", -0.4543, 51.4700, "Hillingdon"),
        ("Biggin Hill", 0.0325, 51.3130, "Bromley"),
        ("Romford", 0.1830, 51.5750, "Havering"),
        ("Hammersmith Broadway", -0.2236, 51.4927, "Hammersmith and Fulham"),
    ],
)
def test_a_known_place_lies_in_its_borough_and_in_no_other(
    place: str, longitude: float, latitude: float, borough: str
) -> None:
    found = [
        name
        for name, feature in shapes().items()
        if any(is_inside(longitude, latitude, polygon[0]) for polygon in feature["geometry"]["coordinates"])
    ]

    assert found == [borough], place


def test_source_and_licence_lie_beside_the_outlines() -> None:
    words = (FOLDER / "london_boroughs.md").read_text(encoding="utf-8")

    assert "vega-datasets" in words
    assert "Open Government Licence" in words
