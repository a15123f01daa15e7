"""How an incident lies among the stations: offsets, the nearest ones, and the rank of the one that sends."""

from __future__ import annotations

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
        codes = pd.Index(self.names).get_indexer(pd.Index(names)).astype("float64")
        return np.where(codes < 0, np.nan, codes)

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


def question_columns(X: pd.DataFrame | Mapping[str, Any], stations: StationMap) -> dict[str, Floats]:
    """The numbers that trees look at, by name, each shape (n,); NaN where a question leaves something out."""
    number = {name: np.asarray(X[name], dtype="float64") for name in (
        "distance_km", "hour", "pump_order", "incident_easting_m", "incident_northing_m", "is_own_ground",
        "station_easting_m", "station_northing_m",
    )}  # fmt: skip
    easting, northing = number["incident_easting_m"], number["incident_northing_m"]
    return {
        **number,
        "station": stations.codes(X["station_name"]),
        "east_km": (easting - number["station_easting_m"]) / 1000,
        "north_km": (northing - number["station_northing_m"]) / 1000,
        **stations.relations(easting, northing, number["distance_km"]),
    }
