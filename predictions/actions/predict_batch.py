"""Answer many questions at once, all columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline import registry
from pipeline.core.distance import MAX_TRIP_KM
from pipeline.core.errors import ParameterError
from pipeline.core.stations import normalise_station_name
from predictions.questions import first_pump_questions
from predictions.station_book import known_stations

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 100_000


@dataclass(frozen=True)
class BatchAnswer:
    """One row for each question, in its order: predicted_attendance_time in seconds, or error with the reason."""

    rows: pd.DataFrame
    version: int
    is_sample: bool

    @property
    def answered(self) -> int:
        return int((self.rows["error"] == "").sum())


def predict_batch(distances_km: Sequence[Any], stations: Sequence[Any]) -> BatchAnswer:
    """Seconds for each pair. A row that cannot be answered says why; the others are answered all the same.

    Raises ParameterError for no rows or too many, NoModelError or ArtifactError.
    """
    import numpy as np
    import pandas as pd

    if not 0 < len(distances_km) <= MAX_ROWS:
        raise ParameterError(
            f"{len(distances_km)} rows came: wanted 1 to {MAX_ROWS}.",
            code="wrong_number_of_rows",
            hint="Split the batch.",
            fields={"rows": len(distances_km)},
        )
    serving = registry.serving()
    distance = np.array([_number(value) for value in distances_km], dtype="float64")
    names = pd.Series([value if isinstance(value, str) else "" for value in stations], dtype="object")
    known = known_stations()
    spelling = {name: known.get(normalise_station_name(name[:100])) for name in names.unique()}
    station = names.map({name: found.name for name, found in spelling.items() if found is not None})
    possible = np.isfinite(distance) & (distance >= 0) & (distance <= MAX_TRIP_KM)
    error = np.where(station.isna(), "unknown_station", np.where(possible, "", "invalid_distance"))
    good = error == ""
    seconds = np.full(len(distance), np.nan)
    if good.any():
        asked = [spelling[name] for name in names[good]]
        questions = first_pump_questions(distance[good].tolist(), [found for found in asked if found is not None])
        seconds[good] = np.maximum(0.0, serving.estimator.predict(questions))
    rows = pd.DataFrame({"station": names, "predicted_attendance_time": seconds, "error": error})
    return BatchAnswer(rows, serving.version.number, serving.version.is_sample)


def _number(value: Any) -> float:
    """The number itself, also from text; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return float("nan")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return float("nan")
