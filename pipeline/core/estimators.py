"""The models of attendance time. Each says which columns it reads; none may read what is known only afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder

from pipeline.core.columns import require_known_when_sent
from pipeline.core.residuals import ResidualDistribution

Floats = npt.NDArray[np.float64]

# Solver settings for the sparse one-hot matrix: the default tolerance stops early on 100 nearly collinear columns.
_SOLVER_TOLERANCE = 1e-10


class AttendanceEstimator(Protocol):
    """What training, evaluation and serving ask of every model and baseline."""

    name: str
    title: str
    inputs: tuple[str, ...]

    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        """Learn from feature rows `X` and their attendance times `y`, seconds."""
        ...

    def predict(self, X: pd.DataFrame) -> Floats:
        """Attendance time of each row of `X`, seconds."""
        ...

    def predict_within(self, X: pd.DataFrame, seconds: float) -> Floats:
        """Probability that each engine arrives within `seconds`."""
        ...


class ResidualEstimator:
    """An estimator whose probabilities follow from the residuals of its own training rows."""

    name: str
    title: str
    inputs: tuple[str, ...]
    residuals_: ResidualDistribution

    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        require_known_when_sent(self.inputs)
        self._fit(X, y)
        self.residuals_ = ResidualDistribution.of(self.predict(X), y)
        return self

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        raise NotImplementedError

    def predict(self, X: pd.DataFrame) -> Floats:
        raise NotImplementedError

    def predict_within(self, X: pd.DataFrame, seconds: float) -> Floats:
        return self.residuals_.share_within(self.predict(X), seconds)


class LinearAttendance(ResidualEstimator):
    """The documented model: linear regression on distance and one-hot station.

    `regression` is a scikit-learn LinearRegression on one column of kilometres followed by the columns of `encoder`.
    A station that was not in the training rows gets the average station's effect.
    """

    name = "linear"
    title = "Linear regression on distance and station"
    inputs = ("distance_km", "station_name")

    def __init__(self) -> None:
        self.regression = LinearRegression(tol=_SOLVER_TOLERANCE)
        self.encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float64)

    @classmethod
    def from_parts(cls, regression: LinearRegression, encoder: OneHotEncoder, residuals: ResidualDistribution) -> Self:
        """The fitted estimator from its stored parts."""
        estimator = cls()
        estimator.regression, estimator.encoder, estimator.residuals_ = regression, encoder, residuals
        return estimator

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        stations = self.encoder.fit_transform(_station_column(X))
        self.regression.fit(self._matrix(X, stations), y)

    @staticmethod
    def _matrix(X: pd.DataFrame, stations: Any) -> sparse.csr_matrix:
        distance = sparse.csr_matrix(X[["distance_km"]].to_numpy(dtype="float64"))
        return sparse.hstack([distance, stations], format="csr")

    def predict(self, X: pd.DataFrame) -> Floats:
        # The same sums as scikit-learn's predict, without building a matrix.
        effects = self.station_effects
        typical = float(np.mean(list(effects.values())))
        station = X["station_name"].map(effects).fillna(typical).to_numpy(dtype="float64")
        distance = X["distance_km"].to_numpy(dtype="float64")
        return np.asarray(self.regression.intercept_ + self.regression.coef_[0] * distance + station)

    @property
    def station_effects(self) -> dict[str, float]:
        """Seconds that each station adds to or takes from the intercept."""
        return dict(zip(self.encoder.categories_[0], self.regression.coef_[1:].tolist(), strict=True))


def _station_column(X: pd.DataFrame) -> npt.NDArray[np.object_]:
    return X[["station_name"]].to_numpy(dtype=object)


ESTIMATORS: dict[str, Callable[[], ResidualEstimator]] = {LinearAttendance.name: LinearAttendance}
