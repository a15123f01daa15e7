"""The models of attendance time. Each says which columns it reads; none may read what is known only afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder

from pipeline.core.columns import require_known_when_sent
from pipeline.core.errors import DataError
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

    def predict_quantile(self, X: pd.DataFrame, level: float) -> Floats:
        """Seconds within which a share `level` of such engines arrive."""
        ...

    def assess(self, X: pd.DataFrame, *, levels: Sequence[float], limits: Sequence[float]) -> list[Floats]:
        """The predicted seconds, then the quantile at each level, then the probability within each limit."""
        ...


@runtime_checkable
class ExplainsItself(Protocol):
    """An estimator that can say what made its answer."""

    def explain(self, X: pd.DataFrame) -> dict[str, Floats]:
        """Seconds by group of inputs, each shape (n,), that add up to the prediction; "typical" is the same for all."""
        ...


class ResidualEstimator:
    """An estimator whose probabilities follow from the residuals of its own training rows."""

    name: str
    title: str
    inputs: tuple[str, ...]
    residuals_: ResidualDistribution

    def fit(self, X: pd.DataFrame, y: Floats) -> Self:
        """Learn from feature rows `X` and attendance times `y`, seconds, shape (n,).

        The estimator sees the columns it declares and no other, so that what it may read is what it does read. Raises
        LeakError for an input that is not known when the engine is sent, DataError for rows without a finite time.
        """
        require_known_when_sent(self.inputs)
        X, y = X[list(self.inputs)], np.asarray(y, dtype="float64")
        if len(y) == 0 or not np.isfinite(y).all():
            raise DataError(
                f"{np.count_nonzero(~np.isfinite(y))} of {len(y)} training rows have no attendance time.",
                code="no_target",
                hint="Every training row needs an attendance time: run manage.py build_features.",
            )
        self._fit(X, y)
        self.residuals_ = ResidualDistribution.of(self.predict(X), y)
        return self

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        raise NotImplementedError

    def predict(self, X: pd.DataFrame) -> Floats:
        raise NotImplementedError

    def predict_within(self, X: pd.DataFrame, seconds: float) -> Floats:
        return self.residuals_.share_within(self.predict(X), seconds)

    def predict_quantile(self, X: pd.DataFrame, level: float) -> Floats:
        return self.residuals_.quantile(self.predict(X), level)

    def assess(self, X: pd.DataFrame, *, levels: Sequence[float], limits: Sequence[float]) -> list[Floats]:
        predicted = self.predict(X)
        return [
            predicted,
            *(self.residuals_.quantile(predicted, level) for level in levels),
            *(self.residuals_.share_within(predicted, limit) for limit in limits),
        ]


class LinearAttendance(ResidualEstimator):
    """The documented model: linear regression on distance and one-hot station.

    `regression` is a scikit-learn LinearRegression on one column of kilometres followed by the columns of `encoder`.
    A station that was not in the training rows gets the average station's effect.
    """

    name = "linear"
    title = "Linear regression on distance and station"
    inputs: tuple[str, ...] = ("distance_km", "station_name")

    def __init__(self) -> None:
        self.regression = LinearRegression(tol=_SOLVER_TOLERANCE)
        self.encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float64)

    @classmethod
    def from_parts(cls, regression: LinearRegression, encoder: OneHotEncoder, residuals: ResidualDistribution) -> Self:
        """The fitted estimator from its stored parts."""
        estimator = cls()
        estimator.regression, estimator.encoder, estimator.residuals_ = regression, encoder, residuals
        estimator._learn_effects()
        return estimator

    def _fit(self, X: pd.DataFrame, y: Floats) -> None:
        stations = self.encoder.fit_transform(_station_column(X))
        distance = sparse.csr_matrix(X[["distance_km"]].to_numpy(dtype="float64"))
        self.regression.fit(sparse.hstack([distance, stations], format="csr"), y)
        self._learn_effects()

    def _learn_effects(self) -> None:
        effects = self.regression.coef_[1:].tolist()
        self.intercept_, self.per_km_ = float(self.regression.intercept_), float(self.regression.coef_[0])
        self.station_effects_: dict[str, float] = dict(zip(self.encoder.categories_[0], effects, strict=True))
        self.typical_effect_ = float(np.mean(effects))

    def predict(self, X: pd.DataFrame) -> Floats:
        # The same sums as scikit-learn's predict, without building a matrix; a frame is not needed.
        station = np.array([self.station_effects_.get(name, self.typical_effect_) for name in X["station_name"]])
        return np.asarray(self.intercept_ + self.per_km_ * np.asarray(X["distance_km"], dtype="float64") + station)


def _station_column(X: pd.DataFrame) -> npt.NDArray[np.object_]:
    return X[["station_name"]].to_numpy(dtype=object)
