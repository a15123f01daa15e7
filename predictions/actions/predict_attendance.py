"""Answer one question: how long will an engine of this station take to go this far?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from pipeline import registry
from pipeline.core.distance import check_distance
from pipeline.core.results import StepResult
from pipeline.core.wording import readable_seconds
from pipeline.models import ModelVersion
from predictions.questions import first_pump_questions
from predictions.station_book import KnownStation, find_station
from predictions.telemetry import watched

if TYPE_CHECKING:
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


@watched
def predict_attendance(distance_km: float, station: str, *, explain: bool = False) -> Answer:
    """The time by the version in use, with its contributions where `explain` asks for them.

    Nothing is read from disk, and nothing asked of the database but for a glance every LFB_REFRESH_SECONDS. Raises
    DistanceError, UnknownStationError, NoModelError or ArtifactError.
    """
    check_distance(distance_km)
    known = find_station(station)
    serving = registry.serving()
    question = first_pump_questions([float(distance_km)], [known])
    standards = settings.LFB_STANDARDS["first"]
    limits = (standards["mean_seconds"], standards["within_seconds"])
    # A straight line fitted to real trips can fall below zero only where data are thin; time cannot.
    seconds, low, high, *shares = (
        max(0.0, float(values[0])) for values in serving.estimator.assess(question, levels=(0.1, 0.9), limits=limits)
    )
    parts = serving.estimator.explain(question) if explain and hasattr(serving.estimator, "explain") else {}
    return Answer(
        seconds=seconds,
        station=known.name,
        distance_km=distance_km,
        interval=(low, high),
        chances=dict(zip(limits, shares, strict=True)),
        contributions={group: float(values[0]) for group, values in parts.items()},
        version=serving.version,
        features=len(serving.version.feature_names),
        notes=_notes(known, serving.version),
    )


def _notes(station: KnownStation, version: ModelVersion) -> tuple[str, ...]:
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
    answer = predict_attendance(params.distance_km, params.station, explain=True)
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
