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
MAX_ROWS_FITTED = 500_000
NO_HOUR = 24  # the place of calls whose hour is missing


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
        rows = X[["station_name", "hour"]].assign(y=y)
        cells = rows.groupby(["station_name", "hour"])["y"].agg(["median", "size"])
        medians = cells.loc[cells["size"] >= MIN_ROWS_PER_CELL, "median"].unstack("hour")
        self.stations_ = rows.groupby("station_name")["y"].median()
        by_hour = medians.reindex(index=self.stations_.index, columns=range(NO_HOUR + 1))
        filled = by_hour.to_numpy(dtype="float64")
        filled = np.where(np.isnan(filled), self.stations_.to_numpy()[:, np.newaxis], filled)
        # The last row answers for stations never seen (place −1), the last column for calls without an hour.
        self.table_ = np.vstack([filled, np.full(NO_HOUR + 1, np.median(y))])

    def predict(self, X: pd.DataFrame) -> Floats:
        # A table of stations × hours and two whole numbers a row, instead of an index of pairs: light at millions of rows.
        station = self.stations_.index.get_indexer(pd.Index(X["station_name"]))
        hour = X["hour"].fillna(NO_HOUR).to_numpy(dtype="int64")
        return np.asarray(self.table_[station, hour])


class KolesarDistanceLaw(ResidualEstimator):
    """T = a + b·√d up to d*, then the tangent: value and slope are equal at d*.

    Kolesar, Walker and Hausner, RAND R-1449: engines gather speed on short trips and cruise on long ones. Beyond d*
    the time is c + e·d with e = b ÷ (2·√d*) and c = a + b·√d* ÷ 2, which make both pieces meet without a kink. Fitted
    robustly (soft L1 beyond a minute), in seconds and kilometres; `a_` ≥ 0, `b_` > 0, `d_star_` in kilometres.
    """

    name = "kolesar"
    title = "Kolesar distance law"
    inputs = ("distance_km",)

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        # Three parameters need no more rows than this; every k-th, so that the fit is the same each time.
        step = -(-len(y) // MAX_ROWS_FITTED)
        distance, y = X["distance_km"].to_numpy(dtype="float64")[::step], y[::step]
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
