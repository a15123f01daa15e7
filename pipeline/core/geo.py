"""Grid references, latitudes and longitudes, and straight-line distances; everything vectorised."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

Floats = npt.NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG

# Greater London with some ten kilometres around it, where London's engines also go: British National Grid, metres.
LONDON_WEST_M, LONDON_EAST_M = 490_000.0, 575_000.0
LONDON_SOUTH_M, LONDON_NORTH_M = 145_000.0, 212_000.0


@cache
def _transformer(source: int, target: int) -> Transformer:
    # Without the OSTN15 grid file, which would have to be fetched, PROJ takes the seven-parameter shift. In London it lies
    # 2 to 3 m beside the coordinates that LFB publishes, everywhere in the same direction: nothing beside the 100 m to
    # which dwellings are rounded.
    return Transformer.from_crs(source, target, always_xy=True)


def to_wgs84(easting_m: Any, northing_m: Any) -> tuple[Floats, Floats]:
    """British National Grid (EPSG:27700), metres → latitude and longitude, degrees. NaN stays NaN."""
    longitude, latitude = _transformer(27700, 4326).transform(_floats(easting_m), _floats(northing_m))
    return _finite(latitude), _finite(longitude)


def to_grid(latitude: Any, longitude: Any) -> tuple[Floats, Floats]:
    """Latitude and longitude, degrees → British National Grid easting and northing, metres. NaN stays NaN."""
    easting, northing = _transformer(4326, 27700).transform(_floats(longitude), _floats(latitude))
    return _finite(easting), _finite(northing)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype="float64")


def _finite(values: Any) -> Floats:
    array = np.asarray(values, dtype="float64")
    return np.where(np.isfinite(array), array, np.nan)


def distance_km(latitude_1: Any, longitude_1: Any, latitude_2: Any, longitude_2: Any) -> Floats:
    """Great-circle distance in kilometres, by the haversine formula: the straight line of every file and every door.

    On a sphere: up to 0.3 % short of the ellipsoid from east to west in London, the same in training and in answers.

    >>> float(distance_km(51.506969, -0.276957, 51.529827, 0.088925).round(2))  # Acton to Barking
    25.44
    """
    phi_1, phi_2 = np.radians(_floats(latitude_1)), np.radians(_floats(latitude_2))
    half_dphi = (phi_2 - phi_1) / 2
    half_dlambda = np.radians(_floats(longitude_2) - _floats(longitude_1)) / 2
    chord = np.sin(half_dphi) ** 2 + np.cos(phi_1) * np.cos(phi_2) * np.sin(half_dlambda) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def inside_london(easting_m: Any, northing_m: Any) -> npt.NDArray[np.bool_]:
    """Whether a place lies in Greater London or some ten kilometres around it; False for NaN."""
    easting, northing = _floats(easting_m), _floats(northing_m)
    return np.asarray(
        (easting >= LONDON_WEST_M)
        & (easting <= LONDON_EAST_M)
        & (northing >= LONDON_SOUTH_M)
        & (northing <= LONDON_NORTH_M)
    )
