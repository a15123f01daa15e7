"""The steps of this app: predicting one attendance time, and a batch of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core.distance import check_distance
from pipeline.core.errors import ParameterError
from pipeline.core.params import StepParams, require
from pipeline.steps import Step, take

BATCH_NAME = re.compile(r"^[0-9a-f]{32}\.(json|csv)$")


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


@dataclass(frozen=True)
class PredictBatchParams(StepParams):
    """A batch by the name of its file, and whether it is JSON or CSV."""

    batch: str
    form: str

    def __post_init__(self) -> None:
        require(bool(BATCH_NAME.match(self.batch)), "batch", "This is not the name of a stored batch.")
        require(self.form == self.batch.rpartition(".")[2], "form", "The form is not that of the stored batch.")


def predict_batch_params(given: Mapping[str, Any]) -> PredictBatchParams:
    return PredictBatchParams(**take(given, "batch", "form"))


STEPS = (
    Step(
        name="predict",
        title="Predict attendance time",
        params_type=PredictParams,
        make_params=predict_params,
        action="predictions.actions.predict_attendance.predict_step",
        permission="",
    ),
    Step(
        name="predict_batch",
        title="Predict a batch",
        params_type=PredictBatchParams,
        make_params=predict_batch_params,
        action="predictions.actions.predict_batch_file.predict_batch_file",
        permission="",
        time_limit_seconds=600,
    ),
)
