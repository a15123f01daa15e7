"""Answer one question: how long will an engine of this station take to go this far?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from pipeline import registry
from pipeline.core.distance import check_distance
from pipeline.core.results import StepResult
from pipeline.core.wording import readable_seconds
from pipeline.models import ModelVersion
from predictions.station_book import KnownStation, find_station

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


def predict_attendance(distance_km: float, station: str) -> Answer:
    """The time by the version in use. Raises DistanceError, UnknownStationError, NoModelError or ArtifactError.

    Nothing is read from disk, and nothing asked of the database but for a glance every LFB_REFRESH_SECONDS.
    """
    check_distance(distance_km)
    known = find_station(station)
    serving = registry.serving()
    seconds, chances = _ask(serving.estimator, float(distance_km), known.name)
    return Answer(
        seconds=seconds,
        station=known.name,
        distance_km=distance_km,
        chances=chances,
        version=serving.version,
        features=len(serving.version.feature_names),
        notes=_notes(known, serving.version),
    )


def _ask(estimator: Any, distance_km: float, station: str) -> tuple[float, dict[float, float]]:
    """Seconds, and the chance to arrive within each limit of the first pump's standard."""
    standards = settings.LFB_STANDARDS["first"]
    limits = (standards["mean_seconds"], standards["within_seconds"])
    if hasattr(estimator, "predict_one"):
        predicted = np.array([estimator.predict_one(distance_km, station)])
        shares = [estimator.residuals_.share_within(predicted, limit)[0] for limit in limits]
    else:
        import pandas as pd

        question = pd.DataFrame({"distance_km": [distance_km], "station_name": [station]})
        predicted = estimator.predict(question)
        shares = [estimator.predict_within(question, limit)[0] for limit in limits]
    # A straight line fitted to real trips can fall below zero only where data are thin; time cannot.
    return max(0.0, float(predicted[0])), {limit: float(share) for limit, share in zip(limits, shares, strict=True)}


def _notes(station: KnownStation, version: ModelVersion) -> tuple[str, ...]:
    notes = []
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
            "chances": {f"{limit:g}": share for limit, share in answer.chances.items()},
        },
        is_sample=answer.version.is_sample,
    )
