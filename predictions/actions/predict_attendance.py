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
    from pipeline.runs import RunContext
    from predictions.steps import PredictParams


@dataclass(frozen=True)
class Answer:
    """One predicted attendance time, in seconds, and what stands behind it."""

    seconds: float
    station: str
    distance_km: float
    chances: dict[float, float]  # limit in seconds → probability to arrive within it
    version: ModelVersion
    features: int
    notes: tuple[str, ...]

    @property
    def readable(self) -> str:
        return readable_seconds(self.seconds)


def find_station(name: str) -> str:
    """The known spelling of a station's name. Raises UnknownStationError that names the nearest ones."""
    known = list(Station.objects.values_list("name", flat=True))
    wanted = normalise_station_name(name)
    for found in known:
        if normalise_station_name(found) == wanted:
            return found
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
    import pandas as pd

    check_distance(distance_km)
    name = find_station(station)
    version = registry.current()
    estimator = registry.estimator_of(version)
    question = pd.DataFrame({"distance_km": [float(distance_km)], "station_name": [name]})
    standards = settings.LFB_STANDARDS["first"]
    limits = (standards["mean_seconds"], standards["within_seconds"])
    # A straight line fitted to real trips can fall below zero only where data are thin; time cannot.
    seconds = max(0.0, float(estimator.predict(question)[0]))
    return Answer(
        seconds=seconds,
        station=name,
        distance_km=distance_km,
        chances={limit: float(estimator.predict_within(question, limit)[0]) for limit in limits},
        version=version,
        features=len(version.feature_names),
        notes=_notes(name, version),
    )


def _notes(station: str, version: ModelVersion) -> tuple[str, ...]:
    notes = []
    closed = Station.objects.filter(name=station, closed__isnull=False).first()
    if closed is not None:
        notes.append(f"{station} closed on {closed.closed:%d %B %Y}.")
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
            "chances": {f"{limit:g}": share for limit, share in answer.chances.items()},
        },
        is_sample=answer.version.is_sample,
    )
