"""Places as clients name them, in degrees or on the National Grid."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.core.errors import ParameterError
from predictions.station_book import KnownStation

# The two 100 km squares of the National Grid that hold London, by the south-west corner in metres.
GRID_SQUARES = {"TQ": (500_000, 100_000), "TL": (500_000, 200_000)}
GRID_REFERENCE = re.compile(
    r"^\s*([A-Z]{2})\s*(\d{1,5})\s*(\d{1,5})\s*$|^\s*([A-Z]{2})\s*(\d{2,10})\s*$", re.IGNORECASE
)


@dataclass(frozen=True)
class Place:
    """One place in London: degrees in WGS84, metres on the National Grid."""

    latitude: float
    longitude: float
    easting_m: float
    northing_m: float


def find_place(
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    easting_m: float | None = None,
    northing_m: float | None = None,
) -> Place | None:
    """The place that is meant; None where nothing was given. Raises ParameterError for half a place or one outside London."""
    from pipeline.core.geo import inside_london, to_grid, to_wgs84

    degrees, metres = (latitude, longitude), (easting_m, northing_m)
    given = [pair for pair in (degrees, metres) if pair != (None, None)]
    if not given:
        return None
    if len(given) == 2 or None in given[0]:
        raise ParameterError(
            "The place is not complete, or given twice: wanted latitude and longitude, or easting and northing.",
            fields={"place": "incomplete"},
        )
    if easting_m is None or northing_m is None:
        easting, northing = (float(value) for value in to_grid(latitude, longitude))
        found = Place(float(latitude or 0), float(longitude or 0), easting, northing)
    else:
        found_latitude, found_longitude = (float(value) for value in to_wgs84(easting_m, northing_m))
        found = Place(found_latitude, found_longitude, easting_m, northing_m)
    if not inside_london(found.easting_m, found.northing_m):
        raise ParameterError(
            "The place lies outside London.",
            hint="Give latitude and longitude in degrees (WGS84), or easting and northing in metres (National Grid).",
            fields={"place": "outside London"},
        )
    return found


def read_grid_reference(text: str) -> Place | None:
    """The middle of the square that a grid reference such as “TQ 20 80” or “TQ2080” names; None where it is none.

    Raises ParameterError for a square outside London.
    """
    match = GRID_REFERENCE.match(text)
    if match is None:
        return None
    letters, east, north, packed_letters, packed = match.groups()
    if packed:
        letters, half = packed_letters, len(packed) // 2
        east, north = packed[:half], packed[half:]
    if len(east) != len(north):
        return None
    square = GRID_SQUARES.get(letters.upper())
    if square is None:
        raise ParameterError(
            f"The square {letters.upper()} of the National Grid lies outside London: wanted TQ or TL.",
            fields={"place": "outside London"},
        )
    size = 10 ** (5 - len(east))
    return find_place(easting_m=square[0] + (int(east) + 0.5) * size, northing_m=square[1] + (int(north) + 0.5) * size)


def distance_from(station: KnownStation, place: Place) -> float:
    """Straight-line kilometres."""
    from pipeline.core.geo import distance_km

    return float(distance_km(station.latitude, station.longitude, place.latitude, place.longitude))
