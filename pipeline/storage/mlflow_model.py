"""The model as MLflow stores and loads it: JSON for the trees, skops for the linear model, no pickle."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.core.boosting import BoostedAttendance
from pipeline.core.columns import FEATURE_COLUMNS
from pipeline.core.estimators import AttendanceEstimator, LinearAttendance
from pipeline.core.residuals import ResidualDistribution
from pipeline.storage import artifacts

ANSWER = "attendance_seconds"
STATIONS = "stations.json"
Places = dict[str, list[float]]  # name of a station → its easting and northing, metres
REQUIRED = ("distance_km", "station_name")
TEXT = {column.name for column in FEATURE_COLUMNS if column.kind == "text"}
EXAMPLE: dict[str, Any] = {
    "distance_km": 2.0, "station_name": "Acton", "hour": 14.0, "weekday": 1.0, "pump_order": 1.0, "incident_easting_m": 519_950.0,
    "incident_northing_m": 179_950.0, "station_easting_m": 520_300.0, "station_northing_m": 180_500.0,
}  # fmt: skip

GROWN_WITH = (
    "objective", "fair_c", "num_iterations", "learning_rate", "num_leaves", "min_data_in_leaf", "lambda_l2", "feature_fraction",
    "bagging_fraction", "bagging_freq", "cat_smooth", "cat_l2",
)  # fmt: skip


def grown_with(folder: Path) -> dict[str, str]:
    """LightGBM's parameters of the trees stored in `folder`, as it wrote them down itself; nothing of a linear model.

    The same for all trees of a forecast, but for the columns that they look at.
    """
    file = folder / "forecast.json"
    if not file.exists():
        return {}
    trees = json.loads(file.read_text(encoding="utf-8"))["trees"]
    written = dict(re.findall(r"^\[(\w+): (.*)\]$", next(iter(trees.values()))["trees"], flags=re.MULTILINE))
    return {f"lightgbm.{name}": written[name] for name in GROWN_WITH if name in written}


def write_data(name: str, files: dict[str, tuple[Path, str]], stations: Places, folder: Path) -> AttendanceEstimator:
    """What the stored model needs, into `folder`: the version's files, role → (path, recorded SHA-256), and the stations.

    Raises ArtifactError where a file is not the recorded one.
    """
    estimator = artifacts.load_estimator(name, files)
    folder.mkdir(parents=True)
    (folder / STATIONS).write_text(json.dumps(stations), encoding="utf-8")
    if isinstance(estimator, LinearAttendance):
        from skops import io as skops_io

        skops_io.dump(estimator.regression, folder / "regression.skops")
        skops_io.dump(estimator.encoder, folder / "encoder.skops")
        shutil.copyfile(files["facts"][0], folder / "facts.json")
    else:
        shutil.copyfile(files["forecast"][0], folder / "forecast.json")
    return estimator


def read_data(folder: Path) -> AttendanceEstimator:
    """The estimator that `write_data` stored. skops refuses every type that is not scikit-learn's or numpy's own."""
    if (folder / "forecast.json").exists():
        return BoostedAttendance.from_dict(json.loads((folder / "forecast.json").read_text(encoding="utf-8")))
    from skops import io as skops_io

    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return LinearAttendance.from_parts(
        skops_io.load(folder / "regression.skops"),
        skops_io.load(folder / "encoder.skops"),
        ResidualDistribution.from_dict(facts["residuals"]),
    )


class AttendanceModel:
    """Answers MLflow's `predict`: a frame of inputs in, one column of seconds out."""

    def __init__(self, estimator: AttendanceEstimator, stations: Places) -> None:
        self.estimator = estimator
        self.stations = stations

    def predict(self, rows: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """`distance_km` and `station_name` are needed. Left out, the station's place is the one it has and the engine the
        first; whatever else is left out counts as not known: the site answers the same.
        """
        given = {
            name: rows[name].to_numpy() if name in rows else np.full(len(rows), None if name in TEXT else np.nan)
            for name in self.estimator.inputs
        }
        question = pd.DataFrame(
            {name: pd.Series(values, dtype="str" if name in TEXT else "float64") for name, values in given.items()}
        )
        question = question.fillna({"pump_order": 1.0, **self._places_of(question)})
        return pd.DataFrame({ANSWER: self.estimator.predict(question)})

    def _places_of(self, question: pd.DataFrame) -> dict[str, pd.Series]:
        """Easting and northing of each row's station; NaN where the station is not known."""
        nowhere = [np.nan, np.nan]
        places = np.array([self.stations.get(str(name), nowhere) for name in question["station_name"]]).reshape(-1, 2)
        return {
            name: pd.Series(places[:, axis], index=question.index)
            for axis, name in enumerate(("station_easting_m", "station_northing_m"))
        }


def _load_pyfunc(path: str) -> AttendanceModel:
    """The name and signature that MLflow asks of a loader module."""
    return AttendanceModel(read_data(Path(path)), json.loads((Path(path) / STATIONS).read_text(encoding="utf-8")))
