"""How far off predictions are: errors, compliance and reliability, each with n and period, overall and by group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.boroughs import INNER_BOROUGHS
from pipeline.core.estimators import AttendanceEstimator
from pipeline.core.splits import Split

Floats = npt.NDArray[np.float64]

MIN_CALLS_SHOWN = 5  # no statistic on fewer calls
BOOTSTRAP_DRAWS = 1_000
RELIABILITY_BINS = 10
HOUR_BANDS = {"00–05": (0, 6), "06–11": (6, 12), "12–17": (12, 18), "18–23": (18, 24)}
DISTANCE_EDGES_KM = (0, 0.5, 1, 1.5, 2, 3, 5, 60)


@dataclass(frozen=True)
class Difference:
    """Mean absolute error of the model minus that of a baseline, with a 95 % interval over incidents. Below 0: better."""

    baseline: str
    baseline_title: str
    seconds: float
    low: float
    high: float


@dataclass(frozen=True)
class ModelEvaluation:
    """One model or baseline: its scores overall and by group, and how reliable its probabilities are."""

    name: str
    title: str
    overall: Scores
    mae_low: float
    mae_high: float
    groups: dict[str, dict[str, Scores]] = field(default_factory=dict)
    reliability: dict[str, list[dict[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """The model and the baselines on the same rows, which none of them was trained on."""

    trained_from: dt.date
    trained_to: dt.date
    tested_from: dt.date
    tested_to: dt.date
    training_rows: int
    tested_rows: int
    tested_incidents: int
    limits_seconds: tuple[float, ...]
    compliance: dict[str, float]
    models: tuple[ModelEvaluation, ...]
    differences: tuple[Difference, ...]

    @property
    def model(self) -> ModelEvaluation:
        """The model that was judged; the others are baselines."""
        return self.models[0]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates as text."""
        content = asdict(self)
        for name in ("trained_from", "trained_to", "tested_from", "tested_to"):
            content[name] = content[name].isoformat()
        return content


def groupings(features: pd.DataFrame) -> dict[str, pd.Series]:
    """The groups that errors are shown by; missing where a row belongs to none."""
    borough = features["borough_name"]
    half = borough.map(lambda name: "Inner London" if name in INNER_BOROUGHS else "Outer London", na_action="ignore")
    hour_band = pd.Series(pd.NA, index=features.index, dtype="str")
    for name, (first, after) in HOUR_BANDS.items():
        hour_band[features["hour"].between(first, after - 1)] = name
    edges = DISTANCE_EDGES_KM
    labels = [f"{low:g}–{high:g} km" for low, high in pairwise(edges[:-1])] + [f"over {edges[-2]:g} km"]
    distance_band = pd.cut(features["distance_km"], edges, labels=labels, include_lowest=True).astype("str")
    pump = features["pump_order"].map({1: "First pump", 2: "Second pump"}).fillna("Later pumps")
    return {
        "borough": borough,
        "hour_band": hour_band,
        "hour": features["hour"].map("{:02.0f}".format),
        "inner_outer": half,
        "distance_band": distance_band,
        "pump": pump,
    }


def evaluate(
    estimator: AttendanceEstimator,
    baselines: Sequence[AttendanceEstimator],
    split: Split,
    *,
    limits_seconds: Sequence[float] = (360, 600),
    seed: int = 0,
) -> Evaluation:
    """Judge a fitted estimator and fitted baselines on the holdout rows of `split`, all of them."""
    rows = split.holdout
    actual = rows["attendance_seconds"].to_numpy(dtype="float64")
    groups, candidates = groupings(rows), (estimator, *baselines)
    predictions = {candidate.name: candidate.predict(rows) for candidate in candidates}
    errors = [np.abs(predicted - actual) for predicted in predictions.values()]
    gaps = [errors[0] - error for error in errors[1:]]
    intervals = incident_bootstrap(rows["incident_number"], np.stack([*errors, *gaps], axis=1), seed=seed)
    models = []
    for candidate, (low, high) in zip(candidates, intervals, strict=False):
        predicted = predictions[candidate.name]
        shares = {limit: candidate.predict_within(rows, limit) for limit in limits_seconds}
        models.append(
            ModelEvaluation(
                name=candidate.name,
                title=candidate.title,
                overall=score(actual, predicted, shares),
                mae_low=low,
                mae_high=high,
                groups={name: _score_groups(actual, predicted, shares, group) for name, group in groups.items()},
                reliability={f"{limit:g}": reliability(shares[limit], actual <= limit) for limit in limits_seconds},
            )
        )
    differences = [
        Difference(baseline.name, baseline.title, float(gap.mean()), low, high)
        for baseline, gap, (low, high) in zip(baselines, gaps, intervals[len(candidates) :], strict=True)
    ]
    return Evaluation(
        *split.train_period,
        *split.holdout_period,
        training_rows=len(split.train),
        tested_rows=len(rows),
        tested_incidents=int(rows["incident_number"].nunique()),
        limits_seconds=tuple(limits_seconds),
        compliance={f"{limit:g}": float(np.mean(actual <= limit)) for limit in limits_seconds},
        models=tuple(models),
        differences=tuple(differences),
    )


def _score_groups(
    actual: Floats, predicted: Floats, shares: Mapping[float, Floats], group: pd.Series
) -> dict[str, Scores]:
    found = {}
    for name, places in sorted(group.groupby(group).indices.items(), key=lambda item: str(item[0])):
        if len(places) >= MIN_CALLS_SHOWN:
            chosen = {limit: share[places] for limit, share in shares.items()}
            found[str(name)] = score(actual[places], predicted[places], chosen)
    return found


def incident_bootstrap(incident_numbers: pd.Series, values: Floats, *, seed: int) -> list[tuple[float, float]]:
    """The middle 95 % of the mean of each column of `values`, shape (n, k), over draws of whole incidents.

    Pumps of one incident come and go together, and all columns share the draws, so differences are paired. Poisson
    weights give each incident as many places in a draw as resampling would. Memory grows with incidents, not with draws.
    """
    codes, distinct = pd.factorize(incident_numbers)
    incidents = len(distinct)
    columns = np.column_stack([np.ones(len(values)), values])
    sums = np.stack([np.bincount(codes, weights=column, minlength=incidents) for column in columns.T], axis=1)
    generator = np.random.default_rng(seed)
    means = np.empty((BOOTSTRAP_DRAWS, values.shape[1]))
    for draw in range(BOOTSTRAP_DRAWS):
        drawn = generator.poisson(1.0, incidents).astype("float64") @ sums
        means[draw] = drawn[1:] / max(drawn[0], 1.0)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
