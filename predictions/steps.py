"""The steps of this app: predicting one attendance time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core.distance import check_distance
from pipeline.core.errors import ParameterError
from pipeline.core.params import StepParams, require
from pipeline.steps import Step, take


@dataclass(frozen=True)
class PredictParams(StepParams):
    """Distance in a straight line, kilometres, and the name of the departing station."""

    distance_km: float
    station: str

    def __post_init__(self) -> None:
        check_distance(self.distance_km)
        require(bool(self.station.strip()), "station", "The departing station's name is empty.")


def predict_params(given: Mapping[str, Any]) -> PredictParams:
    chosen = take(given, "distance_km", "station")
    for name in ("distance_km", "station"):
        if name not in chosen:
            raise ParameterError(f"{name} is missing.", fields={name: "missing"})
    return PredictParams(float(chosen["distance_km"]), str(chosen["station"]))


STEPS = (
    Step(
        name="predict",
        title="Predict attendance time",
        params_type=PredictParams,
        make_params=predict_params,
        action="predictions.actions.predict_attendance.predict_step",
        permission="",
    ),
)
