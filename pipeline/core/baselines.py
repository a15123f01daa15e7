"""What every model has to beat: the mean, the median of station and hour, and the distance law."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import least_squares

from pipeline.core.estimators import ResidualEstimator

Floats = npt.NDArray[np.float64]

MIN_ROWS_PER_CELL = 10


class MeanBaseline(ResidualEstimator):
    """The mean of all training rows."""

    name = "mean"
    title = "Mean"
    inputs = ()

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        self.mean_ = float(np.mean(y))

    def predict(self, X: pd.DataFrame) -> Floats:
        return np.full(len(X), self.mean_)


class StationHourMedian(ResidualEstimator):
    """The median of the station and hour; of the station where the cell is thin; of all where the station is new."""

    name = "station_hour"
    title = "Median of station and hour"
    inputs = ("station_name", "hour")

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        rows = pd.DataFrame({"station_name": X["station_name"].to_numpy(), "hour": X["hour"].to_numpy(), "y": y})
        cells = rows.groupby(["station_name", "hour"])["y"].agg(["median", "size"])
        self.cells_ = cells.loc[cells["size"] >= MIN_ROWS_PER_CELL, "median"]
        self.stations_ = rows.groupby("station_name")["y"].median()
        self.median_ = float(np.median(y))

    def predict(self, X: pd.DataFrame) -> Floats:
        keys = pd.MultiIndex.from_arrays([X["station_name"], X["hour"]])
        cell = self.cells_.reindex(keys).to_numpy()
        station = self.stations_.reindex(X["station_name"]).to_numpy()
        return np.where(np.isnan(cell), np.where(np.isnan(station), self.median_, station), cell)


class KolesarDistanceLaw(ResidualEstimator):
    """T = a + b·√d up to d*, then the tangent: value and slope are equal at d*.

    Kolesar, Walker and Hausner, RAND R-1449: engines gather speed on short trips and cruise on long ones. Beyond d*
    the slope is b ÷ (2·√d*). Fitted robustly, in seconds and kilometres; `a_` ≥ 0, `b_` > 0, `d_star_` in kilometres.
    """

    name = "kolesar"
    title = "Kolesar distance law"
    inputs = ("distance_km",)

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        distance = X["distance_km"].to_numpy(dtype="float64")
        start = (60.0, 190.0, 1.5)
        fit = least_squares(
            lambda p: kolesar_curve(distance, *p) - y,
            start,
            jac=lambda p: _kolesar_gradient(distance, *p),
            bounds=((0.0, 1.0, 0.05), (600.0, 2_000.0, 60.0)),
            loss="soft_l1",
            f_scale=60.0,
            x_scale=start,
        )
        self.a_, self.b_, self.d_star_ = (float(value) for value in fit.x)

    def predict(self, X: pd.DataFrame) -> Floats:
        return kolesar_curve(X["distance_km"].to_numpy(dtype="float64"), self.a_, self.b_, self.d_star_)


def kolesar_curve(distance: Floats, a: float, b: float, d_star: float) -> Floats:
    """Seconds for each distance in kilometres.

    >>> kolesar_curve(np.array([0.0, 1.0, 4.0]), 60, 200, 1.0).tolist()
    [60.0, 260.0, 560.0]
    """
    root = np.sqrt(np.minimum(distance, d_star))
    beyond = np.maximum(distance - d_star, 0)
    return np.asarray(a + b * root + b / (2 * np.sqrt(d_star)) * beyond)


def _kolesar_gradient(distance: Floats, a: float, b: float, d_star: float) -> Floats:
    """Derivatives of the curve by a, b and d*, shape (n, 3)."""
    root = np.sqrt(np.minimum(distance, d_star))
    beyond = np.maximum(distance - d_star, 0)
    by_b = root + beyond / (2 * np.sqrt(d_star))
    by_d_star = -b * beyond / (4 * d_star**1.5)
    return np.stack([np.ones_like(distance), by_b, by_d_star], axis=1)


BASELINES: dict[str, Callable[[], ResidualEstimator]] = {
    baseline.name: baseline for baseline in (MeanBaseline, StationHourMedian, KolesarDistanceLaw)
}
