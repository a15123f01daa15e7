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

from pipeline.core.bootstrap import incident_bootstrap
from pipeline.core.boroughs import INNER_BOROUGHS
from pipeline.core.errors import DataError
from pipeline.core.estimators import AttendanceEstimator, ExplainsItself
from pipeline.core.scores import PINBALL_LEVEL, Scores, StandardCheck, reliability, score
from pipeline.core.small_numbers import MIN_CALLS_SHOWN
from pipeline.core.splits import Split

Floats = npt.NDArray[np.float64]

HOUR_BANDS = {"00–05": (0, 6), "06–11": (6, 12), "12–17": (12, 18), "18–23": (18, 24)}
DISTANCE_EDGES_KM = (0, 0.5, 1, 1.5, 2, 3, 5, 60)
DISTANCE_BANDS = [
    *(f"{low:g}–{high:g} km" for low, high in pairwise(DISTANCE_EDGES_KM[:-1])),
    f"over {DISTANCE_EDGES_KM[-2]:g} km",
]
PUMP_NAMES = ["First pump", "Second pump", "Later pumps"]
# Groups that read in another order than that of the alphabet.
_PLACE_IN_ORDER = {name: place for names in (DISTANCE_BANDS, PUMP_NAMES) for place, name in enumerate(names)}
INTERVALS = {"80": (0.1, 0.9), "90": (0.05, 0.95)}  # size in percent → lower and upper quantile
FINEST_GROUPING = "borough_hour_band"  # a hundred groups and more: for the judged model alone
INFLUENCE_ROWS = (
    5_000  # spread over the period: enough for a mean, and explaining a row takes longer than predicting it
)
PUMPS = {"first": 1, "second": 2}  # as the standards name them → pump order

Standards = Mapping[str, Mapping[str, float]]


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
    standards: tuple[StandardCheck, ...] = ()
    influence: dict[str, float] = field(default_factory=dict)
    """Group of inputs → seconds by which it moves a prediction on average; empty where the model does not tell."""

    @property
    def model(self) -> ModelEvaluation:
        """The model that was judged; the others are baselines."""
        return self.models[0]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates as text, and None for what is no finite number."""
        content: dict[str, Any] = _for_json(asdict(self))
        return content


def _for_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _for_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_for_json(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def groupings(features: pd.DataFrame) -> dict[str, pd.Series]:
    """The groups that errors are shown by; missing where a row belongs to none."""
    borough = features["borough_name"]
    half = borough.map(lambda name: "Inner London" if name in INNER_BOROUGHS else "Outer London", na_action="ignore")
    hour_band = pd.Series(pd.NA, index=features.index, dtype="str")
    for name, (first, after) in HOUR_BANDS.items():
        hour_band[features["hour"].between(first, after - 1)] = name
    distance_band = pd.cut(features["distance_km"], DISTANCE_EDGES_KM, labels=DISTANCE_BANDS, include_lowest=True)
    pump = features["pump_order"].clip(upper=3).map(dict(enumerate(PUMP_NAMES, start=1)))
    return {
        "borough": borough,
        "hour_band": hour_band,
        "hour": features["hour"].map("{:02.0f}".format, na_action="ignore"),
        "inner_outer": half,
        FINEST_GROUPING: borough + ", " + hour_band,
        "distance_band": distance_band.astype("str"),
        "pump": pump,
    }


@dataclass(frozen=True)
class _Answers:
    """What one estimator says of the tested rows, each shape (n,)."""

    predicted: Floats
    shares: dict[float, Floats]
    late: Floats
    intervals: dict[str, tuple[Floats, Floats]]

    @classmethod
    def of(cls, estimator: AttendanceEstimator, rows: pd.DataFrame, limits_seconds: Sequence[float]) -> _Answers:
        predicted = estimator.predict(rows)
        silent = np.count_nonzero(~np.isfinite(predicted))
        if silent:
            raise DataError(
                f"{estimator.title} has no answer for {silent} of {len(rows)} rows.",
                code="no_prediction",
                hint=f"Its inputs are {', '.join(estimator.inputs)}: every row needs them.",
            )
        shares = {limit: estimator.predict_within(rows, limit) for limit in limits_seconds}
        intervals = {
            size: (estimator.predict_quantile(rows, low), estimator.predict_quantile(rows, high))
            for size, (low, high) in INTERVALS.items()
        }
        return cls(predicted, shares, estimator.predict_quantile(rows, PINBALL_LEVEL), intervals)

    def score(self, actual: Floats, places: Any = slice(None)) -> Scores:
        shares = {limit: share[places] for limit, share in self.shares.items()}
        intervals = {size: (low[places], high[places]) for size, (low, high) in self.intervals.items()}
        return score(actual[places], self.predicted[places], shares, self.late[places], intervals)


def evaluate(
    estimator: AttendanceEstimator,
    baselines: Sequence[AttendanceEstimator],
    split: Split,
    *,
    limits_seconds: Sequence[float] = (360, 600),
    standards: Standards | None = None,
    training_rows: int | None = None,
    seed: int = 0,
) -> Evaluation:
    """Judge a fitted estimator and fitted baselines on the holdout rows of `split`, all of them.

    `standards` maps "first" and "second" to mean_seconds, within_seconds and within_share; `training_rows` says how
    many rows the estimator learnt from, where it was not all of `split.train`. Raises DataError where there is
    nothing to test on, a row has no attendance time, or an estimator has no answer for one.
    """
    rows = split.holdout
    actual = _actual_seconds(rows)
    candidates = (estimator, *baselines)
    answers = [_Answers.of(candidate, rows, limits_seconds) for candidate in candidates]
    intervals = _mae_intervals(rows["incident_number"], actual, answers, seed)
    places = {name: _shown_places(group, rows["incident_number"]) for name, group in groupings(rows).items()}
    without_finest = {name: group for name, group in places.items() if name != FINEST_GROUPING}
    return Evaluation(
        *split.train_period,
        *split.holdout_period,
        training_rows=len(split.train) if training_rows is None else training_rows,
        tested_rows=len(rows),
        tested_incidents=int(rows["incident_number"].nunique()),
        limits_seconds=tuple(limits_seconds),
        compliance={f"{limit:g}": float(np.mean(actual <= limit)) for limit in limits_seconds},
        models=tuple(
            _judge(candidate, said, actual, places if candidate is estimator else without_finest, interval)
            for candidate, said, interval in zip(candidates, answers, intervals, strict=False)
        ),
        differences=tuple(_differences(baselines, actual, answers, intervals[len(candidates) :])),
        standards=tuple(_check_standards(estimator, rows, actual, answers[0].predicted, standards or {})),
        influence=_influence(estimator, rows),
    )


def _influence(estimator: AttendanceEstimator, rows: pd.DataFrame) -> dict[str, float]:
    """The mean size of each group's contribution, whichever its sign."""
    if not isinstance(estimator, ExplainsItself):
        return {}
    shown = rows.iloc[:: max(1, -(-len(rows) // INFLUENCE_ROWS))]
    parts = {group: float(np.abs(seconds).mean()) for group, seconds in estimator.explain(shown).items()}
    return {group: parts[group] for group in sorted(parts, key=parts.__getitem__, reverse=True) if group != "typical"}


def _actual_seconds(rows: pd.DataFrame) -> Floats:
    actual = rows["attendance_seconds"].to_numpy(dtype="float64")
    missing = np.count_nonzero(~np.isfinite(actual))
    if missing or not len(actual):
        raise DataError(
            f"{missing} of {len(actual)} rows to test on have no attendance time: nothing can be judged by them.",
            code="no_target",
            hint="Every row needs an attendance time: run manage.py build_features.",
        )
    return actual


def _errors(actual: Floats, answers: Sequence[_Answers]) -> list[Floats]:
    return [np.abs(said.predicted - actual) for said in answers]


def _mae_intervals(
    incident_numbers: pd.Series, actual: Floats, answers: Sequence[_Answers], seed: int
) -> list[tuple[float, float]]:
    """Intervals of each MAE, then of the first one minus each of the others."""
    errors = _errors(actual, answers)
    gaps = [errors[0] - error for error in errors[1:]]
    return incident_bootstrap(incident_numbers, np.stack([*errors, *gaps], axis=1), seed=seed)


def _differences(
    baselines: Sequence[AttendanceEstimator],
    actual: Floats,
    answers: Sequence[_Answers],
    intervals: Sequence[tuple[float, float]],
) -> list[Difference]:
    model, *others = [float(error.mean()) for error in _errors(actual, answers)]
    return [
        Difference(baseline.name, baseline.title, model - other, low, high)
        for baseline, other, (low, high) in zip(baselines, others, intervals, strict=True)
    ]


def _judge(
    candidate: AttendanceEstimator,
    said: _Answers,
    actual: Floats,
    places: Mapping[str, Mapping[str, npt.NDArray[np.intp]]],
    interval: tuple[float, float],
) -> ModelEvaluation:
    return ModelEvaluation(
        name=candidate.name,
        title=candidate.title,
        overall=said.score(actual),
        mae_low=interval[0],
        mae_high=interval[1],
        groups={
            name: {label: said.score(actual, chosen) for label, chosen in group.items()}
            for name, group in places.items()
        },
        reliability={f"{limit:g}": reliability(share, actual <= limit) for limit, share in said.shares.items()},
    )


def _shown_places(group: pd.Series, incident_numbers: pd.Series) -> dict[str, npt.NDArray[np.intp]]:
    """Row positions of each group that holds enough different calls to be shown, by name."""
    codes, _ = pd.factorize(incident_numbers)
    rows_of_group = {str(name): np.asarray(rows) for name, rows in group.groupby(group).indices.items()}
    in_order = sorted(rows_of_group, key=lambda name: (_PLACE_IN_ORDER.get(name, 0), name))
    return {
        name: rows_of_group[name] for name in in_order if len(np.unique(codes[rows_of_group[name]])) >= MIN_CALLS_SHOWN
    }


def _check_standards(
    estimator: AttendanceEstimator, rows: pd.DataFrame, actual: Floats, predicted: Floats, standards: Standards
) -> list[StandardCheck]:
    """Each standard beside what happened and what was predicted; none for a pump with too few calls."""
    checks = []
    for pump, standard in standards.items():
        chosen = (rows["pump_order"] == PUMPS[pump]).to_numpy()
        if rows.loc[chosen, "incident_number"].nunique() < MIN_CALLS_SHOWN:
            continue
        within = standard["within_seconds"]
        checks.append(
            StandardCheck(
                pump=pump,
                n=int(chosen.sum()),
                wanted_mean=float(standard["mean_seconds"]),
                actual_mean=float(actual[chosen].mean()),
                predicted_mean=float(predicted[chosen].mean()),
                within_seconds=float(within),
                wanted_share=float(standard["within_share"]),
                actual_share=float(np.mean(actual[chosen] <= within)),
                predicted_share=float(estimator.predict_within(rows[chosen], within).mean()),
            )
        )
    return checks
