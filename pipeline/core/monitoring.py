"""How a model does on calls that came after its test, and whether what it is asked has changed since it was trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.bootstrap import incident_bootstrap
from pipeline.core.estimators import AttendanceEstimator
from pipeline.core.scores import score
from pipeline.core.small_numbers import MIN_CALLS_SHOWN
from pipeline.core.wording import WATCHED_INPUTS

Floats = npt.NDArray[np.float64]

MIN_INCIDENTS = 100  # below this a month of bad luck looks like a worse model
INTERVAL = ("90", 0.05, 0.95)
DISTANCE_CLASSES = 10


def scores_since(estimator: AttendanceEstimator, rows: pd.DataFrame, *, seed: int) -> dict[str, Any]:
    """Scores of `rows`, feature rows that the estimator never saw, overall and by month, fit for JSON.

    `overall` has the fields of `Scores`, with `mae_low` and `mae_high`, the 95 % interval over incidents, seconds;
    `months` lists the like with `month`, such as "Jan 2024", in order, without months of too few calls.
    """
    actual = rows["attendance_seconds"].to_numpy(dtype="float64")
    size, low_level, high_level = INTERVAL
    predicted, low, high = estimator.assess(rows, levels=(low_level, high_level), limits=())
    error = np.abs(predicted - actual)

    def judge(chosen: npt.NDArray[np.bool_]) -> dict[str, Any]:
        numbers = rows["incident_number"][chosen]
        (mae_low, mae_high), *_ = incident_bootstrap(numbers, error[chosen][:, None], seed=seed)
        scores = score(actual[chosen], predicted[chosen], {}, None, {size: (low[chosen], high[chosen])})
        return asdict(scores) | {"mae_low": mae_low, "mae_high": mae_high, "incidents": int(numbers.nunique())}

    first_days = rows["called_at"].dt.to_period("M").dt.start_time
    months = [
        {"month": f"{first_day:%b %Y}"} | judge((first_days == first_day).to_numpy())
        for first_day in sorted(first_days.unique())
    ]
    return {
        "overall": judge(np.ones(len(rows), dtype=bool)),
        "months": [month for month in months if month["incidents"] >= MIN_CALLS_SHOWN],
    }


def is_worse(since: dict[str, Any], tested: dict[str, Any]) -> bool:
    """Whether the error since then lies above that of the test beyond chance: their 95 % intervals do not touch.

    Both map `mae_low` and `mae_high` to seconds.
    """
    return float(since["mae_low"]) > float(tested["mae_high"])


def input_shifts(earlier: pd.DataFrame, later: pd.DataFrame) -> list[tuple[str, float]]:
    """Each watched input with its population stability index, `later` against `earlier`; the largest first.

    Distance is cut into tenths of the earlier rows, everything else counts by value. Inputs that one side lacks are
    left out.
    """
    found = []
    for name in WATCHED_INPUTS:
        before, after = earlier[name].dropna(), later[name].dropna()
        if len(before) and len(after):
            found.append((name, stability_index(*_counts(before, after))))
    return sorted(found, key=lambda item: -item[1])


def _counts(before: pd.Series, after: pd.Series) -> tuple[Floats, Floats]:
    """How many rows of each side fall into each class, shape (classes,) each."""
    if before.name == "distance_km":
        edges = np.unique(np.quantile(before, np.linspace(0, 1, DISTANCE_CLASSES + 1)[1:-1]))
        before, after = (pd.Series(np.searchsorted(edges, side, side="right")) for side in (before, after))
    counts = pd.concat([before.value_counts(), after.value_counts()], axis=1).fillna(0.0)
    return counts.iloc[:, 0].to_numpy(dtype="float64"), counts.iloc[:, 1].to_numpy(dtype="float64")


def stability_index(before: Sequence[float] | Floats, after: Sequence[float] | Floats) -> float:
    """Population stability index Σ (q − p) ln(q ÷ p) of two counts by class, less what chance alone would make.

    Under no change the sum is about (classes − 1)(1/n + 1/m): with a hundred stations and few rows that alone would look
    like a change (Yurdakul 2018). An empty class counts as half a row. Never below 0.

    >>> round(stability_index([500, 500], [500, 500]), 3), round(stability_index([800, 200], [500, 500]), 2)
    (0.0, 0.41)
    """
    n, m = float(np.sum(before)), float(np.sum(after))
    p, q = (np.maximum(side, 0.5) / np.sum(np.maximum(side, 0.5)) for side in (before, after))
    raw = float(np.sum((q - p) * np.log(q / p)))
    return max(0.0, raw - (len(p) - 1) * (1 / n + 1 / m))
