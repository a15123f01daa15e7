"""From a place named by a client to the distance from a station."""

from __future__ import annotations

from pipeline.core.errors import ParameterError
from predictions.station_book import find_station


def distance_to_place(
    station: str,
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    easting_m: float | None = None,
    northing_m: float | None = None,
) -> float:
    """Straight-line kilometres from the station to a place in London, given in degrees or on the National Grid.

    Raises ParameterError for half a place or one outside London, UnknownStationError for the station.
    """
    from pipeline.core.geo import distance_km, inside_london, to_grid, to_wgs84

    home = find_station(station)
    if easting_m is not None and northing_m is not None:
        found_latitude, found_longitude = to_wgs84(easting_m, northing_m)
        inside = inside_london(easting_m, northing_m)
    elif latitude is not None and longitude is not None:
        found_latitude, found_longitude = latitude, longitude  # type: ignore[assignment]
        inside = inside_london(*to_grid(latitude, longitude))
    else:
        raise ParameterError(
            "The distance is missing: wanted distance in km, or a place as latitude and longitude or easting and northing.",
            fields={"distance": "missing"},
        )
    if not inside:
        raise ParameterError(
            "The place lies outside London.",
            hint="Give latitude and longitude in degrees (WGS84), or easting and northing in metres (National Grid).",
            fields={"place": "outside London"},
        )
    return float(distance_km(home.latitude, home.longitude, found_latitude, found_longitude))
