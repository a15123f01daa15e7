"""What the trees read of a trip: from which station, how far, when, and where it leads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


@lru_cache(maxsize=16)
def _positions(known: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(known, range(len(known)), strict=True))


def codes_of(values: Any, known: tuple[str, ...]) -> Floats:
    """The position of each value among the known ones, NaN for any other; shape (n,)."""
    positions = _positions(known)
    return np.array([positions.get(value, math.nan) for value in values], dtype="float64")


def trip_columns(X: pd.DataFrame | Mapping[str, Any], stations: tuple[str, ...]) -> dict[str, Floats]:
    """What a trip is without the place it leads to, by name, each shape (n,); NaN where a question leaves something out.

    A missing pump order means the first engine; `stations` are those known from training.
    """
    names = ("distance_km", "hour", "weekday", "pump_order", "station_easting_m", "station_northing_m")
    found = {name: np.asarray(X[name], dtype="float64") for name in names}
    order = found["pump_order"]
    return {
        **found,
        "pump_order": np.where(np.isnan(order), 1.0, order),
        "station": codes_of(X["station_name"], stations),
    }


def question_columns(X: pd.DataFrame | Mapping[str, Any], stations: tuple[str, ...]) -> dict[str, Floats]:
    """As `trip_columns`, with the place: on the grid and along its diagonals, and as seen from the station.

    Trees cut one column at a time, so that what lies aslant of the grid, like a river, takes them many cuts without the
    diagonals, and a way out of town without the direction.
    """
    trip = trip_columns(X, stations)
    easting, northing = (np.asarray(X[name], dtype="float64") for name in ("incident_easting_m", "incident_northing_m"))
    east_km, north_km = (easting - trip["station_easting_m"]) / 1000, (northing - trip["station_northing_m"]) / 1000
    return {
        **trip,
        "incident_easting_m": easting,
        "incident_northing_m": northing,
        "along_northeast_m": (easting + northing) / math.sqrt(2),
        "along_southeast_m": (easting - northing) / math.sqrt(2),
        "east_km": east_km,
        "north_km": north_km,
        "direction": np.arctan2(north_km, east_km),  # radians, from east over north
    }
