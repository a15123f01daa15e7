"""What stands around an answer: the stations that could send, and how such predictions have done in the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline import registry, response_times
from pipeline.core.errors import PipelineError
from pipeline.models import ModelVersion
from predictions.borough_map import borough_at
from predictions.places import Place
from predictions.questions import Trip, as_columns
from predictions.station_book import KnownStation, known_stations

RANKED = 5  # stations shown beside each other
JUDGED_ON_AT_LEAST = 50  # engines; a group with fewer says too little


@dataclass(frozen=True)
class Ranked:
    """One station that could send an engine to the place."""

    name: str
    distance_km: float
    seconds: float
    behind_seconds: float  # later than the fastest
    is_asked: bool


@dataclass(frozen=True)
class PastErrors:
    """How far predictions of the tested period strayed in one group, in seconds."""

    where: str
    n: int
    mae: float
    bias: float
    coverage_80: float


def nearest_stations(place: Place, count: int = RANKED) -> list[tuple[KnownStation, float]]:
    """The open stations nearest to the place, with their straight-line kilometres, the nearest first."""
    import numpy as np

    from pipeline.core.geo import distance_km

    open_ones = [station for station in known_stations().values() if station.closed is None]
    far = distance_km(
        np.array([station.latitude for station in open_ones]), np.array([station.longitude for station in open_ones]),
        place.latitude, place.longitude,
    )  # fmt: skip
    return [(open_ones[at], float(far[at])) for at in np.argsort(far)[:count]]


def rank_stations(trip: Trip) -> list[Ranked]:
    """The nearest stations by the time each would take, the fastest first; empty where the place is not known."""
    if trip.place is None:
        return []
    near = nearest_stations(trip.place)
    trips = [replace(trip, station=station, distance_km=far) for station, far in near]
    if trip.station.name not in {station.name for station, _ in near}:
        trips.append(trip)
    seconds = registry.serving().estimator.assess(as_columns(trips), levels=(), limits=())[0]
    times = [max(0.0, float(time)) for time in seconds]
    ranked = [
        Ranked(one.station.name, one.distance_km, time, time - min(times), one.station.name == trip.station.name)
        for one, time in zip(trips, times, strict=True)
    ]
    return sorted(ranked, key=lambda one: one.seconds)


def past_errors(version: ModelVersion, trip: Trip) -> PastErrors | None:
    """How the version did where the incident is, else in the borough of the station, else on all rows."""
    models: Sequence[Any] = version.evaluation.get("models", ())
    if not models:
        return None
    borough = _borough_of(trip)
    found = models[0]["groups"].get("borough", {}).get(borough)
    if borough is not None and found is not None and found["n"] >= JUDGED_ON_AT_LEAST:
        return _errors(f"in {borough}", found)
    return _errors("in all of London", models[0]["overall"])


def measured_borough(trip: Trip) -> str | None:
    """The borough of the incident, else of the station, if its response times are known."""
    borough = _borough_of(trip)
    try:
        return borough if borough in response_times.book().boroughs else None
    except PipelineError:
        return None


def _borough_of(trip: Trip) -> str | None:
    at = trip.place or trip.station
    return borough_at(at.latitude, at.longitude)


def _errors(where: str, scores: dict[str, Any]) -> PastErrors:
    return PastErrors(where, scores["n"], scores["mae"], scores["bias"], scores["coverage"]["80"])
