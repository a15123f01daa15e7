"""Answer one question: how long will an engine of this station take to go this far?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from pipeline import registry
from pipeline.core.distance import check_distance
from pipeline.core.errors import UnknownStationError
from pipeline.core.results import StepResult
from pipeline.core.stations import nearest_names, normalise_station_name
from pipeline.core.wording import readable_seconds
from pipeline.models import ModelVersion, Station

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.runs import RunContext
    from predictions.steps import PredictParams


@dataclass(frozen=True)
class Answer:
    """One predicted attendance time, in seconds, and what stands behind it."""

    seconds: float
    station: str
    distance_km: float
    interval: tuple[float, float]  # seconds between which 80 % of such engines arrive
    chances: dict[float, float]  # limit in seconds → probability to arrive within it
    contributions: dict[str, float]  # seconds by group of inputs, adding up; empty where the model does not tell
    version: ModelVersion
    features: int
    notes: tuple[str, ...]

    @property
    def readable(self) -> str:
        return readable_seconds(self.seconds)

    @property
    def readable_interval(self) -> str:
        low, high = self.interval
        return f"{readable_seconds(low)} to {readable_seconds(high)}"


def find_station(name: str) -> Station:
    """The station of this name, whatever its dress. Raises UnknownStationError that names the nearest ones."""
    known = {station.name: station for station in Station.objects.all()}
    wanted = normalise_station_name(name)
    for found, station in known.items():
        if normalise_station_name(found) == wanted:
            return station
    likely = nearest_names(name, known)
    raise UnknownStationError(
        f"There is no station {name!r}.",
        hint=f"Did you mean {' or '.join(likely)}?"
        if likely
        else "Stations are named as London Fire Brigade does, such as Acton.",
        fields={"station": "unknown"},
    )


def predict_attendance(distance_km: float, station: str) -> Answer:
    """The time by the version in use. Raises DistanceError, UnknownStationError, NoModelError or ArtifactError."""
    check_distance(distance_km)
    found = find_station(station)
    version = registry.current()
    estimator = registry.estimator_of(version)
    question = _question(distance_km, found)
    standards = settings.LFB_STANDARDS["first"]
    limits = (standards["mean_seconds"], standards["within_seconds"])
    # A straight line fitted to real trips can fall below zero only where data are thin; time cannot.
    seconds = max(0.0, float(estimator.predict(question)[0]))
    low, high = (max(0.0, float(estimator.predict_quantile(question, level)[0])) for level in (0.1, 0.9))
    parts = estimator.explain(question) if hasattr(estimator, "explain") else {}
    return Answer(
        seconds=seconds,
        station=found.name,
        distance_km=distance_km,
        interval=(low, high),
        chances={limit: float(estimator.predict_within(question, limit)[0]) for limit in limits},
        contributions={group: float(values[0]) for group, values in parts.items()},
        version=version,
        features=len(version.feature_names),
        notes=_notes(found, version),
    )


def _question(distance_km: float, station: Station) -> pd.DataFrame:
    """One row of a first pump; what is not asked about stays missing, and the model says how it fills it."""
    import pandas as pd

    return pd.DataFrame(
        {
            "distance_km": [float(distance_km)],
            "station_name": pd.Series([station.name], dtype="str"),
            "hour": [float("nan")],
            "pump_order": [1.0],
            "is_own_ground": [float("nan")],
            "property_category": pd.Series([None], dtype="str"),
            "incident_easting_m": [float("nan")],
            "incident_northing_m": [float("nan")],
            "station_easting_m": [station.easting_m],
            "station_northing_m": [station.northing_m],
        }
    )


def _notes(station: Station, version: ModelVersion) -> tuple[str, ...]:
    notes = []
    if "hour" in version.feature_names:
        notes.append("An average over the hours of the day and over all places at this distance.")
    if station.closed is not None:
        notes.append(f"{station.name} closed on {station.closed:%d %B %Y}.")
    if version.is_sample:
        notes.append("The model was trained on generated sample data: not for real use.")
    return tuple(notes)


def predict_step(params: PredictParams, context: RunContext) -> StepResult:
    """The step behind the command: one answer as a run's result."""
    answer = predict_attendance(params.distance_km, params.station)
    return StepResult(
        rows_in=1,
        rows_out=1,
        metrics={"num_features": answer.features, "prediction_result": answer.seconds, "success": 1},
        notes=answer.notes,
        details={
            "station": answer.station,
            "distance_km": answer.distance_km,
            "version": answer.version.number,
            "predicted_attendance_time": answer.seconds,
            "readable": answer.readable,
            "interval": list(answer.interval),
            "contributions": answer.contributions,
            "chances": {f"{limit:g}": share for limit, share in answer.chances.items()},
        },
        is_sample=answer.version.is_sample,
    )
