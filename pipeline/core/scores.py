"""Scores of predictions against actual times: errors, calibration, and the attendance standards beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RELIABILITY_BINS = 10
MIN_ROWS_PER_BIN = 10
PINBALL_LEVEL = 0.9


@dataclass(frozen=True)
class Scores:
    """Errors in seconds (MSE in s²) of one model on `n` rows, bias being predicted − actual.

    `brier`, `within` and `said` go by limit in seconds: the Brier score, the share that arrived within the limit, and
    the mean probability that was given for it. `pinball_90` judges the predicted 90th percentile, seconds. `coverage`
    and `width` go by the interval's size in percent: the share of times inside it, and its mean width in seconds.
    """

    n: int
    mae: float
    median_error: float
    rmse: float
    mse: float
    r2_score: float | None
    max_error: float
    bias: float
    brier: dict[str, float]
    within: dict[str, float]
    said: dict[str, float]
    actual_mean: float
    predicted_mean: float
    pinball_90: float | None = None
    coverage: dict[str, float] = field(default_factory=dict)
    width: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StandardCheck:
    """One pump's attendance standard on the tested rows: what it asks, what happened, what was predicted.

    Means in seconds; shares, from 0 to 1, of engines that arrived within `within_seconds`.
    """

    pump: str
    n: int
    wanted_mean: float
    actual_mean: float
    predicted_mean: float
    within_seconds: float
    wanted_share: float
    actual_share: float
    predicted_share: float


def score(
    actual: Floats,
    predicted: Floats,
    probabilities: Mapping[float, Floats],
    late: Floats | None = None,
    intervals: Mapping[str, tuple[Floats, Floats]] | None = None,
) -> Scores:
    """Scores of predicted against actual seconds, shape (n,) each, n ≥ 1.

    `probabilities` maps a limit in seconds to P(arrives within it), `late` is the predicted 90th percentile in
    seconds, `intervals` maps a size in percent to lower and upper bounds, shape (n,) each. R² is None where all actual times agree.
    """
    error = predicted - actual
    spread = float(np.sum((actual - actual.mean()) ** 2))
    mse = float(np.mean(error**2))
    return Scores(
        n=len(actual),
        mae=float(np.mean(np.abs(error))),
        median_error=float(np.median(np.abs(error))),
        rmse=float(np.sqrt(mse)),
        mse=mse,
        r2_score=1 - float(np.sum(error**2)) / spread if spread > 0 else None,
        max_error=float(np.max(np.abs(error))),
        bias=float(np.mean(error)),
        brier={_key(limit): float(np.mean((said - (actual <= limit)) ** 2)) for limit, said in probabilities.items()},
        within={_key(limit): float(np.mean(actual <= limit)) for limit in probabilities},
        said={_key(limit): float(np.mean(said)) for limit, said in probabilities.items()},
        actual_mean=float(actual.mean()),
        predicted_mean=float(predicted.mean()),
        pinball_90=None if late is None else pinball(actual, late, PINBALL_LEVEL),
        coverage={
            size: float(np.mean((actual >= low) & (actual <= high))) for size, (low, high) in (intervals or {}).items()
        },
        width={size: float(np.mean(high - low)) for size, (low, high) in (intervals or {}).items()},
    )


def _key(limit: float) -> str:
    return f"{limit:g}"


def pinball(actual: Floats, quantile: Floats, level: float) -> float:
    """Mean pinball loss in seconds of a predicted quantile: `level` a second too early, 1 − `level` a second too late.

    >>> pinball(np.array([100.0, 100.0]), np.array([90.0, 110.0]), 0.9)
    5.0
    """
    short = actual - quantile
    return float(np.mean(np.maximum(level * short, (level - 1) * short)))


def reliability(said: Floats, happened: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """The points of a reliability diagram (calibration curve): ten bins of equal size, by predicted probability.

    Each holds the mean probability `said`, the share `seen` that arrived in time, and n. Both arguments have shape (n,).
    """
    bins = int(np.clip(len(said) // MIN_ROWS_PER_BIN, 1, RELIABILITY_BINS))
    return [
        {"said": float(said[rows].mean()), "seen": float(happened[rows].mean()), "n": len(rows)}
        for rows in np.array_split(np.argsort(said, kind="stable"), bins)
        if len(rows)
    ]
