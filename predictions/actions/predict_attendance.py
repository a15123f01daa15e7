"""Answer one question: how long will an engine of this station take to go this far?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from pipeline import registry
from pipeline.core.results import StepResult
from pipeline.core.wording import readable_seconds
from pipeline.models import ModelVersion
from predictions.questions import Trip, as_columns, make_trip
from predictions.telemetry import watched

if TYPE_CHECKING:
    from pipeline.runs import RunContext
    from predictions.steps import PredictParams

# Share of engines in per cent → the quantiles between which it arrives.
INTERVALS = {"80": (0.1, 0.9), "90": (0.05, 0.95)}
LEVELS = tuple(level for pair in INTERVALS.values() for level in pair)


@dataclass(frozen=True)
class Answer:
    """One predicted attendance time, in seconds, and what stands behind it."""

    seconds: float
    trip: Trip
    intervals: dict[str, tuple[float, float]]  # per cent of such engines → the seconds between which they arrive
    chances: dict[float, float]  # limit in seconds → probability to arrive within it
    contributions: dict[str, float]  # seconds by group of inputs, adding up; empty where the model does not tell
    version: ModelVersion

    @property
    def station(self) -> str:
        return self.trip.station.name

    @property
    def distance_km(self) -> float:
        return self.trip.distance_km

    @property
    def readable(self) -> str:
        return readable_seconds(self.seconds)

    @property
    def ignored(self) -> list[str]:
        """What was given and the version does not look at."""
        return self.trip.ignored_by(self.version)

    @property
    def assumed(self) -> dict[str, str]:
        """What was not given → the rule that fills it."""
        return self.trip.assumed_by(self.version)

    @property
    def notes(self) -> tuple[str, ...]:
        notes = [f"No {name} given: {rule}." for name, rule in self.assumed.items()]
        closed = self.trip.station.closed
        if closed is not None:
            notes.append(f"{self.station} closed on {closed:%d %B %Y}.")
        if self.version.is_sample:
            notes.append("The model was trained on generated sample data: not for real use.")
        return tuple(notes)


def limits_of(pump_order: int) -> tuple[float, float]:
    """The limits of the attendance standards, in seconds: of the second pump for the second, else of the first."""
    standards = settings.LFB_STANDARDS["second" if pump_order == 2 else "first"]
    return standards["mean_seconds"], standards["within_seconds"]


@watched
def predict_trip(trip: Trip, *, explain: bool = False) -> Answer:
    """The time by the version in use, with its contributions where `explain` asks for them.

    Nothing is read from disk, and nothing asked of the database but for a glance every LFB_REFRESH_SECONDS. Raises
    NoModelError or ArtifactError.
    """
    serving = registry.serving()
    question = as_columns([trip])
    limits = limits_of(trip.pump_order)
    # A straight line fitted to real trips can fall below zero only where data are thin; time cannot.
    seconds, *found = (
        max(0.0, float(values[0])) for values in serving.estimator.assess(question, levels=LEVELS, limits=limits)
    )
    parts = serving.estimator.explain(question) if explain and hasattr(serving.estimator, "explain") else {}
    return Answer(
        seconds=seconds,
        trip=trip,
        intervals={size: (found[2 * place], found[2 * place + 1]) for place, size in enumerate(INTERVALS)},
        chances=dict(zip(limits, found[len(LEVELS) :], strict=True)),
        contributions={group: float(values[0]) for group, values in parts.items()},
        version=serving.version,
    )


def predict_step(params: PredictParams, context: RunContext) -> StepResult:
    """The step behind the command: one answer as a run's result."""
    answer = predict_trip(make_trip(params.station, params.distance_km), explain=True)
    return StepResult(
        rows_in=1,
        rows_out=1,
        metrics={
            "num_features": len(answer.version.feature_names), "prediction_result": answer.seconds, "success": 1,
        },
        notes=answer.notes,
        details={
            "station": answer.station,
            "distance_km": answer.distance_km,
            "version": answer.version.number,
            "predicted_attendance_time": answer.seconds,
            "readable": answer.readable,
            "interval": list(answer.intervals["80"]),
            "contributions": answer.contributions,
            "chances": {f"{limit:g}": share for limit, share in answer.chances.items()},
        },
        is_sample=answer.version.is_sample,
    )  # fmt: skip
