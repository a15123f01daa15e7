"""How an incident lies among the stations: offsets, the nearest ones, and the rank of the one that sends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

ROWS_AT_ONCE = 50_000  # keeps the rows × stations matrix at some 40 MB


@dataclass(frozen=True)
class StationMap:
    """The stations that sent engines in the training rows: sorted names, and their places in metres."""

    names: tuple[str, ...]
    easting: Floats
    northing: Floats

    @classmethod
    def of(cls, X: pd.DataFrame) -> Self:
        """From rows with station_name, station_easting_m, station_northing_m."""
        places = X.drop_duplicates("station_name").set_index("station_name").sort_index()
        return cls(
            tuple(places.index),
            places["station_easting_m"].to_numpy(dtype="float64"),
            places["station_northing_m"].to_numpy(dtype="float64"),
        )

    def codes(self, names: Any) -> Floats:
        """The position of each name, NaN for a station that never sent an engine; shape (n,)."""
        return codes_of(names, self.names)

    def relations(self, easting: Floats, northing: Floats, distance_km: Floats) -> dict[str, Floats]:
        """Kilometres to the nearest and second nearest station, how much farther the sending one is, and its rank.

        Places in metres, shape (n,). The rank counts stations nearer than the sending one; 0 means it is the nearest.
        """
        found = {name: np.empty(len(easting)) for name in ("nearest_km", "second_nearest_km", "rank")}
        for start in range(0, len(easting), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            apart = np.hypot(easting[part, None] - self.easting, northing[part, None] - self.northing) / 1000
            two = np.partition(apart, min(1, apart.shape[1] - 1), axis=1)
            found["nearest_km"][part] = two[:, 0]
            found["second_nearest_km"][part] = two[:, min(1, apart.shape[1] - 1)]
            # A metre's grace: the grid and the sphere measure the same line a little differently.
            found["rank"][part] = (apart < distance_km[part, None] * 0.999 - 0.001).sum(axis=1)
        found["detour_km"] = distance_km - found["nearest_km"]
        return found

    def as_dict(self) -> dict[str, Any]:
        return {"names": list(self.names), "easting": self.easting.tolist(), "northing": self.northing.tolist()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        return cls(tuple(stored["names"]), np.asarray(stored["easting"], float), np.asarray(stored["northing"], float))


def codes_of(values: Any, known: tuple[str, ...]) -> Floats:
    """The position of each value among the known ones, NaN for any other; shape (n,)."""
    positions = dict(zip(known, range(len(known)), strict=True))
    return np.array([positions.get(value, math.nan) for value in values], dtype="float64")


def trip_columns(X: pd.DataFrame | Mapping[str, Any], stations: StationMap) -> dict[str, Floats]:
    """What a trip is without the place it leads to, by name, each shape (n,); NaN where a question leaves something out."""
    names = ("distance_km", "hour", "pump_order", "station_easting_m", "station_northing_m")
    return {
        **{name: np.asarray(X[name], dtype="float64") for name in names},
        "station": stations.codes(X["station_name"]),
    }


def question_columns(X: pd.DataFrame | Mapping[str, Any], stations: StationMap) -> dict[str, Floats]:
    """As `trip_columns`, with the place."""
    trip = trip_columns(X, stations)
    easting, northing, is_own_ground = (
        np.asarray(X[name], dtype="float64") for name in ("incident_easting_m", "incident_northing_m", "is_own_ground")
    )
    return {
        **trip,
        "incident_easting_m": easting,
        "incident_northing_m": northing,
        "is_own_ground": is_own_ground,
        "east_km": (easting - trip["station_easting_m"]) / 1000,
        "north_km": (northing - trip["station_northing_m"]) / 1000,
        **stations.relations(easting, northing, trip["distance_km"]),
    }
