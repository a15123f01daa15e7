"""Questions as the rows that a model reads: what nobody asked about stays missing, and the model fills it by its rule."""

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core.distance import check_distance
from pipeline.core.errors import ParameterError
from pipeline.core.response_groups import WEEKDAYS
from pipeline.models import ModelVersion
from predictions.places import Place, distance_from
from predictions.station_book import KnownStation, find_station

LONDON = zoneinfo.ZoneInfo("Europe/London")
MAX_PUMP_ORDER = 30
# A distance given beside a place may differ from the straight line by so much: places are often rounded to 100 m.
TOLERATED_KM, TOLERATED_SHARE = 0.3, 0.05

# Question → the column that tells whether a model looks at it, and what stands in where it is not given.
ASSUMED = {
    "time": ("hour", "averaged over the hours of the day, weighted by calls"),
    "weekday": ("weekday", "averaged over the days of the week, weighted by calls"),
    "place": ("incident_easting_m", "averaged over the places at this distance from the station"),
}


@dataclass(frozen=True)
class Trip:
    """One engine on its way: from where, how far, and what else is known. Hour and day are London's: 0 to 23, Monday 0."""

    station: KnownStation
    distance_km: float
    place: Place | None = None
    hour: int | None = None
    weekday: int | None = None
    pump_order: int = 1

    def ignored_by(self, version: ModelVersion) -> list[str]:
        """What was given and the version does not look at."""
        known = self._known()
        names = [name for name, (column, _) in ASSUMED.items() if known[name] and column not in version.feature_names]
        return [*names, *(["pump_order"] if self.pump_order > 1 and "pump_order" not in version.feature_names else [])]

    def assumed_by(self, version: ModelVersion) -> dict[str, str]:
        """What was not given and the version looks at, with the rule that fills it."""
        known = self._known()
        return {
            name: rule
            for name, (column, rule) in ASSUMED.items()
            if not known[name] and column in version.feature_names
        }

    @property
    def weekday_name(self) -> str:
        return "" if self.weekday is None else WEEKDAYS[self.weekday]

    def _known(self) -> dict[str, bool]:
        given = {"time": self.hour, "weekday": self.weekday, "place": self.place}
        return {name: value is not None for name, value in given.items()}


def make_trip(
    station: str,
    distance_km: float | None = None,
    *,
    place: Place | None = None,
    at: dt.datetime | None = None,
    pump_order: int | None = None,
) -> Trip:
    """The trip that is asked about; the distance may be left out where the place is given.

    `at` without a zone is on London's clock. Raises DistanceError, UnknownStationError or ParameterError.
    """
    known = find_station(station)
    if pump_order is not None and not 1 <= pump_order <= MAX_PUMP_ORDER:
        raise ParameterError(
            f"{pump_order} is no pump order: wanted 1 for the first engine, 2 for the second, up to {MAX_PUMP_ORDER}.",
            fields={"pump_order": "out of range"},
        )
    local = at.astimezone(LONDON) if at is not None and at.tzinfo is not None else at
    distance = _distance(known, distance_km, place)
    hour, weekday = (local.hour, local.weekday()) if local else (None, None)
    return Trip(known, distance, place, hour, weekday, pump_order or 1)


def _distance(station: KnownStation, distance_km: float | None, place: Place | None) -> float:
    if distance_km is not None:
        check_distance(distance_km)
    if place is None:
        if distance_km is None:
            raise ParameterError(
                "The distance is missing: wanted distance in km, or a place as latitude and longitude or easting and "
                "northing.",
                fields={"distance": "missing"},
            )
        return float(distance_km)
    straight = distance_from(station, place)
    if distance_km is not None and abs(distance_km - straight) > TOLERATED_KM + TOLERATED_SHARE * straight:
        raise ParameterError(
            f"The distance of {distance_km:g} km and the place contradict each other: it lies {straight:.2f} km from "
            f"{station.name}.",
            hint="Leave one of the two out.",
            fields={"distance": "contradicts the place"},
        )
    return straight


def as_columns(trips: Sequence[Trip]) -> dict[str, Any]:
    """The columns that an estimator reads, each of length n: what is not known is NaN."""
    import numpy as np

    nan = math.nan
    places = [(trip.place.easting_m, trip.place.northing_m) if trip.place else (nan, nan) for trip in trips]
    stations = [trip.station for trip in trips]
    number = {
        "distance_km": [trip.distance_km for trip in trips],
        "hour": [nan if trip.hour is None else trip.hour for trip in trips],
        "weekday": [nan if trip.weekday is None else trip.weekday for trip in trips],
        "pump_order": [trip.pump_order for trip in trips],
        "incident_easting_m": [easting for easting, _ in places],
        "incident_northing_m": [northing for _, northing in places],
        "station_easting_m": [station.easting_m for station in stations],
        "station_northing_m": [station.northing_m for station in stations],
    }
    return {
        **{name: np.array(values, dtype="float64") for name, values in number.items()},
        "station_name": [station.name for station in stations],
    }
