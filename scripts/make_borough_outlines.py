"""Makes london_boroughs.geojson from the TopoJSON in the npm package vega-datasets.

npm pack vega-datasets && tar xzf vega-datasets-*.tgz
python scripts/make_borough_outlines.py package/data/londonBoroughs.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline.core.boroughs import BOROUGH_CODES, canonical_borough

TARGET = Path(__file__).resolve().parent.parent / "lfb_site" / "static" / "lfb_site" / "london_boroughs.geojson"
POINTS_OF_A_TRIANGLE = 4  # the first comes again at the end
DECIMALS = 4  # about 10 m: the outlines themselves are coarser


def decode_arcs(topology: dict[str, Any]) -> list[list[list[float]]]:
    """TopoJSON's delta-encoded integers → longitude and latitude in degrees."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append([round(x * scale_x + shift_x, DECIMALS), round(y * scale_y + shift_y, DECIMALS)])
        arcs.append(points)
    return arcs


def ring(numbers: list[int], arcs: list[list[list[float]]]) -> list[list[float]]:
    """One closed line from arc numbers; a negative number means the arc backwards. No point twice in a row."""
    points: list[list[float]] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc
    return [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]


def to_polygons(shape: dict[str, Any], arcs: list[list[list[float]]]) -> list[list[list[list[float]]]]:
    """The outlines of one borough, without slivers that rounding has left no area."""
    parts = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
    polygons = [[ring(numbers, arcs) for numbers in part] for part in parts]
    return [polygon for polygon in polygons if len(polygon[0]) >= POINTS_OF_A_TRIANGLE]


def to_geojson(topology: dict[str, Any]) -> dict[str, Any]:
    arcs, features = decode_arcs(topology), []
    for shape in topology["objects"]["boroughs"]["geometries"]:
        name = canonical_borough(shape["id"])
        features.append(
            {
                "type": "Feature",
                "properties": {"borough_name": name, "borough_code": BOROUGH_CODES[name or ""]},
                "geometry": {"type": "MultiPolygon", "coordinates": to_polygons(shape, arcs)},
            }
        )
    return {
        "type": "FeatureCollection",
        "features": sorted(features, key=lambda feature: feature["properties"]["borough_code"]),
    }


if __name__ == "__main__":
    outlines = to_geojson(json.loads(Path(sys.argv[1]).read_text()))
    TARGET.write_text(json.dumps(outlines, separators=(",", ":")) + "\n")
    print(f"{len(outlines['features'])} boroughs, {TARGET.stat().st_size:,} bytes")
