"""Where generated incidents happen, on whose ground, and which stations are near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core import geo
from pipeline.core import sample_rates as rates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CENTRE_M = (530_000.0, 180_500.0)  # Charing Cross
SCATTER = 0.58  # of the mean distance to the three next stations
NEAREST = 8  # stations that may send a pump
QUIET = {"Biggin Hill": 0.10, "Wennington": 0.35, "Hainault": 0.36, "Chingford": 0.5}
BUSY = {"Soho": 1.35, "Paddington": 1.2, "North Kensington": 1.2, "Croydon": 2.2}


@dataclass(frozen=True)
class Map:
    """The land stations in use, and how often their surroundings call."""

    names: npt.NDArray[np.object_]
    codes: npt.NDArray[np.object_]
    boroughs: npt.NDArray[np.object_]
    easting: Floats
    northing: Floats
    latitude: Floats
    longitude: Floats
    weight: Floats
    spacing_m: Floats

    @classmethod
    def of(cls, stations: pd.DataFrame) -> Map:
        """From the stations frame (station_name, station_code, borough_name, places, closed, kind)."""
        chosen = stations[stations["closed"].isna() & (stations["kind"] == "land")].sort_values("station_name")
        easting, northing = (chosen[name].to_numpy(dtype="float64") for name in ("easting_m", "northing_m"))
        apart = np.hypot(easting[:, None] - easting, northing[:, None] - northing)
        spacing = np.sort(apart, axis=1)[:, 1:4].mean(axis=1)
        from_centre_km = np.hypot(easting - CENTRE_M[0], northing - CENTRE_M[1]) / 1000
        weight = 0.62 + 1.9 * np.exp(-from_centre_km / 4.0)
        names = chosen["station_name"].to_numpy(dtype=object)
        weight *= np.array([QUIET.get(name, BUSY.get(name, 1.0)) for name in names])
        return cls(
            names,
            chosen["station_code"].to_numpy(dtype=object),
            chosen["borough_name"].to_numpy(dtype=object),
            easting,
            northing,
            chosen["latitude"].to_numpy(dtype="float64"),
            chosen["longitude"].to_numpy(dtype="float64"),
            weight / weight.sum(),
            spacing,
        )


@dataclass(frozen=True)
class Places:
    """`count` incident places: whole metres, the index of the ground's station, and the stations near, nearest first.

    `near` and `near_km` have shape (count, NEAREST).
    """

    easting: Floats
    northing: Floats
    latitude: Floats
    longitude: Floats
    ground: Ints
    near: Ints
    near_km: Floats
    ward: Ints


def draw_places(count: int, london: Map, generator: np.random.Generator) -> Places:
    """Places scattered around stations, wider where stations stand farther apart."""
    around = generator.choice(len(london.names), size=count, p=london.weight)
    radius = london.spacing_m[around] * SCATTER * generator.weibull(1.85, count)
    angle = generator.uniform(0, 2 * np.pi, count)
    easting = np.round(london.easting[around] + radius * np.cos(angle))
    northing = np.round(london.northing[around] + radius * np.sin(angle))
    latitude, longitude = geo.to_wgs84(easting, northing)
    near, near_km = _nearest(easting, northing, london)
    is_own = generator.random(count) < rates.OWN_GROUND_OF_NEAREST
    ward = (np.floor(easting / 1500) * 7 + np.floor(northing / 1500) * 13).astype("int64") % 18 + 1
    return Places(easting, northing, latitude, longitude, np.where(is_own, near[:, 0], near[:, 1]), near, near_km, ward)


def _nearest(easting: Floats, northing: Floats, london: Map) -> tuple[Ints, Floats]:
    apart = np.hypot(easting[:, None] - london.easting, northing[:, None] - london.northing) / 1000
    some = np.argpartition(apart, NEAREST, axis=1)[:, :NEAREST]
    order = np.argsort(np.take_along_axis(apart, some, axis=1), axis=1, kind="stable")
    near = np.take_along_axis(some, order, axis=1)
    return near, np.take_along_axis(apart, near, axis=1)


def area_pace(easting: Floats, northing: Floats) -> Floats:
    """A smooth map of fast and slow areas: the logarithm of a factor on travel time, about TRAVEL_BY_PLACE wide."""
    x, y = (easting - CENTRE_M[0]) / 1000, (northing - CENTRE_M[1]) / 1000
    waves = np.sin(0.35 * x + 0.6) + np.cos(0.31 * y - 0.9) + np.sin(0.22 * (x + y)) + np.cos(0.27 * (x - y) + 0.4)
    return np.asarray(rates.TRAVEL_BY_PLACE * waves / np.sqrt(2.0))
